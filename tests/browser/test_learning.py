"""Consent is given and taken back on the page, a reviewer picks what it allows: real Chromium."""

from __future__ import annotations

import pytest
from asgiref.sync import sync_to_async
from playwright.async_api import Browser, BrowserContext, Page, expect

from realtime.accounts import consenting
from realtime.accounts.models import User
from realtime.accounts.operations import create_admin_link
from realtime.accounts.queries import standing_consents
from realtime.chat.models import Thread
from realtime.corpus.models import Exchange
from realtime.review.models import ReviewedReply
from tests.browser.pictures import picture
from tests.browser.talk import open_chat, say
from tests.support.eventually import until_async
from tests.support.server import AppServer

pytestmark = [pytest.mark.browser, pytest.mark.process]
ASKED = consenting.TITLE
SIZES = {"phone": (360, 740), "desktop": (1280, 800)}


async def privacy(page: Page) -> None:
    await page.get_by_role("button", name="Privacy").click()
    await expect(page.get_by_role("heading", name="Learning from chats")).to_be_visible()


async def stands() -> bool:
    return await standing_consents().aexists()


@pytest.mark.parametrize("size", SIZES)
async def test_a_person_allows_it_with_the_keyboard_and_takes_it_back(
    app: AppServer, browser: Browser, size: str
) -> None:
    width, height = SIZES[size]
    context = await browser.new_context(viewport={"width": width, "height": height})
    page = await open_chat(context, app.url)
    await say(page, "hello")
    await expect(page.get_by_role("log")).to_contain_text("I hear you.")
    await expect(page.get_by_role("dialog")).to_have_count(0)  # nobody is asked by themselves

    await page.get_by_role("button", name="Privacy").focus()
    await page.keyboard.press("Enter")
    switch = page.get_by_role("switch", name=ASKED)
    await expect(switch).not_to_be_checked()
    await picture(page, f"privacy-{size}")
    overflows = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not overflows
    await switch.focus()
    await page.keyboard.press("Space")
    await expect(page.get_by_text("Turned on. Thank you.")).to_be_visible()
    assert await stands()

    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.reload()
    await privacy(page)
    await expect(switch).to_be_checked()
    await switch.click()
    await expect(page.get_by_text("Turned off.")).to_be_visible()
    assert not await stands()


async def test_who_said_that_they_are_under_18_is_not_asked(
    app: AppServer, browser: Browser
) -> None:
    page = await open_chat(await browser.new_context(), app.url)
    await say(page, "I'm 15 and I have a test tomorrow")
    await expect(page.get_by_role("log")).to_contain_text("I hear you.")

    await privacy(page)

    await expect(page.get_by_text("Nothing from your chats is used")).to_be_visible()
    await expect(page.get_by_role("switch")).to_have_count(0)


async def at_the_desk(context: BrowserContext, url: str) -> Page:
    page = await context.new_page()
    token = await sync_to_async(create_admin_link)()
    await page.goto(f"{url}/admin/enter/{token}")
    await page.get_by_role("button").first.click()
    thread = await Thread.objects.aget()
    await page.goto(f"{url}/admin/chat/thread/{thread.pk}/change/")
    return page


async def test_a_reviewer_picks_what_is_allowed_and_a_person_has_it_erased(
    app: AppServer, browser: Browser
) -> None:
    person = await open_chat(await browser.new_context(), app.url)
    await say(person, "My husband John and I argue a lot. How do we stop?")
    await expect(person.get_by_role("log")).to_contain_text("I hear you.")
    await privacy(person)
    await person.get_by_role("switch", name=ASKED).click()
    await expect(person.get_by_text("Turned on.")).to_be_visible()
    owner = await User.objects.aget()
    await consenting_settled(owner)

    desk = await at_the_desk(await browser.new_context(), app.url)
    await picture(desk, "transcript")
    await desk.get_by_role("link", name="Use as an example").click()
    question = desk.get_by_role("textbox", name="Question")
    await expect(question).to_have_value("My husband [name] and I argue a lot. How do we stop?")
    await picture(desk, "example")
    await desk.get_by_role("textbox", name="Reply").fill(
        "That sounds tiring. What would you like to hear?"
    )
    await desk.get_by_label("I read both texts").check()
    await desk.get_by_role("button", name="Save", exact=True).click()
    await expect(desk.get_by_text("1 example stands")).to_be_visible()
    await picture(desk, "examples")
    assert (await Exchange.objects.aget()).question.startswith("My husband [name]")

    await person.get_by_role("switch", name=ASKED).click()
    await expect(person.get_by_text("Turned off.")).to_be_visible()

    kept = await ReviewedReply.objects.aget()
    assert (kept.question, kept.ending) == ("", "not_allowed")
    assert not await Exchange.objects.aexists()


async def consenting_settled(owner: User) -> None:
    """The run is over, for only a whole reply can be picked."""

    async def over() -> bool:
        return await owner.runs.filter(state="completed").aexists()

    await until_async(over)
