"""The flusher against what a database, a network and a defect of ours can do to it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from asgiref.sync import sync_to_async
from django.db import connection, transaction

from realtime.accounts.models import User
from realtime.agent.events import Usage
from realtime.agent.model import ModelFinished, ModelText
from realtime.agent.testing import Gate, ScriptedModel, Step, says
from realtime.chat import agui, flusher, leases, log, logstore, queries
from realtime.chat.engine import Engine
from realtime.chat.models import Message, Run, RunEvent
from realtime.chat.runlog import EVENT_CHARACTERS, RunLog
from realtime.chat.transcript import text_of
from tests.chat.test_engine import submission, watching
from tests.chat.test_runlog import START, a_run, delta
from tests.support.engine import TIMINGS, running_engine
from tests.support.eventually import until
from tests.support.runs import expire
from tests.support.server import database_url
from tests.support.tcp_proxy import tcp_proxy

db = pytest.mark.django_db(transaction=True)

FINISHED = ModelFinished("stop", None)


@pytest.fixture
async def owner() -> int:
    return (await User.objects.acreate(username=str(uuid4()))).pk


def run_of(engine: Engine, thread_id: str) -> RunLog:
    [run] = [r for r in engine.flusher._runs.values() if r.thread_id == thread_id]
    return run


# --- a culprit ---------------------------------------------------------------------------------


@db
async def test_a_count_that_json_cannot_hold_fails_only_its_own_run(owner: int) -> None:
    good_gate, bad_gate = Gate(), Gate()
    model = ScriptedModel(
        [ModelText("Good "), good_gate, ModelText("words."), FINISHED],
        [ModelText("Bad "), bad_gate, FINISHED],
    )

    async with running_engine(model) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner))
        await good_gate.reached.wait()
        await engine.intake.submit(submission(owner, "t2"))
        await bad_gate.reached.wait()
        bad = run_of(engine, "t2")
        bad._ending = {"state": "completed", "error_code": None, "usage": {"inputTokens": 10**30}}
        bad.changed(bad, urgent=True)
        good_gate.opened.set()
        await watcher.until(lambda w: w.over)
        await until(lambda: not engine.supervisor._running)
        await until(lambda: not engine.supervisor._tasks - {engine.supervisor._sweeper})

    assert watcher.text == "Good words."
    ended = await Run.objects.aget(id=bad.run_id)
    assert (ended.state, ended.error_code) == ("failed", "internal")


@db
async def test_a_culprit_in_a_batch_costs_its_neighbour_no_event(
    owner: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    good_gate, bad_gate = Gate(), Gate()
    model = ScriptedModel(
        [ModelText("Good "), good_gate, ModelText("words."), FINISHED],
        [ModelText("Bad "), bad_gate, FINISHED],
    )
    parameters = log.append_parameters
    batches: list[int] = []

    async with running_engine(model) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner))
        await good_gate.reached.wait()  # else either run may take either script
        await engine.intake.submit(submission(owner, "t2"))
        await bad_gate.reached.wait()
        good, bad = run_of(engine, "t1"), run_of(engine, "t2")
        await until(lambda: not good.dirty and not bad.dirty)

        def refusing(appends: Any, *, lease_s: float) -> dict[str, Any]:
            if bad.run_id in [append.run_id for append in appends]:
                batches.append(len(appends))
                raise LookupError("a defect")
            return parameters(appends, lease_s=lease_s)

        monkeypatch.setattr(log, "append_parameters", refusing)
        for run in (good, bad):
            text = agui.TextMessageContent(message_id=next(iter(run._offsets)), delta="both ")
            await run.push(text)
        await until(lambda: bool(batches))
        good_gate.opened.set()
        await watcher.until(lambda w: w.over)

    assert batches[:2] == [2, 1]
    assert set(batches[1:]) == {1}  # its ending is tried again, and alone
    assert watcher.text == "Good both words."


@db
async def test_a_delivery_that_fails_costs_no_event(
    owner: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ScriptedModel(says("Ants ", "bees."))

    async with running_engine(model) as engine:

        def failing(_: log.Logged) -> None:
            raise LookupError("a defect")

        engine.flusher.deliver = failing
        await engine.intake.submit(submission(owner))
        await until(lambda: bool(model.requests) and not engine.flusher._runs)

    message = await Message.objects.aget(role="assistant")
    assert text_of(message.content) == "Ants bees."


@db
async def test_a_count_past_64_bits_is_stored_as_the_largest(owner: int) -> None:
    model = ScriptedModel(says("Words.", usage=Usage(10**30, 7)))

    async with running_engine(model) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner))
        await watcher.until(lambda w: w.over)

    assert (await Run.objects.aget()).usage == {"inputTokens": 2**63 - 1, "outputTokens": 7}


# --- the network -------------------------------------------------------------------------------


@db
async def test_an_answer_lost_after_the_commit_leaves_no_hole_and_no_duplicate(owner: int) -> None:
    gate, later = Gate(), Gate()
    rest: list[Step] = [ModelText("bees "), later, ModelText("crows."), FINISHED]
    model = ScriptedModel([ModelText("Ants "), gate, *rest])

    async with tcp_proxy(database_url()) as (proxy, url), running_engine(model) as engine:
        await through(engine, url)
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner))
        await gate.reached.wait()
        await watcher.until(lambda w: w.text == "Ants ")
        proxy.lose_answer_to = b"bees "
        gate.opened.set()
        await watcher.until(lambda w: w.text == "Ants bees ")
        later.opened.set()
        await watcher.until(lambda w: w.over)

    assert proxy.lost.is_set()
    assert watcher.text == "Ants bees crows."
    await assert_log_is_whole("Ants bees crows.")


@db
async def test_a_mute_connection_is_cut_and_the_run_goes_on(
    owner: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logstore, "ANSWER_S", 0.3)
    gate = Gate()
    model = ScriptedModel([ModelText("Ants "), gate, ModelText("bees."), FINISHED])

    async with tcp_proxy(database_url()) as (proxy, url), running_engine(model) as engine:
        await through(engine, url)
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner))
        await watcher.until(lambda w: w.text == "Ants ")
        proxy.freeze()
        gate.opened.set()
        async with asyncio.timeout(4):
            await watcher.until(lambda w: w.over)

    assert proxy.frozen == 0
    await assert_log_is_whole("Ants bees.")


@db
async def test_storage_away_for_longer_than_a_lease_costs_a_reply_nothing(
    owner: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    claim, swept = leases.claim, list[UUID]()

    def claiming(**wanted: Any) -> list[leases.Claim]:
        if wanted["steal"] and Run.objects.filter(lease_until__lt=queries.now()).exists():
            swept.extend(wanted["mine"])
        return claim(**wanted)

    monkeypatch.setattr(leases, "claim", claiming)
    model = ScriptedModel([ModelText("Ants "), gate, ModelText("bees."), FINISHED])
    patient = replace(TIMINGS, storage_give_up_s=30)

    async with (
        tcp_proxy(database_url()) as (proxy, url),
        running_engine(model, timings=patient) as engine,
    ):
        await through(engine, url)
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner))
        await watcher.until(lambda w: w.text == "Ants ")
        proxy.leave()
        gate.opened.set()
        await sync_to_async(expire)((await Run.objects.aget()).id)
        await until(lambda: len(swept) == 2)
        proxy.away = False
        await watcher.until(lambda w: w.over)

    await assert_log_is_whole("Ants bees.")


@db
async def test_a_commit_that_hangs_behind_a_lost_line_is_waited_for(
    owner: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds its row until it lands: before that, nobody can say what it will have done."""
    gate, later = Gate(), Gate()
    rest: list[Step] = [ModelText("bees "), later, ModelText("crows."), FINISHED]
    model = ScriptedModel([ModelText("Ants "), gate, *rest])
    execute = flusher.Flusher._execute
    hanging = await psycopg.AsyncConnection.connect(database_url())
    landed: list[asyncio.Task[None]] = []

    async def land() -> None:
        await asyncio.sleep(3 * TIMINGS.storage_retry_s)
        await hanging.commit()

    async def loses_the_answer(self: flusher.Flusher, appends: Any) -> Any:
        if landed or not gate.opened.is_set():
            return await execute(self, appends)
        parameters = log.append_parameters(appends, lease_s=self.timings.lease_s)
        await hanging.execute(log.APPEND, parameters)
        landed.append(asyncio.ensure_future(land()))
        raise psycopg.OperationalError("the line was cut while the commit went on")

    monkeypatch.setattr(flusher.Flusher, "_execute", loses_the_answer)
    async with running_engine(model) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner))
        await watcher.until(lambda w: w.text == "Ants ")
        gate.opened.set()
        await watcher.until(lambda w: w.text == "Ants bees ")
        later.opened.set()
        await watcher.until(lambda w: w.over)
    await hanging.close()

    assert landed
    assert (await Run.objects.aget()).attempt == 1
    await assert_log_is_whole("Ants bees crows.")


