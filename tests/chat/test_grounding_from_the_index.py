"""A turn grounded in the real corpus: the sample, its index, and what becomes of removed rows."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from config.settings import BASE_DIR
from realtime.accounts.models import User
from realtime.agent.examples import examples_in
from realtime.agent.testing import ScriptedModel, says
from realtime.chat import bridge
from realtime.chat.models import Run
from realtime.corpus import grounding, serving
from realtime.corpus.models import Exchange, Import
from realtime.corpus.operations import remove_import
from tests.chat.test_engine import submission, watching
from tests.support.engine import TIMINGS, running_engine
from tests.support.eventually import until
from tests.support.indexed import index_the_sample

pytestmark = pytest.mark.django_db(transaction=True)
PATIENT = replace(TIMINGS, grounding_s=10, index_s=0.05)


@pytest.fixture(autouse=True)
def holder(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[serving.Holder]:
    """As in a process that has just begun."""
    settings.INDEX_DIR = tmp_path
    monkeypatch.setattr(serving, "EVERY_S", 0.0)
    fresh = serving.Holder()
    monkeypatch.setattr(serving, "holder", fresh)
    yield fresh
    fresh.settled()


@pytest.fixture
async def owner() -> int:
    return (await User.objects.acreate(username=str(uuid4()))).pk


async def test_what_the_sample_has_is_shown_and_is_gone_when_it_is_removed(
    owner: int, tmp_path: Path, holder: serving.Holder
) -> None:
    await sync_to_async(index_the_sample)(tmp_path)
    asked = await Exchange.objects.filter(usable=True, risk="none").afirst()
    assert asked is not None
    model = ScriptedModel(says("One."), says("Two."))
    async with running_engine(model, corpus=grounding, timings=PATIENT) as engine:
        watcher = await watching(engine, owner)
        await until(lambda: holder.held is not None)
        await engine.intake.submit(submission(owner, text=asked.asked[:500]))
        await watcher.until(lambda w: w.over)
        source = await Import.objects.aget()
        await bridge.run(remove_import, import_id=source.pk)
        await engine.intake.submit(submission(owner, text=asked.asked[:500]))
        await watcher.until(lambda w: w.text == "One.Two.")
        await until(lambda: not engine.supervisor._running)

    first, second = [run async for run in Run.objects.order_by("ord")]
    assert isinstance(first.retrieved, list)
    assert first.retrieved[0]["exchange"] == asked.pk
    assert first.retrieved[0]["attribution"] == source.attribution
    assert (first.grounding_version or "").startswith("examples-1/")
    prompts = [getattr(request.messages[0], "content", "") for request in model.requests]
    assert examples_in(prompts[0])[0].source == source.attribution
    assert second.retrieved in ("no index", "none above the floor")
    assert examples_in(prompts[1]) == []


async def test_without_rows_nothing_is_loaded_and_the_run_says_so(
    owner: int, holder: serving.Holder
) -> None:
    model = ScriptedModel(says("One."))
    async with running_engine(model, corpus=grounding, timings=PATIENT) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner))
        await watcher.until(lambda w: w.over)

    assert (await Run.objects.aget()).retrieved == "no index"
    assert holder.held is None


def test_a_server_imports_nothing_of_the_search_until_there_is_an_index() -> None:
    """Half a second and 20 MB a process: not for those who imported nothing."""
    heavy = "numpy scipy sklearn bm25s pyarrow huggingface_hub openpyxl"
    asked = f"import sys, config.asgi; print([m for m in {heavy.split()!r} if m in sys.modules])"

    done = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"SECRET_KEY": "x", "DEBUG": "1"},
    )

    assert done.stdout.strip() == "[]"
