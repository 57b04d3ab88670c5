"""A reply that breaks off, and owners that go: somebody goes on, and nobody sees a wrong word."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.db.models import QuerySet

from realtime.accounts.models import User
from realtime.agent.errors import ModelUnavailable
from realtime.agent.model import ModelFinished, ModelText
from realtime.agent.testing import Gate, ScriptedModel, Step, call, calls, says
from realtime.chat import bridge, leases, operations
from realtime.chat.engine import Engine
from realtime.chat.models import Message, Run, RunEvent
from realtime.chat.relay import EVERYONE, Relay, group_of
from realtime.chat.transcript import text_of
from tests.chat.test_engine import submission, watching
from tests.chat.test_leases import ANYBODY
from tests.support.agui_check import check_event
from tests.support.engine import TIMINGS, running_engine
from tests.support.eventually import until
from tests.support.invariants import assert_log_invariants
from tests.support.runs import expire

pytestmark = pytest.mark.django_db(transaction=True)

FINISHED = ModelFinished("stop", None)
GB = '{"country":"GB","needs":["suicide"]}'


@pytest.fixture
async def owner() -> int:
    return (await User.objects.acreate(username=str(uuid4()))).pk


async def kinds() -> list[str]:
    return [event.kind async for event in RunEvent.objects.order_by("seq")]


async def reply() -> str:
    rows = Message.objects.filter(role="assistant").order_by("idx")
    return "".join([text_of(row.content) async for row in rows])


@asynccontextmanager
async def killed(engine: Engine) -> AsyncIterator[None]:
    """End an engine as kill -9 would, as far as the database can tell."""
    yield
    engine.supervisor._draining = True
    for running in list(engine.supervisor._running.values()):
        engine.flusher._runs.pop(running.claim.run_id)
        running.task.cancel()
        await bridge.run(expire, running.claim.run_id)


async def test_a_reply_that_breaks_off_is_discarded_and_written_again(owner: int) -> None:
    model = ScriptedModel([ModelText("Half a "), ModelUnavailable("cut")], says("All of it."))

    async with running_engine(model) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner))
        await watcher.until(lambda w: w.over)

    assert (await kinds())[1:6] == [
        *("TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END"),
        *("MESSAGES_SNAPSHOT", "TEXT_MESSAGE_START"),
    ]
    assert await reply() == "All of it."
    assert (await Run.objects.aget()).attempt == 2
    await bridge.run(assert_log_invariants)


async def test_a_reply_that_breaks_off_again_and_again_fails_with_its_last_words(
    owner: int,
) -> None:
    broken: list[Step] = [ModelText("Half."), ModelUnavailable("cut")]
    model = ScriptedModel(broken, broken, broken)

    async with running_engine(model) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner))
        await watcher.until(lambda w: w.over)

    [message] = [row async for row in Message.objects.filter(role="assistant")]
    assert (message.status, text_of(message.content)) == ("partial", "Half.")
    assert (await Run.objects.aget()).error_code == "upstream_unavailable"
    await bridge.run(assert_log_invariants)


async def test_who_waits_for_a_second_try_is_told(owner: int) -> None:
    model = ScriptedModel([ModelText("Half."), ModelUnavailable("cut")], says("Whole."))

    async with running_engine(model) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner))
        await watcher.until(lambda w: w.over)

    states = [f["value"]["state"] for f in watcher.frames if f.get("name") == "kindline.status"]
    assert states == ["retrying"]


async def test_rounds_that_were_whole_stay_when_a_later_one_breaks_off(
    owner: int, directory: None
) -> None:
    look = calls(call("find_hotlines", GB), before=["Let me look. "])
    model = ScriptedModel(look, [ModelText("Ha"), ModelUnavailable("cut")], says("Here."))

    async with running_engine(model) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner))
        await watcher.until(lambda w: w.over)

    assert await reply() == "Let me look. Here."
    assert (await kinds()).count("TOOL_CALL_RESULT") == 1
    await bridge.run(assert_log_invariants)


async def test_a_run_whose_owner_died_is_written_again_by_another(owner: int) -> None:
    model, again = ScriptedModel([ModelText("Half "), Gate()]), ScriptedModel(says("Whole."))

    async with running_engine(model) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner))
        await watcher.until(lambda w: w.text == "Half ")
        async with killed(engine):
            pass
        async with running_engine(again):
            await watcher.until(lambda w: w.over)

    run = await Run.objects.aget()
    assert (run.state, run.epoch, run.attempt) == ("completed", 2, 2)
    assert await reply() == "Whole."
    for frame in watcher.frames:
        if "chunk" in frame:
            check_event(frame["chunk"])
    await bridge.run(assert_log_invariants)


async def test_a_model_that_can_goes_on_in_the_same_message(owner: int) -> None:
    model = ScriptedModel([ModelText("Half "), Gate()])
    again = ScriptedModel(says("and whole."), prefill=True)

    async with running_engine(model) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner))
        await watcher.until(lambda w: w.text == "Half ")
        async with killed(engine):
            pass
        async with running_engine(again):
            await watcher.until(lambda w: w.over)

    assert "MESSAGES_SNAPSHOT" not in await kinds()
    assert await reply() == watcher.text == "Half and whole."
    offsets = [f["chunk"]["metadata"]["kindline"]["off"] for f in deltas(watcher.frames)]
    assert offsets == [0, 5]
    await bridge.run(assert_log_invariants)


def deltas(frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kind = "TEXT_MESSAGE_CONTENT"
    return [f for f in frames if "chunk" in f and f["chunk"]["type"] == kind]


async def test_a_look_up_whose_result_was_lost_is_done_again_once(
    owner: int, directory: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, look = Gate(), calls(call("find_hotlines", GB))

    async with running_engine(ScriptedModel(look)) as engine:
        monkeypatch.setattr("realtime.agent.tools.Toolbox.call", _hanging(held))
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner))
        await held.reached.wait()
        await watcher.until(lambda w: w.frames[-1]["chunk"]["type"] == "TOOL_CALL_END")
        async with killed(engine):
            monkeypatch.undo()
        async with running_engine(ScriptedModel(says("Here."))):
            await watcher.until(lambda w: w.over)

    logged = await kinds()
    assert logged.count("TOOL_CALL_RESULT") == 1
    assert "MESSAGES_SNAPSHOT" not in logged
    await bridge.run(assert_log_invariants)


def _hanging(gate: Gate) -> Any:
    async def call(*_: object, **__: object) -> None:
        gate.reached.set()
        await gate.opened.wait()

    return call


async def test_three_owners_that_die_leave_an_interrupted_run_with_its_words(owner: int) -> None:
    await bridge.run(operations.submit, submission=submission(owner))

    for words in ("First half", "Second half", "Third half"):
        async with running_engine(ScriptedModel([ModelText(words), Gate()])) as engine:
            await eventually(RunEvent.objects.filter(payload__contains=words))
            async with killed(engine):
                pass
    async with running_engine(ScriptedModel()):
        await eventually(Run.objects.filter(state="failed", error_code="interrupted"))

    assert await reply() == "Third half"
    await bridge.run(assert_log_invariants)


async def test_a_server_that_stops_lets_a_reply_end_and_hands_over_what_does_not(
    owner: int,
) -> None:
    short, long = Gate(), Gate()
    first: list[Step] = [ModelText("Short. "), short, FINISHED]
    model = ScriptedModel(first, [ModelText("Long. "), long])

    async with running_engine(model, timings=replace(TIMINGS, drain_s=1)) as engine:
        await engine.intake.submit(submission(owner))
        await short.reached.wait()
        await engine.intake.submit(submission(owner, "t2"))
        await long.reached.wait()
        stopping = asyncio.create_task(engine.stop())
        await until(lambda: engine.supervisor._draining)
        short.opened.set()
        await stopping

    states = [(r.state, r.attempt) async for r in Run.objects.order_by("created_at")]
    assert states == [("completed", 1), ("running", 0)]
    assert await bridge.run(leases.claim, **ANYBODY, steal=True)


async def test_a_server_that_stops_takes_no_more_runs(owner: int) -> None:
    async with running_engine(ScriptedModel()) as engine:
        engine.supervisor._draining = True
        await engine.intake.submit(submission(owner))
        engine.supervisor.sweep_soon()

    assert (await Run.objects.aget()).state == "queued"


async def test_a_process_that_runs_no_turns_leaves_them_to_others(owner: int) -> None:
    async with running_engine(ScriptedModel(), runner=False) as web:
        watcher = await watching(web, owner)
        await web.intake.submit(submission(owner))
        async with running_engine(ScriptedModel(says("From afar."))):
            await watcher.until(lambda w: w.over)

    assert watcher.text == "From afar."


async def test_a_process_that_takes_no_runs_wakes_one_that_does(owner: int) -> None:
    slow = replace(TIMINGS, sweep_s=60, poll_active_s=60, poll_idle_s=60)
    model = ScriptedModel(says("From afar."))

    async with (
        running_engine(ScriptedModel(), timings=slow, runner=False) as web,
        running_engine(model, timings=slow) as runner,
    ):
        await until(lambda: EVERYONE in relay_of(runner)._joined)
        watcher = await watching(web, owner)
        await until(lambda: group_of(watcher.follower.watched) in relay_of(web)._joined)
        await web.intake.submit(submission(owner))
        await watcher.until(lambda w: w.over)

    assert watcher.text == "From afar."


async def test_a_run_that_is_handed_over_wakes_another_process(owner: int) -> None:
    slow = replace(TIMINGS, sweep_s=60)
    model, again = ScriptedModel([ModelText("Half "), Gate()]), ScriptedModel(says("Whole."))

    async with running_engine(model) as leaving, running_engine(again, timings=slow) as other:
        await until(lambda: EVERYONE in relay_of(other)._joined)
        watcher = await watching(other, owner)
        await leaving.intake.submit(submission(owner))
        await watcher.until(lambda w: w.text == "Half ")
        await leaving.stop()
        await watcher.until(lambda w: w.over)

    assert await reply() == "Whole."


async def test_who_waits_for_a_place_is_told(owner: int) -> None:
    gate = Gate()
    model = ScriptedModel([ModelText("One."), gate, FINISHED], says("Two."))

    async with running_engine(model, max_turns=1) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner, "t0"))
        await gate.reached.wait()
        await engine.intake.submit(submission(owner))
        gate.opened.set()
        await watcher.until(lambda w: w.over)

    states = [f["value"]["state"] for f in watcher.frames if f.get("name") == "kindline.status"]
    assert states == ["queued"]


def relay_of(engine: Engine) -> Relay:
    assert engine.hub._relay is not None
    return engine.hub._relay


async def eventually(rows: QuerySet[Any]) -> None:
    async with asyncio.timeout(15):
        while not await rows.aexists():  # noqa: ASYNC110 - the database announces nothing
            await asyncio.sleep(0.02)
