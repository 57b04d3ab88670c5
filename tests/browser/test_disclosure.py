"""Who answers, in the conversation and on /safety, as a person sees it."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.browser.talk import open_chat, say
from tests.support.server import AppServer

pytestmark = [pytest.mark.browser, pytest.mark.process]

AI = "You are writing with an AI, a computer program."


async def test_who_answers_stands_in_the_conversation_and_is_still_there_after_a_reload(
    app: AppServer, browser: Browser
) -> None:
    page = await open_chat(await browser.new_context(locale="en-GB"), app.url)
    told = page.get_by_role("complementary", name="Who answers here")
    await say(page, "Hello")
    await expect(told).to_have_count(1)
    await expect(told).to_contain_text(AI)

    await say(page, "Are you a real person?")

    await expect(told).to_have_count(2)
    await expect(told.last).to_contain_text("You asked, so here is a clear answer.")
    await expect(page.locator(".reply")).to_have_count(2)
    await page.reload()
    await expect(told).to_have_count(2)


async def test_the_safety_page_is_one_click_away_and_needs_no_script(
    app: AppServer, browser: Browser
) -> None:
    page = await open_chat(await browser.new_context(locale="en-GB"), app.url)
    await page.get_by_role("link", name="Safety").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(
        "How this service keeps people safe"
    )

    bare = await (await browser.new_context(java_script_enabled=False)).new_page()
    await bare.goto(f"{app.url}/help")
    await bare.get_by_role("link", name="How this service keeps people safe").click()

    await expect(bare.get_by_text("every hour if you said that you are under 18")).to_be_visible()
