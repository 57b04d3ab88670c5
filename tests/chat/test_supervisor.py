"""Who answers a run, for how long, and what becomes of runs that nobody answers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError
from django.utils import timezone

from realtime.accounts.models import User
from realtime.agent.model import ModelFinished, ModelText
from realtime.agent.testing import Gate, ScriptedModel, Step, says
from realtime.chat import bridge, leases, operations, turns
from realtime.chat.engine import build_engine
from realtime.chat.leases import Claim
from realtime.chat.models import Run
from realtime.chat.preparing import prepare
from tests.chat.test_engine import submission, watching
from tests.support.engine import TIMINGS, redis_layer, running_engine
from tests.support.eventually import until
from tests.support.server import database_url

pytestmark = pytest.mark.django_db(transaction=True)

FINISHED = ModelFinished("stop", None)


@pytest.fixture
async def owner() -> int:
    return (await User.objects.acreate(username=str(uuid4()))).pk


async def test_a_model_that_thinks_longer_than_a_lease_keeps_its_run(owner: int) -> None:
    gate = Gate()
    model = ScriptedModel([ModelText("One "), gate, ModelText("two."), FINISHED])

    async with running_engine(model) as engine, running_engine(None):
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner))
        await gate.reached.wait()
        await asyncio.sleep(1.5 * TIMINGS.lease_s)
        gate.opened.set()
        await watcher.until(lambda w: w.over)

    assert watcher.text == "One two."
    assert (await Run.objects.aget()).state == "completed"


async def test_no_more_turns_run_than_there_are_places() -> None:
    people = [await User.objects.acreate(username=str(n)) for n in range(10)]
    gates = [Gate() for _ in range(10)]
    replies: list[list[Step]] = [[ModelText("Words."), gate, FINISHED] for gate in gates]
    model = ScriptedModel(*replies)
    most = 0

    async with running_engine(model, max_turns=2) as engine:
        asked = [submission(person.pk) for person in people]
        await asyncio.gather(*(engine.intake.submit(each) for each in asked))
        for gate in gates:
            await asyncio.wait_for(gate.reached.wait(), 15)
            most = max(most, model.streaming, len(engine.supervisor._running))
            gate.opened.set()
        await until(lambda: model.streaming == 0)

    assert most == 2


async def test_a_claim_that_found_nothing_gives_its_place_back(owner: int) -> None:
    async with running_engine(ScriptedModel(says("Words.")), max_turns=1) as engine:
        for _ in range(3):
            engine.supervisor.claim_soon(uuid4())
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner))
        await watcher.until(lambda w: w.over)

    assert watcher.text == "Words."


async def test_a_run_that_cannot_be_ended_keeps_no_other_from_its_end(
    owner: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, other = [await expired_run(owner, thread_id) for thread_id in ("t1", "t2")]
    interrupt = leases.interrupt

    def refusing(*, run_id: UUID) -> Any:
        if run_id == stuck:
            raise OperationalError("canceling statement due to lock timeout")
        return interrupt(run_id=run_id)

    monkeypatch.setattr(leases, "interrupt", refusing)
    async with running_engine(ScriptedModel(says("Words."))) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner, "t3"))
        await eventually_in_state(other, "failed")

    assert (await Run.objects.aget(id=stuck)).state == "running"
    assert watcher.frames


@pytest.mark.parametrize(("regain_s", "state"), [(3600.0, "running"), (0.2, "failed")])
async def test_after_storage_was_away_owners_have_time_to_renew_their_leases(
    owner: int, monkeypatch: pytest.MonkeyPatch, regain_s: float, state: str
) -> None:
    run_id = await expired_run(owner, "t1")
    look, failures, looks = leases.lost_runs, iter([OperationalError("x")]), [0]

    def away_at_first(*, abandoned_s: float) -> list[UUID]:
        if (error := next(failures, None)) is not None:
            raise error
        looks[0] += 1
        return look(abandoned_s=abandoned_s)

    monkeypatch.setattr(leases, "lost_runs", away_at_first)
    async with running_engine(None, timings=replace(TIMINGS, regain_s=regain_s)):
        await until(lambda: looks[0] == 4)

    assert (await Run.objects.aget(id=run_id)).state == state


async def test_a_queued_run_that_no_model_takes_ends_and_frees_its_thread(owner: int) -> None:
    await asked(owner, "t1")
    timings = replace(TIMINGS, queue_s=0.2)

    async with running_engine(None, timings=timings) as engine:
        watcher = await watching(engine, owner)
        await watcher.until(lambda w: w.over)

    run = await Run.objects.aget()
    assert (run.state, run.error_code) == ("failed", "upstream_unavailable")
    await asked(owner, "t1")


async def test_a_queued_run_waits_its_time(owner: int) -> None:
    await asked(owner, "t1")

    assert await bridge.run(leases.unclaimed_runs, queue_s=60) == []


async def test_storage_that_comes_back_costs_a_turn_nothing(
    owner: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([OperationalError("x"), OperationalError("x")])

    def failing_twice(claim: Claim, **how: Any) -> Any:
        if (error := next(failures, None)) is not None:
            raise error
        return prepare(claim, **how)

    monkeypatch.setattr(turns, "prepare", failing_twice)
    async with running_engine(ScriptedModel(says("Words."))) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner))
        await watcher.until(lambda w: w.over)

    assert watcher.text == "Words."


async def test_storage_that_stays_away_ends_a_turn_with_its_code(
    owner: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(claim: Claim, **how: Any) -> Any:
        raise OperationalError("x")

    monkeypatch.setattr(turns, "prepare", failing)
    timings = replace(TIMINGS, storage_give_up_s=0.1)
    async with running_engine(ScriptedModel(), timings=timings) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner))
        await watcher.until(lambda w: w.over)

    end = watcher.frames[-1]["chunk"]
    assert (end["code"], end["metadata"]["kindline"]["retryable"]) == ("storage_unavailable", True)


async def test_an_operation_that_does_not_return_is_not_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bridge, "ANSWER_S", 0.05)
    done = threading.Event()

    with pytest.raises(bridge.StorageUnavailable):
        await bridge.run(done.wait)
    done.set()


def test_an_engine_starts_anew_when_its_loop_is_closed() -> None:
    engine = build_engine(model=None, conninfo=database_url(), timings=TIMINGS, max_turns=1)
    first = engine.supervisor

    async def live(work: Callable[[], Awaitable[None]]) -> None:
        engine.hub.new_layer = redis_layer
        await work()

    async def abandoned() -> None:
        await engine.start()
        await engine.supervisor.drain()
        await engine.flusher.stop()
        await engine.hub.stop()

    async def again() -> None:
        await engine.start()
        assert engine.supervisor is not first
        assert engine.supervisor._sweeper is not None
        await engine.stop()

    asyncio.run(live(abandoned))
    asyncio.run(live(again))


async def test_an_engine_refuses_a_second_loop_while_the_first_lives() -> None:
    async with running_engine(None) as engine:
        with pytest.raises(RuntimeError, match="another event loop"):
            await asyncio.to_thread(asyncio.run, engine.start())


async def asked(owner: int, thread_id: str) -> UUID:
    asked = submission(owner, thread_id)
    return (await bridge.run(operations.submit, submission=asked)).run_id


async def expired_run(owner: int, thread_id: str) -> UUID:
    run_id = await asked(owner, thread_id)
    past = timezone.now() - timedelta(seconds=60)
    lost = {"state": "running", "epoch": 1, "attempt": leases.MAX_ATTEMPTS}
    await Run.objects.filter(id=run_id).aupdate(**lost, lease_until=past)
    return run_id


async def eventually_in_state(run_id: UUID, state: str) -> None:
    async with asyncio.timeout(15):
        runs = Run.objects.filter(id=run_id, state=state)
        while not await runs.aexists():  # noqa: ASYNC110 - the sweep tells only its sockets
            await asyncio.sleep(TIMINGS.sweep_s)
