"""What the hub does when frames, hints, Postgres or Redis misbehave."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from realtime.accounts.models import User
from realtime.agent.testing import ScriptedModel, says
from realtime.chat import bridge, operations, queries
from realtime.chat import follower as follower_module
from realtime.chat import hub as hub_module
from realtime.chat.engine import Engine
from realtime.chat.follower import Place
from realtime.chat.hub import Hub
from realtime.chat.missed import Catchup
from realtime.chat.models import RunEvent
from realtime.chat.protocol import Cursor, Frame
from realtime.chat.relay import Relay, group_of
from tests.chat.test_engine import Watcher, submission, watching
from tests.support.engine import TIMINGS, redis_layer, running_engine
from tests.support.server import free_port

pytestmark = pytest.mark.django_db(transaction=True)

NEVER = 3_600.0
FAR = Cursor(9, 9)  # a hint of more than there is
WORDS = "what somebody wrote"
# Nothing heals by itself: no poll comes to the rescue of what these tests look at.
UNHEALED = replace(TIMINGS, poll_active_s=NEVER, poll_idle_s=NEVER, poll_unhealthy_s=NEVER)


@pytest.fixture
async def owner() -> int:
    return (await User.objects.acreate(username=str(uuid4()))).pk


@pytest.fixture
def nowhere() -> str:
    """A Redis that is not there: a process hears only what the test gives it."""
    return f"redis://127.0.0.1:{free_port()}/0"


async def until(ready: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not ready():  # noqa: ASYNC110 - what is looked at has no event of its own
            await asyncio.sleep(0.01)


async def answered(engine: Engine, owner: int) -> None:
    """A whole reply in the log of the thread."""
    watcher = await watching(engine, owner)
    await engine.intake.submit(submission(owner))
    await watcher.until(lambda w: w.over)
    engine.hub.unfollow(watcher.follower)


async def last_frame() -> Frame:
    event = await RunEvent.objects.order_by("-seq").afirst()
    assert event is not None
    return Frame(Cursor(1, event.seq), Cursor(1, event.seq - 1), event.payload)


class SlowRead:
    """catch_up, held after its look into Postgres: what is logged then it has not seen."""

    def __init__(self) -> None:
        self.real = queries.catch_up
        self.looked, self.go_on = threading.Event(), threading.Event()

    def __call__(self, **wanted: Any) -> Catchup:
        found = self.real(**wanted)
        if not self.go_on.is_set():
            self.looked.set()
            self.go_on.wait(15)
        return found


class TwoHeldReads:
    """catch_up, held after each of two looks; the first came too early to see anything."""

    def __init__(self) -> None:
        self.real = queries.catch_up
        self.looked = (threading.Event(), threading.Event())
        self.go_on = (threading.Event(), threading.Event())
        self.calls = 0

    def __call__(self, **wanted: Any) -> Catchup:
        turn, self.calls = self.calls, self.calls + 1
        found = self.real(**wanted)
        if turn < 2:
            self.looked[turn].set()
            self.go_on[turn].wait(15)
        return Catchup(None, wanted["cursor"], [], None) if turn == 0 else found


class FailsFirst:
    """A query that fails once as none should."""

    def __init__(self, real: Callable[..., Any]) -> None:
        self.real = real
        self.calls = 0

    def __call__(self, **wanted: Any) -> Any:
        self.calls += 1
        if self.calls == 1:
            raise LookupError(WORDS)
        return self.real(**wanted)


async def test_a_live_follower_reads_a_gap_from_the_log(owner: int, nowhere: str) -> None:
    async with (
        running_engine(ScriptedModel(says("One ", "two."))) as engine,
        running_engine(None, timings=UNHEALED, redis_url=nowhere) as elsewhere,
    ):
        watcher = await watching(elsewhere, owner)
        await until(lambda: watcher.follower.live)
        await answered(engine, owner)
        elsewhere.hub.heard(group_of((owner, "t1")), [await last_frame()])
        await watcher.until(lambda w: w.over)

    assert watcher.text == "One two."
    ids = [f["id"] for f in watcher.frames if "chunk" in f]
    assert len(ids) == len(set(ids))


async def test_a_frame_heard_twice_is_sent_once(owner: int, nowhere: str) -> None:
    async with running_engine(None, timings=UNHEALED, redis_url=nowhere) as engine:
        watcher = await watching(engine, owner)
        await until(lambda: watcher.follower.live)
        frame = Frame(Cursor(1, 1), Cursor(0, 0), '{"type":"RUN_STARTED"}')
        engine.hub.heard(group_of((owner, "t1")), [frame])
        engine.hub.heard(group_of((owner, "t1")), [frame])
        still_live = watcher.follower.live

    assert [f["id"] for f in watcher.frames if "chunk" in f] == [str(frame.id)]
    assert still_live


async def test_a_reset_starts_a_watcher_again_from_an_empty_snapshot(owner: int) -> None:
    async with running_engine(ScriptedModel(says("Gone.")), timings=UNHEALED) as engine:
        await answered(engine, owner)
        watcher = await watching(engine, owner)
        await until(lambda: watcher.follower.live)
        watcher.frames.clear()
        await bridge.run(operations.delete_thread, owner_id=owner, thread_id="t1")
        engine.hub.reset(owner_id=owner, thread_id="t1")
        await watcher.until(lambda w: len(w.frames) >= 2)

    snapshot, subscribed = watcher.frames[:2]  # Redis may bring our own word, and both again
    assert snapshot["messages"] == []
    assert subscribed["recovered"] is False


@pytest.mark.parametrize("what", ["hint", "last frame"])
async def test_what_is_heard_during_a_read_is_not_lost(
    owner: int, nowhere: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        running_engine(ScriptedModel(says("One ", "two."))) as engine,
        running_engine(None, timings=UNHEALED, redis_url=nowhere) as elsewhere,
    ):
        watcher = await watching(elsewhere, owner)
        await until(lambda: watcher.follower.live)
        slow = SlowRead()
        monkeypatch.setattr(queries, "catch_up", slow)
        elsewhere.hub.heard_of(group_of((owner, "t1")), FAR)
        await until(slow.looked.is_set)
        monkeypatch.setattr(queries, "catch_up", slow.real)
        await answered(engine, owner)
        last = await last_frame()
        if what == "hint":
            elsewhere.hub.heard_of(group_of((owner, "t1")), last.id)
        else:
            elsewhere.hub.heard(group_of((owner, "t1")), [last])
        slow.go_on.set()
        await watcher.until(lambda w: w.over)

    assert watcher.text == "One two."


async def test_a_frame_heard_during_a_second_read_is_sent_once(
    owner: int, nowhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first read has made the follower live; the second must not be overtaken."""
    async with (
        running_engine(ScriptedModel(says("Once."))) as engine,
        running_engine(None, timings=UNHEALED, redis_url=nowhere) as elsewhere,
    ):
        watcher = await watching(elsewhere, owner)
        await until(lambda: watcher.follower.live)
        await answered(engine, owner)
        event = await RunEvent.objects.aget(seq=2)
        reads = TwoHeldReads()
        monkeypatch.setattr(queries, "catch_up", reads)
        watcher.follower.queued = Place(Cursor(1, 1), announced=True)
        group = group_of((owner, "t1"))
        elsewhere.hub.heard_of(group, FAR)
        await until(reads.looked[0].is_set)
        elsewhere.hub.heard_of(group, FAR)
        reads.go_on[0].set()
        await until(reads.looked[1].is_set)
        elsewhere.hub.heard(group, [Frame(Cursor(1, 2), Cursor(1, 1), event.payload)])
        reads.go_on[1].set()
        await watcher.until(lambda w: w.over)

    ids = [f["id"] for f in watcher.frames if "chunk" in f]
    assert len(ids) == len(set(ids))


