"""Writing anew what one has said, by hand, by keyboard and as other windows see it."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page, expect

from realtime.chat.models import Message
from tests.browser.talk import link_to, open_chat, say
from tests.support.openai_scenarios import Gate, says
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer

pytestmark = [pytest.mark.browser, pytest.mark.process]


async def bubbles(page: Page) -> list[str]:
    return await page.locator(".bubble").all_inner_texts()


async def test_an_edit_replaces_what_followed_in_every_window_and_keeps_it_for_review(
    app: AppServer, model: ThreadedOpenAIServer, browser: Browser
) -> None:
    model.play(says("About cats."), says("More cats."), says("About dogs."))
    context = await browser.new_context()
    page = await open_chat(context, app.url)
    await say(page, "Tell me of cats")
    await expect(page.get_by_role("log")).to_contain_text("About cats.")
    await say(page, "More")
    await expect(page.get_by_role("log")).to_contain_text("More cats.")
    other = await context.new_page()
    await other.goto(await link_to(page))
    await expect(other.get_by_role("log")).to_contain_text("More cats.")

    await page.get_by_role("button", name="Edit what you said: Tell me of cats").click()
    await expect(page.get_by_text("Editing your message.")).to_be_visible()
    await say(page, "Tell me of dogs")

    for window in (page, other):
        await expect(window.get_by_role("log")).to_contain_text("About dogs.")
        await expect(window.get_by_role("log")).not_to_contain_text("cats")
    assert await Message.objects.filter(superseded_by__isnull=False).acount() == 4


async def test_by_keyboard_alone_and_escape_gives_back_what_stood_there(
    app: AppServer, model: ThreadedOpenAIServer, browser: Browser
) -> None:
    page = await open_chat(await browser.new_context(), app.url)
    await say(page, "hello")
    await expect(page.get_by_role("log")).to_contain_text("I hear you.")
    field = page.get_by_label("Your message", exact=True)
    await field.fill("half a thought")

    await page.get_by_role("button", name="Edit what you said: hello").focus()
    await page.keyboard.press("Enter")
    await expect(field).to_be_focused()
    await expect(field).to_have_value("hello")
    await page.keyboard.type(" there")
    await expect(field).to_have_value("hello there")
    await page.keyboard.press("Escape")

    await expect(field).to_have_value("half a thought")
    await expect(field).to_be_focused()
    await expect(page.get_by_text("Editing your message.")).to_have_count(0)


async def test_there_is_no_editing_into_a_running_reply(
    app: AppServer, model: ThreadedOpenAIServer, browser: Browser
) -> None:
    gate = Gate()
    model.play(says("One ", gate, "two."))
    page = await open_chat(await browser.new_context(), app.url)
    await say(page, "hello")
    await expect(page.get_by_role("log")).to_contain_text("One")

    edit = page.get_by_role("button", name="Edit what you said")
    await expect(edit).to_be_disabled()
    gate.open()
    await expect(edit).to_be_enabled()
    box = await edit.bounding_box()

    assert box is not None
    assert min(box["width"], box["height"]) >= 44
