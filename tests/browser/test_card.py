"""The help card as it meets people in five countries, by eye, keyboard and screen reader."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

from tests.browser.pictures import picture
from tests.browser.talk import open_chat, say
from tests.support.openai_scenarios import Stall, says
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer

pytestmark = [pytest.mark.browser, pytest.mark.process]

GRAVE = "I do not want to live any more."
NARROW = ViewportSize(width=320, height=720)
# Each country's clock and language, and what of it one tap opens.
COUNTRIES = {
    "US": (
        "America/New_York",
        "en-US",
        {"Call 988": "tel:988", "Text 988": "sms:988", "Call 911": "tel:911"},
    ),
    "GB": (
        "Europe/London",
        "en-GB",
        {
            "Call 116 123": "tel:116123",
            "Text 85258": "sms:85258?&body=SHOUT",
            "Call 999": "tel:999",
        },
    ),
    "IN": (
        "Asia/Calcutta",
        "en-IN",
        {
            "Call 14416": "tel:14416",
            "Text +91 9999 666 555": "sms:+919999666555",
            "Call 112": "tel:112",
        },
    ),
    "BR": (
        "America/Sao_Paulo",
        "pt-BR",
        {
            "Call 188": "tel:188",
            "Chat cvv.org.br": "https://www.cvv.org.br/chat/",
            "Call 192": "tel:192",
        },
    ),
    "GH": (
        "Africa/Accra",
        "en-GH",
        {"Find A Helpline": "https://findahelpline.com/", "Call 999": "tel:999"},
    ),
}
FOCUSED = "document.activeElement.getAttribute('aria-label') || document.activeElement.innerText"


def card_of(page: Page) -> Locator:
    return page.get_by_role("region", name="People you can reach now")


async def next_stop(page: Page) -> str:
    """Press Tab, and say what that leads to."""
    await page.keyboard.press("Tab")
    return " ".join(str(await page.evaluate(FOCUSED)).split())


async def expect_no_sideways(page: Page) -> None:
    for box in ("document.documentElement", "document.querySelector('.scroller')"):
        assert await page.evaluate(f"{box}.scrollWidth - {box}.clientWidth") == 0


async def test_each_country_has_its_own_links_while_the_model_hangs(
    app: AppServer, model: ThreadedOpenAIServer, browser: Browser, directory: None
) -> None:
    model.play_to(GRAVE, says(Stall()))
    for code, (zone, locale, links) in COUNTRIES.items():
        context = await browser.new_context(
            viewport=NARROW, timezone_id=zone, locale=locale, has_touch=True
        )
        page = await open_chat(context, app.url)
        await say(page, GRAVE)

        card = card_of(page)
        await expect(page.get_by_role("status").filter(has=card)).to_have_count(1)
        await expect(page.get_by_label("Your message")).to_be_focused()
        for name, href in links.items():
            link = card.get_by_role("link", name=name).first
            await expect(link).to_have_attribute("href", href)
        await expect(page.get_by_role("button", name="Stop")).to_be_visible()
        if code == "GH":
            await expect(card).to_contain_text("We know no suicide or crisis line for Ghana.")
        await expect_no_sideways(page)
        await picture(page, f"card-{code}")
        await context.close()


async def test_the_card_by_keyboard_hidden_found_again_and_told_that_it_does_not_fit(
    app: AppServer, model: ThreadedOpenAIServer, browser: Browser, directory: None
) -> None:
    model.play(says(Stall()))
    context = await browser.new_context(timezone_id="Europe/London", locale="en-GB")
    page = await open_chat(context, app.url)
    await say(page, GRAVE)
    card = card_of(page)
    await expect(page.get_by_role("button", name="Stop")).to_be_visible()  # no refusal's card
    await expect(card).to_be_visible()
    await picture(page, "card-desktop")

    await card.get_by_role("heading", name="People you can reach now").focus()
    stops = [await next_stop(page) for _ in range(9)]
    assert [stop for stop in stops if stop != "website"] == [
        "change the country",
        "Call 116 123",
        "Text 85258",
        "Call 999",
        "More ways to get help",
        "Find A Helpline",
        "All helplines",
    ]

    await card.get_by_role("button", name="Hide these lines").press("Enter")
    await expect(card).to_have_count(0)
    chip = page.get_by_role("button", name="People you can reach now - United Kingdom")
    await expect(chip).to_be_focused()
    await page.get_by_role("banner").get_by_role("link", name="Help").press("Enter")
    await expect(card.get_by_role("heading", name="People you can reach now")).to_be_focused()
    assert page.url == f"{app.url}/"

    async with page.expect_response("**/api/v1/help/feedback") as feedback:
        await card.get_by_role("button", name="This doesn't fit").click()
    async with page.expect_response("**/api/v1/help/tapped") as tapped:
        await card.get_by_role("link", name="Call 116 123").click()
    assert [(await feedback.value).status, (await tapped.value).status] == [204, 204]
    await expect(card).to_contain_text("Thank you for telling us.")
    await expect(card.get_by_role("link", name="116 123").first).to_be_visible()


async def test_a_lost_chat_offers_the_lines_that_came_with_the_page(
    app: AppServer, model: ThreadedOpenAIServer, browser: Browser, directory: None
) -> None:
    context = await browser.new_context(
        viewport=NARROW, timezone_id="Europe/London", locale="en-GB", has_touch=True
    )
    await context.route("**/api/v1/hotlines/**", lambda route: route.abort())
    await context.route("**/api/v1/place**", lambda route: route.abort())
    await context.route_web_socket("**/ws/**", lambda socket: socket.close())
    page = await open_chat(context, app.url)
    chip = page.get_by_role("button", name="People you can reach now - United Kingdom")
    await expect(chip).to_be_visible()
    await expect(page.get_by_text("Reconnecting")).to_be_visible()

    await chip.click()

    card = card_of(page)
    await expect(card).to_contain_text("The chat cannot be reached right now.")
    call = card.get_by_role("link", name="Call 116 123")
    await expect(call).to_have_attribute("href", "tel:116123")
    await expect(call).to_be_in_viewport()
    await expect_no_sideways(page)
    await picture(page, "lost")
