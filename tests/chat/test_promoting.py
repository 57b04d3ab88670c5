"""A promoted model answers the next reply, everywhere and without a restart; and can be undone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from pytest_django import Settings

from realtime.accounts.models import User
from realtime.agent.model import ModelText
from realtime.agent.testing import Gate, ScriptedModel, says
from realtime.chat import bridge
from realtime.chat.activating import activate_model, roll_back
from realtime.chat.answering import known
from realtime.chat.engine import Engine
from realtime.chat.models import ActiveModel, Notice, Run
from realtime.chat.refusals import Refusal
from realtime.chat.safety_page import render_safety
from realtime.chat.views import page_config
from realtime.safety import disclosure
from tests.chat.test_engine import Watcher, submission, watching
from tests.chat.test_raising import asking
from tests.chat.test_turns import killed
from tests.support import openai_scenarios as plays
from tests.support.chat_client import ChatClient
from tests.support.engine import running_engine
from tests.support.eventually import until, until_async
from tests.support.invariants import assert_log_invariants
from tests.support.openai_server import OpenAIServer, ThreadedOpenAIServer
from tests.support.server import AppServer, client_token, http

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def owner() -> int:
    return (await User.objects.acreate(username=str(uuid4()))).pk


@pytest.fixture
async def tuned() -> AsyncIterator[OpenAIServer]:
    async with OpenAIServer(otherwise=plays.says("I am the tuned one.")) as server:
        yield server


@pytest.fixture
def nothing_set(settings: Settings) -> Settings:
    settings.OPENAI_API_KEY = settings.OPENAI_BASE_URL = settings.REHEARSAL_URL = ""
    return settings


async def promote(base_url: str, name: str = "tuned-1") -> ActiveModel:
    """As a command in another process does it: nobody here is told."""
    row: ActiveModel = await bridge.run(
        activate_model, name=name, base_url=base_url, wire="chat", source="a test"
    )
    known.learn(None)
    return row


@asynccontextmanager
async def talking(
    owner: int, model: ScriptedModel | None
) -> AsyncIterator[tuple[Engine, Watcher]]:
    async with running_engine(model) as engine:
        yield engine, await watching(engine, owner)
    await bridge.run(assert_log_invariants)


async def say(engine: Engine, owner: int, watcher: Watcher) -> Run:
    """One more message, to the end of its run."""
    sent = submission(owner)
    ends = ("RUN_FINISHED", "RUN_ERROR")
    begun = len(watcher.frames)
    await engine.intake.submit(sent)
    await watcher.until(
        lambda w: any(f.get("chunk", {}).get("type") in ends for f in w.frames[begun:])
    )
    return await Run.objects.aget(client_run_id=sent.run_id)


async def test_the_next_run_is_answered_by_what_was_promoted(
    owner: int, tuned: OpenAIServer
) -> None:
    async with talking(owner, ScriptedModel(says("I am the old one."))) as (engine, watcher):
        before = await say(engine, owner, watcher)
        row = await promote(tuned.base_url)
        after = await say(engine, owner, watcher)

    assert watcher.text == "I am the old one.I am the tuned one."
    assert (before.model, before.active_model_id) == ("scripted", None)
    assert (after.model, after.base_url) == ("tuned-1", tuned.base_url)
    assert after.active_model_id == row.pk
    assert tuned.requests[0].body["model"] == "tuned-1"


async def test_a_broken_one_ends_with_its_code_and_a_card_and_a_roll_back_mends_it(
    owner: int, tuned: OpenAIServer
) -> None:
    tuned.play(*(plays.refuses(401) for _ in range(9)))
    await promote(tuned.base_url)
    async with talking(owner, ScriptedModel(says("I am back."))) as (engine, watcher):
        await engine.intake.submit(asking(owner, "concern"))
        await watcher.until(lambda w: w.over)
        broken = await Run.objects.aget()
        await bridge.run(roll_back)
        mended = await say(engine, owner, watcher)

    assert (broken.state, broken.error_code) == ("failed", "upstream_unavailable")
    card = await Notice.objects.filter(name="kindline.help").alast()
    assert card is not None
    assert card.value["reason"] == "model_down"
    assert (mended.state, mended.model) == ("completed", "scripted")


async def test_without_a_model_of_the_settings_one_that_is_promoted_answers(
    owner: int, tuned: OpenAIServer
) -> None:
    async with talking(owner, None) as (engine, watcher):
        with pytest.raises(Refusal, match="No model answers here"):
            await engine.intake.submit(submission(owner))
        await promote(tuned.base_url)
        run = await say(engine, owner, watcher)

    assert (run.state, run.model) == ("completed", "tuned-1")


async def test_what_was_queued_when_the_last_model_went_ends_and_says_so(
    owner: int, tuned: OpenAIServer
) -> None:
    await promote(tuned.base_url)
    async with talking(owner, None) as (engine, watcher):
        await say(engine, owner, watcher)
        await bridge.run(roll_back)
        known.learn(await ActiveModel.objects.afirst())  # this process has not heard of it yet
        run = await say(engine, owner, watcher)
        with pytest.raises(Refusal, match="No model answers here"):
            await engine.intake.submit(submission(owner))

    assert (run.state, run.error_code) == ("failed", "upstream_unavailable")


async def test_a_process_without_a_model_leaves_runs_to_those_that_have_one(owner: int) -> None:
    async with running_engine(ScriptedModel(says("Mine.")), runner=False) as taker:
        await taker.intake.submit(submission(owner))
        async with running_engine(None) as engine:
            engine.supervisor.sweep_soon()
            await asyncio.sleep(0.5)
            assert (await Run.objects.aget()).state == "queued"


async def test_a_run_that_is_taken_over_is_gone_on_with_by_its_own_model(
    owner: int, tuned: OpenAIServer
) -> None:
    """Promoted meanwhile, the new one answers the next run."""
    model = ScriptedModel([ModelText("Half "), Gate()])
    again = ScriptedModel(says("and whole."), prefill=True)
    async with talking(owner, model) as (engine, watcher):
        await engine.intake.submit(submission(owner))
        await watcher.until(lambda w: w.text == "Half ")
        await promote(tuned.base_url)
        async with killed(engine):
            pass
        async with running_engine(again):
            await watcher.until(lambda w: w.over)

    run = await Run.objects.aget()
    assert (run.model, run.active_model_id, run.attempt) == ("scripted", None, 2)
    assert watcher.text == "Half and whole."
    assert tuned.requests == []


async def test_a_promoted_model_goes_on_with_its_run_after_another_was_promoted(
    owner: int, tuned: OpenAIServer
) -> None:
    tuned.play(plays.says("Half ", plays.Stall()))
    first = await promote(tuned.base_url)
    async with talking(owner, ScriptedModel()) as (engine, watcher):
        await engine.intake.submit(submission(owner))
        await watcher.until(lambda w: w.text == "Half ")
        await promote("http://127.0.0.1:9/v1", "not-me")
        async with killed(engine):
            pass
        async with running_engine(ScriptedModel()):
            await watcher.until(lambda w: w.over)

    run = await Run.objects.aget()
    assert (run.model, run.active_model_id, run.state) == ("tuned-1", first.pk, "completed")


async def test_a_run_of_a_model_that_was_rolled_back_is_written_again_by_the_one_of_now(
    owner: int, tuned: OpenAIServer
) -> None:
    tuned.play(plays.says("Half ", plays.Stall()))
    await promote(tuned.base_url)
    async with talking(owner, ScriptedModel()) as (engine, watcher):
        await engine.intake.submit(submission(owner))
        await watcher.until(lambda w: w.text == "Half ")
        await bridge.run(roll_back)
        async with killed(engine):
            pass
        # It could go on in the same message, but these words are another's.
        async with running_engine(ScriptedModel(says("Whole."), prefill=True)):
            await watcher.until(lambda w: w.over)

    run = await Run.objects.aget()
    assert (run.model, run.active_model_id) == ("scripted", None)
    assert watcher.text == "Half Whole."  # discarded by a snapshot between the two
    assert any("MESSAGES_SNAPSHOT" in json.dumps(frame) for frame in watcher.frames)


async def test_a_run_of_settings_that_were_changed_is_written_again_by_what_answers_now(
    owner: int, tuned: OpenAIServer
) -> None:
    async with talking(owner, ScriptedModel([ModelText("Half "), Gate()])) as (engine, watcher):
        await engine.intake.submit(submission(owner))
        await watcher.until(lambda w: w.text == "Half ")
        row = await promote(tuned.base_url)
        async with killed(engine):
            pass
        async with running_engine(ScriptedModel(name="another")):
            await watcher.until(lambda w: w.over)

    assert (await Run.objects.aget()).active_model_id == row.pk


async def test_a_key_goes_to_its_own_address_and_no_further(
    owner: int, tuned: OpenAIServer, settings: Settings
) -> None:
    settings.OPENAI_API_KEY = "sk-of-the-settings"
    settings.FINETUNE_API_KEY = "sk-of-the-tuning"
    async with OpenAIServer(otherwise=plays.says("Home.")) as home:
        settings.OPENAI_BASE_URL, settings.FINETUNE_BASE_URL = home.base_url, ""
        async with talking(owner, ScriptedModel()) as (engine, watcher):
            await promote(tuned.base_url)
            await say(engine, owner, watcher)
            await promote(home.base_url)
            await say(engine, owner, watcher)
            settings.FINETUNE_BASE_URL = tuned.base_url
            await promote(tuned.base_url)
            await say(engine, owner, watcher)

    [at_home] = home.requests
    elsewhere, tuning = tuned.requests
    assert at_home.headers["Authorization"] == "Bearer sk-of-the-settings"
    assert "sk-of" not in json.dumps(elsewhere.headers)
    assert tuning.headers["Authorization"] == "Bearer sk-of-the-tuning"


async def test_pages_name_the_model_that_was_promoted_elsewhere(
    owner: int, tuned: OpenAIServer, nothing_set: Settings
) -> None:
    nothing_set.OPENAI_BASE_URL, nothing_set.OPENAI_MODEL = "https://old.example/v1", "old"
    async with talking(owner, ScriptedModel()):
        await promote("https://new.example/v1", "new-model")
        await until(lambda: known.promoted)
        told = await bridge.run(render_safety)
        page = (await bridge.run(page_config))["model"]
        await bridge.run(roll_back)
        await until(lambda: not known.promoted)

    assert "new-model" in told
    assert "new.example" in told
    assert (page["name"], page["host"], page["rehearsal"]) == ("new-model", "new.example", False)
    assert "old.example" in await bridge.run(render_safety)


async def test_where_the_demo_is_replaced_by_a_model_an_ai_answers(
    owner: int, tuned: OpenAIServer, nothing_set: Settings
) -> None:
    nothing_set.DISCLOSURE_AT_START = True
    nothing_set.ALLOW_REHEARSAL, nothing_set.REHEARSAL_URL = True, "http://127.0.0.1:9/v1"
    await promote(tuned.base_url)
    async with talking(owner, ScriptedModel()) as (engine, watcher):
        await say(engine, owner, watcher)

    told = await Notice.objects.aget(name="kindline.disclosure")
    assert told.value["version"] == disclosure.wording("start", kind="ai", locale="en")["version"]
    assert told.value["text"] == disclosure.wording("start", kind="ai", locale="en")["text"]
    assert (await bridge.run(page_config))["suggestions"] == []


async def _heard(server: AppServer, thread_id: str) -> str:
    async with ChatClient(server.url, await asyncio.to_thread(client_token, server)) as me:
        await me.submit("hi", thread_id)
        return (await me.finished(thread_id)).reply


@pytest.mark.process
async def test_two_processes_follow_a_promotion_and_a_roll_back_without_a_restart(
    transactional_db: None, model: ThreadedOpenAIServer, tmp_path: Path
) -> None:
    own = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "sk-of-the-settings"}
    with ThreadedOpenAIServer(otherwise=plays.says("I am the tuned one.")) as tuned:
        async with (
            AppServer(tmp_path / "a.log", **own) as one,
            AppServer(tmp_path / "b.log", TURN_RUNNER="off", **own) as two,
        ):
            assert await _heard(two, "t1") == "I hear you."  # written by the other process
            await promote(tuned.base_url)
            assert await _heard(one, "t2") == "I am the tuned one."
            assert await _heard(two, "t3") == "I am the tuned one."
            await until_async(lambda: _names(two, "tuned-1"))
            await bridge.run(roll_back)
            assert await _heard(one, "t4") == "I hear you."
        headers = [asked.headers for asked in tuned.requests]

    assert len(headers) == 2
    assert "sk-of-the-settings" not in json.dumps(headers)


async def _names(server: AppServer, model: str) -> bool:
    page = await asyncio.to_thread(http, "GET", f"{server.url}/safety", headers={})
    return model in page.decode()
