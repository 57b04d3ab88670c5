"""Help on a phone whose server is gone: what the service worker kept, and nothing else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect

from tests.browser.pictures import picture
from tests.browser.talk import open_chat, say
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer

pytestmark = [pytest.mark.browser, pytest.mark.process]

NARROW = ViewportSize(width=320, height=640)
KEPT = """async () => {
  const names = (await caches.keys()).filter((name) => name.startsWith("kindline-help-"));
  const keys = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
  return keys.flat().map(({ url }) => new URL(url).pathname + new URL(url).search).sort();
}"""


def kept_for(*codes: str) -> list[str]:
    pages = (f"/help?country={code}" for code in codes)
    lines = (f"/api/v1/hotlines/offline/{code}" for code in codes)
    return sorted(["/help", "/static/hotlines/help.css", *pages, *lines])


GB = kept_for("GB")


async def kept(page: Page) -> list[str]:
    found: list[str] = await page.evaluate(KEPT)
    return found


async def until_kept(page: Page, wanted: list[str]) -> None:
    async with asyncio.timeout(20):
        while await kept(page) != wanted:
            await page.wait_for_timeout(20)


async def expect_no_sideways(page: Page) -> None:
    """Nothing is wider than the window."""
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(wide) == 0


async def test_with_the_server_gone_the_saved_lines_are_shown_and_the_chat_says_so(
    transactional_db: None,
    directory: None,
    model: ThreadedOpenAIServer,
    browser: Browser,
    server_log: Path,
) -> None:
    context = await browser.new_context(
        viewport=NARROW, timezone_id="Europe/London", locale="en-US", has_touch=True
    )
    async with AppServer(server_log, OPENAI_BASE_URL=model.base_url) as server:
        page = await open_chat(context, server.url)
        # The clock says Britain and the language America: it asks, and keeps both.
        await until_kept(page, kept_for("GB", "US"))
        await say(page, "I do not want to live any more.")
        card = page.get_by_role("region", name="People you can reach now")
        await expect(card.get_by_role("button", name="United States")).to_be_visible()
        await expect(card.get_by_role("link", name="Find A Helpline")).to_be_visible()
        await picture(page, "unsure-card")
        await card.get_by_role("button", name="United Kingdom").click()
        await expect(card.get_by_role("link", name="116 123").first).to_be_visible()
        await until_kept(page, GB)
        await expect(page.get_by_role("log")).to_contain_text("I hear you.")

        await asyncio.to_thread(server.kill)
        await page.reload()
        await expect(page.get_by_text("The chat cannot be reached.")).to_be_visible()
        await expect(page.get_by_text("Saved on this device on ")).to_be_visible()
        await expect_saved_lines(page)
        await picture(page, "offline-home")
        await page.goto(f"{server.url}/help")
        await page.reload()
        await expect(page.get_by_text("Saved on this device on ")).to_be_visible()
        await expect_saved_lines(page)
        await page.goto(f"{server.url}/help?country=FR")
        await expect(page.get_by_text("not saved on this device")).to_be_visible()
        await page.get_by_role("link", name="Lines for United Kingdom").click()
        await expect_saved_lines(page)

        assert await kept(page) == GB
        await asyncio.to_thread(server.start)
        await page.goto(server.url)
        await expect(page.get_by_role("log")).to_contain_text("I hear you.")
        await context.close()


async def expect_saved_lines(page: Page) -> None:
    call = page.get_by_role("link", name="Call 116 123")
    await expect(call).to_have_attribute("href", "tel:116123")
    await expect(page.get_by_role("link", name="Emergency 999")).to_be_visible()
    main = page.locator("main")
    # Its own style came along.
    assert await main.evaluate("(main) => getComputedStyle(main).maxWidth") == "672px"
    await expect_no_sideways(page)


async def test_a_new_version_replaces_the_copies_and_no_word_is_ever_in_them(
    app: AppServer, model: ThreadedOpenAIServer, browser: Browser, directory: None
) -> None:
    context = await browser.new_context(timezone_id="Europe/London", locale="en-GB")
    page = await open_chat(context, app.url)
    await say(page, "the green lighthouse")
    await expect(page.get_by_role("log")).to_contain_text("I hear you.")
    await until_kept(page, GB)
    await page.evaluate(
        """async () => {
          const old = await caches.open("kindline-help-old");
          const page = new Response("<h1>Get help now</h1>Call 020 7946 0999");
          await old.put("/help?country=GB", page);
          const workers = await navigator.serviceWorker.getRegistrations();
          for (const one of workers) await one.unregister();
        }"""
    )
    await page.reload()
    await until_kept(page, GB)
    stored = await page.evaluate(
        """async () => {
          const names = await caches.keys();
          const all = await Promise.all(names.map(async (name) => {
            const cache = await caches.open(name);
            const answers = await Promise.all((await cache.keys()).map((key) => cache.match(key)));
            return Promise.all(answers.map((answer) => answer.text()));
          }));
          return { names, text: all.flat().join("\\n") };
        }"""
    )

    assert len(stored["names"]) == 1
    assert "020 7946 0999" not in stored["text"]
    assert "116 123" in stored["text"]
    assert "lighthouse" not in stored["text"]
    assert "I hear you" not in stored["text"]