@db
async def test_a_run_that_was_stopped_by_force_is_let_go_of(owner: int) -> None:
    gate = Gate()
    model = ScriptedModel([ModelText("Ants "), gate, ModelText("bees."), FINISHED])

    async with running_engine(model) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner))
        await watcher.until(lambda w: w.text == "Ants ")
        run = run_of(engine, "t1")
        [message_id] = run.said.open_texts
        await run.push(agui.TextMessageContent(message_id=message_id, delta="not written yet"))
        await engine.intake.stop(owner_id=owner, run_id=run.client_run_id)
        await until(lambda: not engine.flusher._runs)


async def through(engine: Engine, url: str) -> None:
    """Let the flusher, and nothing else, reach Postgres through `url`."""
    await engine.flusher.stop()
    engine.flusher.conninfo = url
    await engine.flusher.start()


async def assert_log_is_whole(text: str) -> None:
    run = await Run.objects.aget()
    events = [event async for event in RunEvent.objects.order_by("seq")]
    assert [event.seq for event in events] == list(range(1, run.last_seq + 1))
    assert run.state == "completed"
    deltas = [agui.decode(e.payload) for e in events if e.kind == "TEXT_MESSAGE_CONTENT"]
    assert "".join(getattr(event, "delta", "") for event in deltas) == text
    assert text_of((await Message.objects.aget(role="assistant")).content) == text


