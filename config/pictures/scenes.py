"""What the pictures show, played by a person's means: words typed, buttons pressed."""

from __future__ import annotations

import asyncio
import time

from playwright.async_api import Browser, BrowserContext, Page, Route, ViewportSize, expect

from config.pictures.film import Camera, Caption, Shot

ACCEPT = "I understand, continue"
FOLLOW = "Go to the latest words"
QUESTION = "Find me a helpline"
# Words of the demo's reply: its first, while it looks for lines, and after its card.
FIRST, LOOKING, AFTER_THE_CARD = "scripted demo", "Looking for helplines", "not from me"
# Where the person is decides which lines are shown.
LOCALE, TIME_ZONE = "en-GB", "Europe/London"
# High enough for a card.
FILM: ViewportSize = {"width": 760, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1200, "height": 1085}
ADMIN: ViewportSize = {"width": 1200, "height": 1120}
# A thread of ./dev demo.
TRANSCRIPT = "synthetic tool call"


async def film(browser: Browser, url: str) -> tuple[list[Shot], list[Caption], float]:
    """Play the whole story once; what was painted and said, and when it ended."""
    context = await browser.new_context(
        viewport=FILM, color_scheme="light", locale=LOCALE, timezone_id=TIME_ZONE
    )
    page = await context.new_page()
    await page.goto(url)
    await expect(page.get_by_role("button", name=ACCEPT)).to_be_visible()
    camera = await Camera.on(page)
    await camera.roll()
    await _open(page, camera)
    await _ask(page, camera)
    await _reload(page, camera)
    ended = time.time()
    await camera.cut()
    await context.close()
    return camera.shots, camera.captions, ended


async def _open(page: Page, camera: Camera) -> None:
    camera.caption("First, who answers here and who may read it")
    await asyncio.sleep(2.2)
    await page.get_by_role("button", name=ACCEPT).click()
    await asyncio.sleep(0.7)


async def _ask(page: Page, camera: Camera) -> None:
    camera.caption("A question")
    await page.get_by_label("Your message").press_sequentially(QUESTION, delay=55)
    await asyncio.sleep(0.4)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("log")).to_contain_text(FIRST)
    camera.caption("The reply streams ...")
    await expect(page.get_by_text(LOOKING).first).to_be_visible()
    camera.caption("... and calls a tool in its middle")
    await expect(page.get_by_role("heading", name="Samaritans")).to_be_visible()
    camera.caption("The card comes from the directory, not from the model")
    await asyncio.sleep(1.8)
    await page.get_by_role("button", name=FOLLOW).click()


async def _reload(page: Page, camera: Camera) -> None:
    camera.caption("Now the page is reloaded in mid-reply ...")
    await asyncio.sleep(0.6)
    await page.route("**/*.js", _slowly)  # else the eye does not see that the page was gone
    await page.reload()
    await page.get_by_role("button", name=FOLLOW).click()
    camera.caption("... and goes on: no word is lost")
    await expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    await asyncio.sleep(2.5)


async def _slowly(route: Route) -> None:
    await asyncio.sleep(0.5)
    await route.continue_()


async def finished_chat(context: BrowserContext, url: str) -> bytes:
    """The page after a reply with its card."""
    page = await context.new_page()
    await page.goto(url)
    await page.get_by_role("button", name=ACCEPT).click()
    await page.get_by_label("Your message").fill(QUESTION)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("log")).to_contain_text(AFTER_THE_CARD)
    await expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    return await page.screenshot()


async def transcript(context: BrowserContext, admin_link: str) -> bytes:
    """A synthetic thread as a reviewer reads it."""
    page = await context.new_page()
    await page.goto(admin_link)
    await page.get_by_role("button", name="Enter").click()
    await page.get_by_role("link", name="Threads", exact=True).first.click()
    row = page.locator("#result_list tr").filter(has_text=TRANSCRIPT)
    await row.get_by_role("link").first.click()
    await expect(page.get_by_text("find_hotlines").first).to_be_visible()
    return await page.screenshot()
