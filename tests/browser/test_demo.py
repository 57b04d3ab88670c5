"""The first look without a key: the demo quotes the nearest exchange of the sample, honestly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from playwright.async_api import Browser, expect
from pytest_django import Settings

from realtime.chat.models import Run
from realtime.corpus.models import Exchange
from realtime.rehearsal.server import Server, start
from realtime.rehearsal.texts import GRAVE_REPLY, OTHERWISE, WHAT_I_AM
from tests.browser.pictures import picture
from tests.browser.talk import open_chat, say, shown_reply
from tests.support.chat_client import ChatClient
from tests.support.indexed import index_the_sample
from tests.support.server import AppServer, client_token

pytestmark = [pytest.mark.browser, pytest.mark.process]
ASKED = "My head makes worst case lists all day and I can't turn the worry off"


@pytest.fixture
async def demo() -> AsyncIterator[Server]:
    running = await start(host="127.0.0.1", port=0, tokens_per_s=0)
    yield running
    await running.stop()


@pytest.fixture
async def app(
    transactional_db: None,
    directory: None,
    settings: Settings,
    demo: Server,
    tmp_path: Path,
    server_log: Path,
) -> AsyncIterator[AppServer]:
    """As `./dev run` starts it where no model is configured, when its index has been loaded."""
    settings.INDEX_DIR = tmp_path / "index"
    await sync_to_async(index_the_sample)(settings.INDEX_DIR)
    own = {
        "REHEARSAL_URL": f"http://127.0.0.1:{demo.port}/v1",
        "INDEX_DIR": str(settings.INDEX_DIR),
    }
    async with AppServer(server_log, **own) as application:
        await _until_it_is_grounded(application)
        yield application


async def _until_it_is_grounded(app: AppServer) -> None:
    headers = await asyncio.to_thread(client_token, app)
    async with ChatClient(app.url, headers) as me, asyncio.timeout(60):
        for turn in range(100):
            await me.submit(ASKED, f"t{turn}")
            await me.finished(f"t{turn}")
            last = await Run.objects.order_by("created_at").alast()
            if last is not None and last.grounding_version:
                return
            await asyncio.sleep(0.2)


@pytest.mark.parametrize(
    ("name", "screen", "touch"),
    [("phone", (390, 844), True), ("desktop", (1280, 800), False)],
)
async def test_the_demo_quotes_an_exchange_and_says_what_it_is(
    app: AppServer, browser: Browser, name: str, screen: tuple[int, int], touch: bool
) -> None:
    width, height = screen
    context = await browser.new_context(
        viewport={"width": width, "height": height}, has_touch=touch, is_mobile=touch
    )
    page = await open_chat(context, app.url)
    await expect(page.get_by_text("Scripted demo, not support")).to_be_visible()
    await say(page, ASKED)

    log = page.get_by_role("log")
    quote = page.locator(".reply blockquote")
    await expect(quote).to_be_visible()
    await expect(log.get_by_text("(example written for this project)")).to_be_visible()
    await expect(log.get_by_text("was not written for you")).to_be_visible()
    run = await Run.objects.order_by("created_at").alast()
    assert run is not None
    assert isinstance(run.retrieved, list)
    said = (await quote.inner_text()).removesuffix(" […]").strip()
    answer = (await Exchange.objects.aget(pk=run.retrieved[0]["exchange"])).answer
    assert said in " ".join(answer.split())
    assert WHAT_I_AM in await shown_reply(page)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await picture(page, f"demo-{name}")


async def test_in_danger_the_demo_quotes_nobody_then_and_later(
    app: AppServer, browser: Browser
) -> None:
    page = await open_chat(await browser.new_context(), app.url)
    log = page.get_by_role("log")
    await say(page, "I want to die")
    await expect(log.get_by_text(GRAVE_REPLY)).to_be_visible()
    await expect(log.get_by_role("region").first).to_be_visible()
    await say(page, ASKED)
    await expect(log.get_by_text("only know three things by heart")).to_be_visible()

    assert await page.locator(".reply blockquote").count() == 0
    retrieved = [run.retrieved async for run in Run.objects.order_by("created_at")]
    assert retrieved[-2:] == ["risk", "risk"]
    assert OTHERWISE.split(".")[0] == WHAT_I_AM