# --- a row that is held ------------------------------------------------------------------------


@db
async def test_a_flusher_that_stops_asks_a_held_row_in_no_tight_loop(
    owner: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    asked: list[float] = []
    execute = flusher.Flusher._execute

    async def counting(self: flusher.Flusher, appends: Any) -> Any:
        asked.append(asyncio.get_running_loop().time())
        return await execute(self, appends)

    async with running_engine(ScriptedModel([ModelText("Here."), gate, FINISHED])) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner))
        await watcher.until(lambda w: w.text == "Here.")
        await engine.hub.stop()
        held, free = asyncio.Event(), asyncio.Event()
        holder = asyncio.create_task(hold_runs(held, free, asyncio.get_running_loop()))
        await held.wait()
        run = run_of(engine, "t1")
        await run.push(agui.TextMessageContent(message_id=next(iter(run._offsets)), delta="Two."))
        monkeypatch.setattr(flusher.Flusher, "_execute", counting)
        await engine.stop()
        free.set()
        await holder

    pauses = [after - before for before, after in pairwise(asked)]
    assert len(asked) > 5
    assert sorted(pauses)[len(pauses) // 2] >= TIMINGS.flush_min_s


async def hold_runs(
    held: asyncio.Event, free: asyncio.Event, loop: asyncio.AbstractEventLoop
) -> None:
    """Lock every run until `free`."""

    def hold() -> None:
        with transaction.atomic():
            list(Run.objects.select_for_update())
            loop.call_soon_threadsafe(held.set)
            asyncio.run_coroutine_threadsafe(free.wait(), loop).result()
        connection.close()

    await sync_to_async(hold, thread_sensitive=False)()


# --- long deltas -------------------------------------------------------------------------------


async def test_a_delta_that_is_too_long_is_written_as_several_with_their_offsets() -> None:
    run = a_run()
    await run.push(START)
    await run.push(delta("ab"))
    run.committed(run.take(), 0.0)

    await run.push(delta("\U0001f600" * EVENT_CHARACTERS))
    await run.push(delta("end"))
    events = [agui.decode(entry.payload) for entry in run.take().entries]

    found = [
        (len(event.delta), event.metadata)
        for event in events
        if isinstance(event, agui.TextMessageContent)
    ]
    assert found == [
        (EVENT_CHARACTERS, {"kindline": {"off": 2}}),
        (3, {"kindline": {"off": EVENT_CHARACTERS + 2}}),
    ]


async def test_arguments_that_are_too_long_are_written_as_several() -> None:
    run = a_run()
    await run.push(START)
    await run.push(agui.ToolCallStart(tool_call_id="c", tool_call_name="n", parent_message_id="m"))

    await run.push(agui.ToolCallArgs(tool_call_id="c", delta="x" * (2 * EVENT_CHARACTERS + 1)))
    events = [agui.decode(entry.payload) for entry in run.take().entries]

    sizes = [len(event.delta) for event in events if isinstance(event, agui.ToolCallArgs)]
    assert sizes == [EVENT_CHARACTERS, EVENT_CHARACTERS, 1]