async def test_frames_beyond_what_may_wait_are_read_from_the_log(
    owner: int, nowhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower_module, "WAITING", 3)
    async with (
        running_engine(ScriptedModel(says("One ", "two."))) as engine,
        running_engine(None, timings=UNHEALED, redis_url=nowhere) as elsewhere,
    ):
        slow = SlowRead()
        monkeypatch.setattr(queries, "catch_up", slow)
        watcher = Watcher(elsewhere, owner)
        await until(slow.looked.is_set)
        monkeypatch.setattr(queries, "catch_up", slow.real)
        await answered(engine, owner)
        old = Frame(Cursor(1, 1), Cursor(0, 0), '{"type":"RUN_STARTED"}')
        elsewhere.hub.heard(group_of((owner, "t1")), [old] * 10)
        kept = len(watcher.follower.waiting)
        slow.go_on.set()
        await watcher.until(lambda w: w.over)

    assert kept <= 3
    assert watcher.text == "One two."


async def test_a_hint_marks_its_thread_active(owner: int, nowhere: str) -> None:
    async with running_engine(None, timings=UNHEALED, redis_url=nowhere) as engine:
        await watching(engine, owner)
        engine.hub.heard_of(group_of((owner, "t1")), FAR)
        active = set(engine.hub._active)

    assert active == {(owner, "t1")}


