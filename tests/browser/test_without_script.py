"""The chat page where its script is switched off, blocked or broken: it still shows help."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.server import AppServer

pytestmark = [pytest.mark.browser, pytest.mark.process]

Motion = Literal["no-preference", "reduce"]
BREAKS_AT_START = 'document.getElementById = () => { throw new Error("no elements") };'
BREAKS_IN_MOUNTING = 'crypto.getRandomValues = () => { throw new Error("no chance") };'


async def expect_help(page: Page) -> None:
    """The first ways to people are seen, and the link to the rest."""
    help_link = page.get_by_role("banner").get_by_role("link", name="Help")
    await expect(page.get_by_role("heading", name="People you can reach now")).to_be_visible()
    await expect(page.get_by_role("link", name="Call 116 123")).to_be_visible()
    await expect(help_link).to_have_attribute("href", "/help")


async def test_without_script_the_page_says_so_and_shows_help(
    app: AppServer, browser: Browser, directory: None
) -> None:
    context = await browser.new_context(java_script_enabled=False, locale="en-GB")
    page = await context.new_page()
    await page.goto(app.url)

    said = page.locator("noscript p")  # Playwright finds no text inside noscript
    await expect(said).to_be_visible()
    assert "The chat needs JavaScript" in await said.inner_text()
    await expect(page.get_by_text("The chat has not started")).not_to_be_visible()
    await expect_help(page)
    await page.get_by_role("link", name="All lines for United Kingdom").click()
    await expect(page).to_have_url(f"{app.url}/help?country=GB")


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
async def test_a_script_that_does_not_load_leaves_help(
    app: AppServer, browser: Browser, directory: None, motion: Motion
) -> None:
    context = await browser.new_context(locale="en-GB", reduced_motion=motion)
    await context.route("**/*.js", lambda route: route.abort())
    page = await context.new_page()
    await page.goto(app.url)

    await expect(page.get_by_text("The chat has not started")).to_be_visible()
    await expect_help(page)


@pytest.mark.parametrize("broken", [BREAKS_AT_START, BREAKS_IN_MOUNTING])
async def test_a_script_that_breaks_at_its_start_leaves_help(
    app: AppServer, browser: Browser, directory: None, broken: str
) -> None:
    context = await browser.new_context(locale="en-GB")
    await context.add_init_script(broken)
    page = await context.new_page()
    await page.goto(app.url)

    await expect(page.get_by_text("The chat has not started")).to_be_visible()
    await expect_help(page)


async def test_a_script_that_starts_takes_the_notice_away(
    app: AppServer, browser: Browser
) -> None:
    page = await (await browser.new_context()).new_page()
    await page.goto(app.url)

    await expect(page.get_by_role("button", name="I understand, continue")).to_be_visible()
    await expect(page.get_by_text("The chat has not started")).to_have_count(0)
