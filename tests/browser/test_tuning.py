"""From rows to a tuned model that answers on the page, and what the admin shows of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from io import StringIO
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as the_settings
from django.core.management import call_command
from django.test import Client
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, expect

from realtime.accounts.models import User
from realtime.chat.models import Run
from realtime.training.models import TuningJob
from tests.browser.pictures import picture
from tests.browser.talk import open_chat, say
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer
from tests.support.tuned_voice import HEARD
from tests.support.tuning_scenarios import FILE_BLOCKED, Course, fails
from tests.support.tuning_server import TuningServer
from tests.training.conftest import Finetune, finetune, tuning
from tests.training.rows import exchanges, imported
from tests.training.test_whole_way import SAMPLE

__all__ = ["finetune", "tuning"]

pytestmark = [pytest.mark.browser, pytest.mark.process]

DESKTOP = ViewportSize(width=1280, height=900)
PHONE = ViewportSize(width=360, height=740)


@pytest.fixture
def server(
    transactional_db: None, tuning: TuningServer, model: ThreadedOpenAIServer, tmp_path: Path
) -> Iterator[AppServer]:
    own = {"OPENAI_BASE_URL": model.base_url, "GROUNDING": "off"}
    key = {"FINETUNE_API_KEY": "a-tuning-key", "FINETUNE_BASE_URL": tuning.base_url}
    with AppServer(tmp_path / "server.log", **own, **key) as app:
        yield app


@pytest.fixture
async def reviewer(server: AppServer, browser: Browser) -> AsyncIterator[BrowserContext]:
    """Somebody signed in to the admin."""
    cookie = await sync_to_async(signed_in)()
    context = await browser.new_context(viewport=DESKTOP)
    name = the_settings.SESSION_COOKIE_NAME
    await context.add_cookies([{"name": name, "value": cookie, "url": server.url}])
    yield context
    await context.close()


def signed_in() -> str:
    client = Client()
    client.force_login(User.objects.create_superuser("reviewer"))
    return client.cookies[the_settings.SESSION_COOKIE_NAME].value


def train(finetune: Finetune, *options: str) -> None:
    finetune("start", "--yes", *options)
    for _ in range(5):
        finetune("sync")


async def fits(page: Page) -> bool:
    """Nothing has to be moved sideways to be read."""
    wider: int = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return wider <= 0


async def test_losses_are_seen_on_a_desk_and_on_a_phone(
    server: AppServer, reviewer: BrowserContext, tuning: TuningServer, finetune: Finetune
) -> None:
    def jobs() -> list[int]:
        exchanges(imported(licence="CC0-1.0"), 200)
        train(finetune)
        train(finetune, "--validation", "0")
        tuning.plan(fails(FILE_BLOCKED))
        train(finetune, "--seed", "7")
        tuning.plan(Course(steps_per_epoch=150))
        train(finetune, "--seed", "8")
        return list(TuningJob.objects.values_list("pk", flat=True))

    told = await sync_to_async(jobs)()
    page = await reviewer.new_page()
    for name, pk in zip(("held-out", "memory", "blocked", "long"), told, strict=True):
        for size, viewport in (("desk", DESKTOP), ("phone", PHONE)):
            await page.set_viewport_size(viewport)
            await page.goto(f"{server.url}/admin/training/tuningjob/{pk}/change/")
            assert await fits(page), (name, size)
            if size == "phone" and name != "blocked":
                await page.locator("svg.curves").scroll_into_view_if_needed()
            await picture(page, f"tuning-{name}-{size}")
    await expect(page.locator("svg.curves")).to_be_visible()
    colour = "element => getComputedStyle(element).stroke"
    lines = [await line.evaluate(colour) for line in await page.locator("polyline").all()]
    assert len(set(lines)) == 2, "the lines look the same: the style is not there"

    await page.set_viewport_size(DESKTOP)
    await page.goto(f"{server.url}/admin/training/tunedmodel/")
    await picture(page, "tuning-models")
    await expect(page.get_by_text("The settings' model answers now")).to_be_visible()


async def test_a_promoted_model_answers_on_the_page_until_it_is_taken_back(
    directory: None,
    server: AppServer,
    browser: Browser,
    tuning: TuningServer,
    finetune: Finetune,
) -> None:
    def promoted() -> str:
        call_command("dataset", "import", str(SAMPLE), stdout=StringIO())
        train(finetune, "--sample", "40")
        job = TuningJob.objects.get()
        finetune("promote", str(job.pk), "--questions", "2")
        return job.fine_tuned_model

    page = await open_chat(await browser.new_context(), server.url)
    await say(page, "Good morning.")
    replies = page.locator(".reply .prose")
    await expect(replies).to_have_text(["I hear you."])

    tuned = await sync_to_async(promoted)()
    asked = len(tuning.answered)
    await say(page, "Work is a lot this week.")
    await expect(replies).to_have_text(["I hear you.", HEARD])
    assert tuning.answered[asked:] == [tuned]
    run = await Run.objects.select_related("active_model").order_by("-ord").afirst()
    assert run is not None
    assert (run.model, run.base_url) == (tuned, tuning.base_url)
    await picture(page, "tuned-answers")

    await sync_to_async(finetune)("rollback")
    await say(page, "And now?")
    await expect(replies).to_have_text(["I hear you.", HEARD, "I hear you."])
    assert len(tuning.answered) == asked + 1