async def test_a_failed_read_is_done_again(
    owner: int, nowhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        running_engine(ScriptedModel(says("Here."))) as engine,
        running_engine(None, redis_url=nowhere) as elsewhere,
    ):
        watcher = await watching(elsewhere, owner)
        await until(lambda: watcher.follower.live)
        failing = FailsFirst(queries.catch_up)
        monkeypatch.setattr(queries, "catch_up", failing)
        elsewhere.hub.heard_of(group_of((owner, "t1")), FAR)
        await until(lambda: failing.calls > 0)
        await answered(engine, owner)
        await watcher.until(lambda w: w.over)

    assert watcher.text == "Here."


async def test_the_poll_survives_an_error(
    owner: int, nowhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        running_engine(ScriptedModel(says("Found.")), timings=UNHEALED) as engine,
        running_engine(None, redis_url=nowhere) as elsewhere,
    ):
        watcher = await watching(elsewhere, owner)
        failing = FailsFirst(queries.last_runs)
        monkeypatch.setattr(queries, "last_runs", failing)
        await until(lambda: failing.calls > 0)
        await answered(engine, owner)
        await watcher.until(lambda w: w.over)

    assert watcher.text == "Found."


async def test_an_error_is_logged_without_its_words(
    owner: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(queries, "catch_up", FailsFirst(queries.catch_up))

    async with running_engine(None) as engine:
        await watching(engine, owner)

    assert "LookupError" in caplog.text
    assert WORDS not in caplog.text


class Deaf:
    """Nobody listens to this relay."""

    def heard(self, group: str, frames: list[Frame]) -> None: ...
    def heard_of(self, group: str, end: Cursor) -> None: ...
    def heard_reset(self, group: str) -> None: ...


class DropsHeartbeats:
    """A real layer that can be told to carry nothing, without an error, as a lost peer would."""

    def __init__(self) -> None:
        self.real = redis_layer()
        self.mute = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    async def flush(self) -> None: ...

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        if not self.mute:
            await self.real.group_send(group, message)


async def test_a_process_that_only_watches_notices_that_redis_is_silent_and_is_back() -> None:
    layer = DropsHeartbeats()
    hub = Hub(TIMINGS, lambda: layer)
    hub.start()
    relay = hub._relay
    assert relay is not None
    try:
        layer.mute = True
        await until(lambda: not relay.healthy)
        layer.mute = False
        await until(lambda: relay.healthy)
    finally:
        await hub.stop()
        await layer.real.flush()


class SwallowsCancels:
    """A layer whose sending turns a cancellation into a success, as its client may."""

    def __init__(self) -> None:
        self.sending = asyncio.Event()
        self.never = asyncio.Event()

    async def new_channel(self) -> str:
        return "c"

    async def receive(self, channel: str) -> dict[str, Any]:
        await self.never.wait()
        raise AssertionError("nothing is ever received")

    async def group_add(self, group: str, channel: str) -> None: ...
    async def group_discard(self, group: str, channel: str) -> None: ...

    async def flush(self) -> None: ...

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self.sending.set()
        try:
            await self.never.wait()
        except asyncio.CancelledError:
            return


async def test_a_publisher_ends_though_its_cancel_was_swallowed() -> None:
    layer = SwallowsCancels()
    hub = Hub(replace(TIMINGS, publish_timeout_s=NEVER), lambda: layer)
    hub.start()
    relay: Relay | None = hub._relay
    assert relay is not None
    for seq in range(100):
        relay.tell("t.x", [Frame(Cursor(1, seq + 1), Cursor(1, seq), "{}")])
    await layer.sending.wait()

    async with asyncio.timeout(2 * hub_module.STOP_STEP_S):
        await hub.stop()

    assert hub._tasks == set()


async def test_stopping_is_bounded_when_a_task_will_not_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub_module, "STOP_STEP_S", 0.01)
    hub = Hub(TIMINGS, SwallowsCancels)
    released = asyncio.Event()

    async def stubborn() -> None:
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue

    task = hub._spawn(stubborn())
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await hub.stop()

    assert not task.done()
    released.set()
    await task
