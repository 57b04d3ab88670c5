"""Help for whoever writes of danger, as it meets them on a phone; whatever else works or not."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect

from tests.browser.talk import open_chat, say
from tests.support.openai_scenarios import Gate, Stall, says
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer, database_url
from tests.support.tcp_proxy import TcpProxy, tcp_proxy

pytestmark = [pytest.mark.browser, pytest.mark.process]

GRAVE = "I do not want to live any more."
PHONE = ViewportSize(width=390, height=844)


async def open_phone(browser: Browser, url: str) -> Page:
    context = await browser.new_context(
        viewport=PHONE, has_touch=True, timezone_id="Europe/London", locale="en-GB"
    )
    return await open_chat(context, url)


async def expect_help(page: Page, *, in_view: bool = True) -> None:
    """One card is there, and as it comes its number stands where the person looks."""
    card = page.get_by_role("region", name="People you can reach now")
    await expect(card).to_have_count(1)
    call = card.get_by_role("link", name="116 123").first
    if in_view:
        await expect(call).to_be_in_viewport()
    assert await call.get_attribute("href") == "tel:116123"
    await expect(card.get_by_role("link", name="Call 999")).to_have_attribute("href", "tel:999")


@asynccontextmanager
async def behind_proxy(
    log: Path, model: ThreadedOpenAIServer
) -> AsyncIterator[tuple[AppServer, TcpProxy]]:
    """A server whose Postgres can go."""
    async with (
        tcp_proxy(database_url()) as (postgres, url),
        AppServer(log, OPENAI_BASE_URL=model.base_url, DATABASE_URL=url) as server,
    ):
        yield server, postgres


async def test_the_card_is_there_before_the_model_says_a_word_and_after_a_reload(
    app: AppServer, model: ThreadedOpenAIServer, browser: Browser, directory: None
) -> None:
    model.play(says(Stall()))
    page = await open_phone(browser, app.url)

    await say(page, GRAVE)

    await expect_help(page)
    await expect(page.get_by_label("Your message")).to_be_enabled()
    await page.get_by_role("button", name="Stop").click()
    await page.reload()
    await expect_help(page, in_view=False)


async def test_what_is_written_during_a_reply_brings_help_before_it_can_be_sent(
    app: AppServer, model: ThreadedOpenAIServer, browser: Browser, directory: None
) -> None:
    gate = Gate()
    model.play(says("One ", gate, "two."), says("I hear you."))
    page = await open_phone(browser, app.url)
    await say(page, "hello")
    await expect(page.get_by_role("log")).to_contain_text("One")

    await say(page, GRAVE)

    await expect_help(page)
    await expect(page.get_by_text("Will be sent after this reply")).to_be_visible()
    gate.open()
    await expect(page.get_by_role("log")).to_contain_text("I hear you.")
    await expect_help(page, in_view=False)


async def test_a_rate_limit_does_not_silence_help(
    transactional_db: None,
    model: ThreadedOpenAIServer,
    browser: Browser,
    directory: None,
    server_log: Path,
) -> None:
    limits = {"SUBMITS_BURST": "1", "SUBMITS_PER_MINUTE": "1"}
    with AppServer(server_log, OPENAI_BASE_URL=model.base_url, **limits) as server:
        page = await open_phone(browser, server.url)
        await say(page, "hello")
        await expect(page.get_by_role("log")).to_contain_text("I hear you.")

        await say(page, GRAVE)

        await expect_help(page)
        await expect(page.get_by_text("will be sent again in a moment")).to_be_visible()
        await page.context.close()


async def test_with_storage_gone_help_is_there_and_the_words_are_sent_when_it_is_back(
    transactional_db: None,
    model: ThreadedOpenAIServer,
    browser: Browser,
    directory: None,
    server_log: Path,
) -> None:
    async with behind_proxy(server_log, model) as (server, postgres):
        page = await open_phone(browser, server.url)
        await say(page, "hello")
        await expect(page.get_by_role("log")).to_contain_text("I hear you.")
        postgres.leave()

        await say(page, GRAVE)

        await expect_help(page)
        await expect(page.get_by_text("Your words are safe on your device")).to_be_visible()
        await picture(page, "storage-gone")
        call = page.get_by_role("link", name="Call 116 123")
        await call.focus()
        postgres.away = False
        await expect(page.get_by_text("I hear you.")).to_have_count(2)
        await expect_help(page, in_view=False)
        await expect(call).to_be_focused()  # the log's card is the refusal's, under their hands
        await page.context.close()


async def picture(page: Page, name: str) -> None:
    """For the eyes of whoever asks: PICTURES=folder."""
    if folder := os.environ.get("PICTURES"):
        await page.screenshot(path=Path(folder) / f"{name}.png")
