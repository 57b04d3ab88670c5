"""Flusher, hub and supervisor joined in the test's own loop, on real Postgres and Redis."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections

from realtime.accounts.models import User
from realtime.agent.errors import ContentFiltered, ModelUnavailable
from realtime.agent.model import ModelFinished, ModelText
from realtime.agent.testing import Gate, ScriptedModel, says
from realtime.chat import turns
from realtime.chat.engine import Engine
from realtime.chat.follower import Follower, Outgoing, Place
from realtime.chat.models import Message, Run, RunEvent
from realtime.chat.operations import Submission
from realtime.chat.protocol import Cursor, Frame
from realtime.chat.relay import group_of
from realtime.chat.transcript import text_of
from tests.support.engine import running_engine
from tests.support.eventually import until
from tests.support.server import database_url, free_port
from tests.support.tcp_proxy import tcp_proxy

pytestmark = pytest.mark.django_db(transaction=True)

FINISHED = ModelFinished("stop", None)


@pytest.fixture
async def owner() -> int:
    return (await User.objects.acreate(username=str(uuid4()))).pk


def submission(owner: int, thread_id: str = "t1", text: str = "hi") -> Submission:
    place: dict[str, str | None] = {"country": None, "timeZone": None, "locale": None}
    return Submission(owner, thread_id, str(uuid4()), str(uuid4()), text, place)


class Watcher:
    """What one socket would be sent."""

    def __init__(self, engine: Engine, owner: int, cursor: Cursor | None = None) -> None:
        self.frames: list[dict[str, Any]] = []
        self.changed = asyncio.Event()
        self.follower = Follower(owner, "t1", self, Place(cursor))
        engine.hub.follow(self.follower)

    def put(self, out: Outgoing) -> bool:
        out.sent()
        self.hint(out.text)
        return True

    def lag(self) -> None:
        raise AssertionError("it has room for all")

    def room(self) -> contextlib.AbstractAsyncContextManager[None]:
        return contextlib.nullcontext()

    def unavailable(self) -> None:
        raise AssertionError("it can be read")

    def hint(self, text: str) -> None:
        self.frames.append(json.loads(text))
        self.changed.set()

    @property
    def text(self) -> str:
        return "".join(f["chunk"].get("delta", "") for f in self.frames if "chunk" in f)

    @property
    def over(self) -> bool:
        return any(
            f["chunk"]["type"] in ("RUN_FINISHED", "RUN_ERROR")
            for f in self.frames
            if "chunk" in f
        )

    async def until(self, ready: Callable[[Watcher], bool]) -> None:
        async with asyncio.timeout(15):
            while not ready(self):
                self.changed.clear()
                await self.changed.wait()


async def watching(engine: Engine, owner: int) -> Watcher:
    """A watcher that has caught up: what comes from now on comes as frames."""
    watcher = Watcher(engine, owner)
    await watcher.until(lambda w: bool(w.frames))
    return watcher


@sync_to_async
def cut_connections() -> None:
    """End every connection to the tests' database, as a restart would."""
    connections.close_all()
    with psycopg.connect(database_url(), autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


async def test_the_log_of_a_run_has_no_hole_and_one_end(owner: int) -> None:
    model = ScriptedModel(says("One ", "two ", "three."))

    async with running_engine(model) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner))
        await watcher.until(lambda w: w.over)

    events = [event async for event in RunEvent.objects.order_by("seq")]
    run = await Run.objects.aget()
    assert [event.seq for event in events] == list(range(1, run.last_seq + 1))
    assert [e.kind for e in events if e.kind.startswith("RUN_")] == ["RUN_STARTED", "RUN_FINISHED"]
    assert (run.state, run.model) == ("completed", "scripted")


async def test_what_a_watcher_got_equals_the_rows_between_its_cursors(owner: int) -> None:
    model = ScriptedModel(says(*[f"{i} " for i in range(200)]))

    async with running_engine(model) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner))
        await watcher.until(lambda w: w.over)

    rows = [json.loads(e.payload) async for e in RunEvent.objects.order_by("seq")]
    assert [f["chunk"] for f in watcher.frames if "chunk" in f] == rows
    message = await Message.objects.aget(role="assistant")
    assert watcher.text == text_of(message.content) == "".join(f"{i} " for i in range(200))


async def test_a_lost_database_connection_costs_no_word(owner: int) -> None:
    gates = [Gate(), Gate()]
    model = ScriptedModel(
        [ModelText("One "), gates[0], ModelText("two "), gates[1], ModelText("three."), FINISHED]
    )

    async with running_engine(model) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner))
        for gate in gates:
            await gate.reached.wait()
            await cut_connections()
            gate.opened.set()
        await watcher.until(lambda w: w.over)

    assert watcher.text == "One two three."
    assert text_of((await Message.objects.aget(role="assistant")).content) == "One two three."


async def test_without_redis_the_sender_sees_everything(owner: int) -> None:
    model = ScriptedModel(says("All ", "here."))
    nowhere = f"redis://127.0.0.1:{free_port()}/0"

    async with running_engine(model, redis_url=nowhere) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner))
        await watcher.until(lambda w: w.over)

    assert watcher.text == "All here."


