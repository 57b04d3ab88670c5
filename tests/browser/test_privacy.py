"""What a browser keeps of a chat, and what the server does: real Chromium, real server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from asgiref.sync import sync_to_async
from playwright.async_api import Browser, BrowserContext, Page, StorageState, expect

from realtime.accounts.models import User
from realtime.chat.models import Thread
from tests.browser.talk import open_chat, say
from tests.support.rows import columns_holding
from tests.support.server import AppServer

pytestmark = [pytest.mark.browser, pytest.mark.process]

KEEP = "Keep this chat on this device"
KEEP_NOW = "Keep on this device"
GONE = "That chat can't be shown here any more."
DISCLOSURE = "Before you write"


async def chatting(context: BrowserContext, url: str, *, keep: bool) -> Page:
    page = await context.new_page()
    await page.goto(url)
    assert not await page.get_by_label(KEEP).is_checked()
    await page.get_by_label(KEEP).set_checked(keep)
    await page.get_by_role("button", name="I understand, continue").click()
    await say(page, "hello")
    await expect(page.get_by_role("log")).to_contain_text("I hear you.")
    return page


async def quit_browser(context: BrowserContext) -> StorageState:
    """What is left on the device: session cookies go, and every tab's own storage."""
    left = await context.storage_state()
    left["cookies"] = [cookie for cookie in left["cookies"] if cookie["expires"] != -1]
    await context.close()
    return left


async def test_a_kept_chat_is_there_after_the_browser_was_closed(
    app: AppServer, browser: Browser
) -> None:
    context = await browser.new_context()
    await chatting(context, app.url, keep=True)

    later = await browser.new_context(storage_state=await quit_browser(context))
    page = await later.new_page()
    await page.goto(app.url)

    await expect(page.get_by_role("log")).to_contain_text("I hear you.")
    await expect(page.get_by_label(KEEP_NOW)).to_be_checked()


async def test_a_chat_that_is_not_kept_leaves_nothing_on_the_device(
    app: AppServer, browser: Browser
) -> None:
    context = await browser.new_context()
    await chatting(context, app.url, keep=False)

    left = await quit_browser(context)

    assert (left["cookies"], left["origins"]) == ([], [])
    page = await (await browser.new_context(storage_state=left)).new_page()
    await page.goto(app.url)
    await expect(page.get_by_role("heading", name=DISCLOSURE)).to_be_visible()
    await expect(page.get_by_role("log")).not_to_contain_text("I hear you.")


async def test_a_new_tab_of_a_chat_that_is_not_kept_starts_anew(
    app: AppServer, browser: Browser
) -> None:
    context = await browser.new_context()
    await chatting(context, app.url, keep=False)

    tab = await context.new_page()
    await tab.goto(app.url)

    await expect(tab.get_by_role("heading", name=DISCLOSURE)).to_be_visible()
    assert await User.objects.acount() == 1


async def test_a_reload_keeps_the_chat_of_the_tab(app: AppServer, browser: Browser) -> None:
    page = await chatting(await browser.new_context(), app.url, keep=False)
    await page.goto("about:blank")

    await page.goto(app.url)

    await expect(page.get_by_role("log")).to_contain_text("I hear you.")


async def test_a_chat_can_be_kept_later(app: AppServer, browser: Browser) -> None:
    context = await browser.new_context()
    page = await chatting(context, app.url, keep=False)
    await _choose(page, keep=True)

    later = await browser.new_context(storage_state=await quit_browser(context))
    again = await later.new_page()
    await again.goto(app.url)

    await expect(again.get_by_role("log")).to_contain_text("I hear you.")


async def test_a_kept_chat_can_be_taken_off_the_device(app: AppServer, browser: Browser) -> None:
    context = await browser.new_context()
    page = await chatting(context, app.url, keep=True)
    await _choose(page, keep=False)
    await page.reload()
    await expect(page.get_by_role("log")).to_contain_text("I hear you.")
    assert await page.evaluate("localStorage.length") == 0

    left = await quit_browser(context)

    assert (left["cookies"], left["origins"]) == ([], [])


async def test_only_a_kept_chat_stands_in_the_address_which_histories_keep(
    app: AppServer, browser: Browser
) -> None:
    page = await chatting(await browser.new_context(), app.url, keep=False)
    at_first = page.url
    await _choose(page, keep=True)
    kept = page.url
    await _choose(page, keep=False)

    assert "#t=" in kept
    assert [at_first, page.url] == [f"{app.url}/"] * 2


