"""The page as a person meets it: real Chromium, real server, real model over HTTP."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Request, expect

from realtime.chat.models import Run, Thread
from tests.browser.talk import link_to, open_chat, say, shown_reply, stored_reply
from tests.support.openai_scenarios import Call, Gate, Stall, says
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer

pytestmark = [pytest.mark.browser, pytest.mark.process]

FIND = Call("find_hotlines", '{"country":"GB","needs":["suicide"]}')


async def test_text_grows_a_card_comes_in_mid_reply_and_a_reload_ends_with_the_stored_text(
    app: AppServer, model: ThreadedOpenAIServer, browser: Browser, directory: None
) -> None:
    first, second = Gate(), Gate()
    model.play(
        says("One moment,", first, " I look for people.", FIND),
        says("They are there", second, " day and night."),
    )
    page = await open_chat(await browser.new_context(), app.url)

    await say(page, "Who can I call?")
    log = page.get_by_role("log")
    await expect(log).to_contain_text("One moment,")
    await expect(log).not_to_contain_text("I look for people")
    first.open()
    await expect(page.get_by_role("heading", name="Samaritans")).to_be_visible()
    await expect(log).to_contain_text("They are there")
    call = page.get_by_role("link", name="116 123").first
    assert await call.get_attribute("href") == "tel:116123"
    await page.reload()
    await expect(log).to_contain_text("They are there")
    await expect(page.get_by_role("button", name="Stop")).to_be_visible()
    second.open()
    await expect(log).to_contain_text("day and night.")
    await expect(page.get_by_role("button", name="Stop")).to_have_count(0)

    assert await shown_reply(page) == await stored_reply()
    assert await stored_reply() == "One moment, I look for people.They are there day and night."


async def test_a_second_window_of_the_same_guest_shows_the_same_live(
    app: AppServer, model: ThreadedOpenAIServer, browser: Browser
) -> None:
    gate = Gate()
    model.play(says("Here and", gate, " there."))
    context = await browser.new_context()
    page = await open_chat(context, app.url)
    await say(page, "hello")
    await expect(page.get_by_role("log")).to_contain_text("Here and")

    signed_in = await context.storage_state()
    signed_in["origins"] = []  # the cookie alone: nothing this page remembered
    elsewhere = await browser.new_context(storage_state=signed_in)
    other = await elsewhere.new_page()
    await other.goto(await link_to(page))

    await expect(other.get_by_role("log")).to_contain_text("Here and")
    await expect(other.get_by_role("log")).to_contain_text("hello")
    gate.open()
    await expect(other.get_by_role("log")).to_contain_text("Here and there.")
    assert await shown_reply(other) == await shown_reply(page) == await stored_reply()


async def test_stop_keeps_what_was_said(
    app: AppServer, model: ThreadedOpenAIServer, browser: Browser
) -> None:
    model.play(says("Half a", Stall()))
    page = await open_chat(await browser.new_context(), app.url)
    await say(page, "hello")
    await expect(page.get_by_role("log")).to_contain_text("Half a")

    await page.get_by_role("button", name="Stop").click()

    await expect(page.get_by_role("region", name="Conversation")).to_contain_text("You stopped")
    await expect(page.get_by_role("log")).to_contain_text("Half a")
    assert (await Run.objects.aget()).state == "cancelled"


async def test_a_killed_server_costs_no_word_and_the_reply_is_written_again_by_itself(
    transactional_db: None, model: ThreadedOpenAIServer, browser: Browser, server_log: Path
) -> None:
    gate = Gate()
    again = says(gate, "And again.")
    model.play(says("These words", Stall()), again, again)
    # With real timers: no machine is so slow that a stall is given up (idle_s) before the page
    # sees it; should the page come back so late after all, there is one more attempt to see.
    real = {"OPENAI_BASE_URL": model.base_url, "TIMINGS_SCALE": "1"}
    async with AppServer(server_log, **real) as server:
        page = await open_chat(await browser.new_context(), server.url)
        await say(page, "hello")
        log = page.get_by_role("log")
        await expect(log).to_contain_text("These words")

        await asyncio.to_thread(server.kill)
        await expect(page.get_by_text("Reconnecting")).to_be_visible()
        await page.get_by_label("Your message").fill("written while away")
        await asyncio.to_thread(server.start)

        await expect(page.get_by_text("The reply starts again")).to_be_visible(timeout=60_000)
        await expect(log).not_to_contain_text("These words")
        gate.open()
        await expect(log).to_contain_text("And again.")
        await expect(page.get_by_role("button", name="Stop")).to_have_count(0)
        assert await shown_reply(page) == await stored_reply() == "And again."
        assert await page.get_by_label("Your message").input_value() == "written while away"
        await page.context.close()


async def test_delete_this_conversation_really_deletes_it(
    app: AppServer, browser: Browser
) -> None:
    page = await open_chat(await browser.new_context(), app.url)
    await say(page, "hello")
    await expect(page.get_by_role("log")).to_contain_text("I hear you.")

    await page.get_by_role("button", name="Delete this conversation").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()

    await expect(page.get_by_role("log")).not_to_contain_text("I hear you.")
    assert not await Thread.objects.aexists()


async def test_a_conversation_that_is_still_on_its_way_is_not_greeted_as_new(
    app: AppServer, browser: Browser
) -> None:
    page = await open_chat(await browser.new_context(), app.url)
    greeting = page.get_by_role("heading", name="What's on your mind?")
    await expect(greeting).to_be_visible()
    await say(page, "hello")
    await expect(page.get_by_role("log")).to_contain_text("I hear you.")

    await page.route_web_socket("**/ws/**", lambda silent: None)
    await page.reload()

    await expect(page.get_by_label("Your message")).to_be_visible()
    await expect(greeting).to_have_count(0)


async def test_what_the_model_writes_cannot_run_or_call_out(
    app: AppServer, model: ThreadedOpenAIServer, browser: Browser
) -> None:
    hostile = (
        "<img src=x onerror=alert(1)> ![t](https://evil.example/x.png) [x](javascript:alert(1))"
    )
    model.play(says(hostile, " **done**"))
    context = await browser.new_context()
    asked: list[str] = []
    context.on("request", lambda request: asked.append(_host(request)))
    page = await open_chat(context, app.url)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append("a dialog opened"))

    await say(page, "hello")
    await expect(page.get_by_role("log").locator("strong")).to_have_text("done")

    assert set(asked) == {urlsplit(app.url).netloc}
    assert await page.locator(".reply img, .reply a[href^=javascript]").count() == 0
    assert complaints == []


def _host(request: Request) -> str:
    return urlsplit(request.url).netloc
