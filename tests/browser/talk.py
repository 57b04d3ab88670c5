"""What every test of the page does: come in, say something, read what stands there."""

from __future__ import annotations

from playwright.async_api import BrowserContext, Page

from realtime.chat.models import Message
from realtime.chat.transcript import text_of


async def open_chat(context: BrowserContext, url: str) -> Page:
    page = await context.new_page()
    await page.goto(url)
    await page.get_by_role("button", name="I understand, continue").click()
    return page


async def link_to(page: Page) -> str:
    """What opens the page's thread in another tab of the same guest."""
    thread_id = await page.evaluate("sessionStorage.getItem('kindline.thread')")
    return f"{page.url}#t={thread_id}"


async def say(page: Page, text: str) -> None:
    await page.get_by_label("Your message").fill(text)
    await page.keyboard.press("Enter")


async def shown_reply(page: Page) -> str:
    """The words of all replies, without cards and hidden labels."""
    texts = await page.locator(".reply .prose").all_inner_texts()
    return "".join(texts)


async def stored_reply() -> str:
    rows = Message.objects.filter(role="assistant").order_by("ord", "idx")
    return "".join([text_of(row.content) async for row in rows])