async def test_where_the_device_has_no_room_the_session_ends_with_the_browser(
    app: AppServer, browser: Browser
) -> None:
    context = await browser.new_context()
    await context.add_init_script(
        "const write = Storage.prototype.setItem;"
        "Storage.prototype.setItem = function (key, value) {"
        "  if (this === localStorage && window.full) throw new Error('full');"
        "  write.call(this, key, value); }"
    )
    page = await context.new_page()
    await page.goto(app.url)
    await page.get_by_label(KEEP).check()

    await page.evaluate("window.full = true")
    await page.get_by_role("button", name="I understand, continue").click()
    await say(page, "hello")
    await expect(page.get_by_role("log")).to_contain_text("I hear you.")

    async with asyncio.timeout(20):
        while any(cookie["expires"] != -1 for cookie in await context.cookies()):
            await page.wait_for_timeout(10)


async def test_a_choice_that_cannot_be_said_is_not_shown_as_made(
    app: AppServer, browser: Browser
) -> None:
    page = await chatting(await browser.new_context(), app.url, keep=False)
    await page.route("**/api/v1/guest", lambda route: route.abort())

    await page.get_by_label(KEEP_NOW).click()

    await expect(page.get_by_role("alert")).to_contain_text("could not be changed")
    await expect(page.get_by_label(KEEP_NOW)).not_to_be_checked()
    assert await page.evaluate("localStorage.length") == 0


async def _guest_forgotten() -> None:
    await User.objects.all().adelete()


async def _thread_purged() -> None:
    await Thread.objects.all().adelete()


@pytest.mark.parametrize("lost", [_guest_forgotten, _thread_purged])
async def test_a_kept_chat_that_the_server_no_longer_has_ends_gently(
    app: AppServer, browser: Browser, lost: Callable[[], Awaitable[None]]
) -> None:
    page = await chatting(await browser.new_context(), app.url, keep=True)
    await lost()

    await page.reload()

    await expect(page.get_by_text(GONE)).to_be_visible()
    await say(page, "hello again")
    await expect(page.get_by_role("log")).to_contain_text("I hear you.")
    await expect(page.get_by_text(GONE)).to_have_count(0)


async def test_a_link_that_opens_nothing_here_says_so(app: AppServer, browser: Browser) -> None:
    page = await chatting(await browser.new_context(), app.url, keep=True)

    stranger = await (await browser.new_context()).new_page()
    await stranger.goto(page.url)

    await expect(stranger.get_by_text(GONE)).to_be_visible()
    await expect(stranger.get_by_role("log")).not_to_contain_text("I hear you.")


async def test_an_empty_chat_is_not_called_gone(app: AppServer, browser: Browser) -> None:
    page = await open_chat(await browser.new_context(), app.url)
    await expect(page.get_by_label(KEEP_NOW)).to_be_visible()

    await page.reload()

    await expect(page.get_by_label(KEEP_NOW)).to_be_visible()
    await expect(page.get_by_text(GONE)).to_have_count(0)


async def test_not_a_word_is_left_after_delete_this_conversation(
    app: AppServer, browser: Browser
) -> None:
    page = await open_chat(await browser.new_context(), app.url)
    await say(page, "the green lighthouse")
    await expect(page.get_by_role("log")).to_contain_text("I hear you.")

    await page.get_by_role("button", name="Delete this conversation").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()

    await expect(page.get_by_role("log")).not_to_contain_text("the green lighthouse")
    await expect(page.get_by_text(GONE)).to_have_count(0)
    assert await _holding("the green lighthouse") == await _holding("I hear you.") == []
    assert "lighthouse" not in await page.evaluate(
        "JSON.stringify(sessionStorage) + JSON.stringify(localStorage) + location.href"
    )


async def _choose(page: Page, *, keep: bool) -> None:
    await page.get_by_label(KEEP_NOW).click()
    async with asyncio.timeout(20):
        # The box shows the wish at once; this shows the answer.
        while bool(await page.evaluate("localStorage.length")) != keep:
            await page.wait_for_timeout(10)
    await expect(page.get_by_label(KEEP_NOW)).to_be_checked(checked=keep)


async def _holding(words: str) -> list[str]:
    return await sync_to_async(columns_holding)(words)