async def test_without_redis_another_process_finds_the_reply_by_polling(owner: int) -> None:
    nowhere = f"redis://127.0.0.1:{free_port()}/0"

    async with (
        running_engine(ScriptedModel(says("All ", "here.")), redis_url=nowhere) as engine,
        running_engine(None, redis_url=nowhere) as elsewhere,
    ):
        watcher = await watching(elsewhere, owner)
        await engine.intake.submit(submission(owner))
        await watcher.until(lambda w: w.over)

    assert watcher.text == "All here."


@pytest.mark.parametrize("how", ["leave", "freeze"])
async def test_redis_that_dies_in_mid_reply_costs_nobody_a_word(owner: int, how: str) -> None:
    gate = Gate()
    model = ScriptedModel([ModelText("Before. "), gate, ModelText("After."), FINISHED])

    async with (
        tcp_proxy(settings.REDIS_URL) as (redis, url),
        running_engine(model, redis_url=url) as engine,
        running_engine(None, redis_url=url) as elsewhere,
    ):
        watchers = [await watching(each, owner) for each in (engine, elsewhere)]
        await engine.intake.submit(submission(owner))
        for watcher in watchers:
            await watcher.until(lambda w: w.text == "Before. ")
        getattr(redis, how)()
        gate.opened.set()
        for watcher in watchers:
            await watcher.until(lambda w: w.over)

    assert [watcher.text for watcher in watchers] == ["Before. After."] * 2


async def test_a_frame_that_is_not_in_the_log_is_dropped(owner: int) -> None:
    async with running_engine(ScriptedModel(says("True."))) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner))
        await watcher.until(lambda w: w.over)
        invented = Frame(Cursor(9, 9), Cursor(9, 8), '{"type":"CUSTOM","name":"x","value":1}')
        engine.hub.heard(group_of((owner, "t1")), [invented])
        await until(lambda: watcher.follower.live)

    assert watcher.follower.live
    assert "CUSTOM" not in {f["chunk"]["type"] for f in watcher.frames if "chunk" in f}


async def test_a_stopped_run_ends_its_upstream(owner: int) -> None:
    gate = Gate()
    model = ScriptedModel([ModelText("One "), gate, FINISHED])

    async with running_engine(model) as engine:
        watcher = await watching(engine, owner)
        asked = submission(owner)
        await engine.intake.submit(asked)
        await gate.reached.wait()
        [(task, _, _)] = engine.supervisor._running.values()
        await engine.intake.stop(owner_id=owner, run_id=asked.run_id)
        await watcher.until(lambda w: w.over)
        await asyncio.wait([task], timeout=5)
        assert model.streaming == 0

    assert (await Run.objects.aget()).state == "cancelled"


async def test_a_run_beyond_the_places_of_this_process_waits_for_one(owner: int) -> None:
    gate = Gate()
    model = ScriptedModel([ModelText("One."), gate, FINISHED], says("Two."))

    async with running_engine(model, max_turns=1) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner, "other"))
        await gate.reached.wait()
        await engine.intake.submit(submission(owner))
        assert (await Run.objects.aget(thread__client_thread_id="t1")).state == "queued"
        gate.opened.set()
        await watcher.until(lambda w: w.over)

    assert watcher.text == "Two."


async def test_a_value_that_postgres_refuses_fails_only_its_own_run(owner: int) -> None:
    good_gate, bad_gate = Gate(), Gate()
    # Past the agent's own door, as a defect of ours would be.
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
        [bad] = [r for r in engine.flusher._runs.values() if r.thread_id == "t2"]
        bad._ending = {"state": "no such state", "error_code": None, "usage": None}
        bad.changed(bad, urgent=True)
        good_gate.opened.set()
        await watcher.until(lambda w: w.over)

    assert watcher.text == "Good words."
    assert bad.closed.is_set()


async def test_a_model_that_fails_before_words_ends_the_run_with_its_code(owner: int) -> None:
    async with running_engine(ScriptedModel([ContentFiltered("no")])) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner))
        await watcher.until(lambda w: w.over)

    end = watcher.frames[-1]["chunk"]
    assert (end["type"], end["code"]) == ("RUN_ERROR", "content_filtered")
    assert (await Run.objects.aget()).error_code == "content_filtered"


async def test_a_model_that_runs_away_is_cut(owner: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "MAX_REPLY_CHARACTERS", 100)
    model = ScriptedModel(says(*["word "] * 1_000))

    async with running_engine(model) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner))
        await watcher.until(lambda w: w.over)

    assert 100 < len(watcher.text) <= 105
    assert (await Message.objects.aget(role="assistant")).status == "partial"


async def test_a_retry_is_told_and_not_logged(owner: int) -> None:
    async with running_engine(ScriptedModel([ModelUnavailable("x")], says("Now."))) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(submission(owner))
        await watcher.until(lambda w: w.over)

    hints = [f for f in watcher.frames if f.get("name") == "kindline.status"]
    assert [hint["value"]["state"] for hint in hints] == ["retrying"]
    assert "CUSTOM" not in [e.kind async for e in RunEvent.objects.all()]
