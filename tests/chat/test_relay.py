"""What goes through Redis, and what does not while it is away."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from pytest_django import Settings

from realtime.accounts.models import User
from realtime.agent.testing import ScriptedModel, says
from realtime.chat.protocol import Cursor, Frame
from realtime.chat.relay import QUEUE, Relay, group_of
from tests.chat.test_engine import submission, watching
from tests.support.engine import TIMINGS, running_engine
from tests.support.eventually import until

FRAMES = [Frame(Cursor(1, 1), Cursor(0, 0), '"a word"'), Frame(Cursor(1, 2), Cursor(1, 1), "{}")]
NEVER = 3_600.0


class Ears:
    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.ends: list[Cursor] = []
        self.ended: list[str] = []

    def heard(self, group: str, frames: list[Frame]) -> None:
        self.frames += frames

    def heard_of(self, group: str, end: Cursor) -> None:
        self.ends.append(end)

    def heard_work(self) -> None: ...
    def heard_reset(self, group: str) -> None: ...

    def heard_ended(self, names: list[str], code: int) -> None:
        self.ended += names


class Line:
    """A channel layer that brings everything back, while it works."""

    def __init__(self) -> None:
        self.works = True
        self.deaf = False
        self.sent: list[dict[str, Any]] = []
        self.queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def new_channel(self) -> str:
        return "c"

    async def receive(self, channel: str) -> dict[str, Any]:
        return await self.queue.get()

    async def group_add(self, group: str, channel: str) -> None: ...
    async def group_discard(self, group: str, channel: str) -> None: ...

    async def flush(self) -> None: ...

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        if not self.works:
            raise ConnectionError
        self.sent.append(message)
        if not self.deaf:
            self.queue.put_nowait(message)

    def batches(self) -> list[dict[str, Any]]:
        return [message for message in self.sent if message["type"] == "kindline.batch"]


@contextmanager
def relaying(line: Line, ears: Ears, *, content: bool = True) -> Iterator[Relay]:
    tasks: set[asyncio.Task[Any]] = set()

    def spawn(work: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.ensure_future(work)
        tasks.add(task)
        return task

    timings = replace(TIMINGS, poll_active_s=0.05)
    lines = iter([line])
    relay = Relay(lambda: next(lines, Line()), ears, timings, spawn, content)
    relay.start()
    try:
        yield relay
    finally:
        for task in tasks:
            task.cancel()


async def test_frames_come_to_the_other_processes_as_they_are() -> None:
    ears = Ears()
    with relaying(Line(), ears) as relay:
        relay.tell("t.x", FRAMES)
        await until(lambda: bool(ears.frames))

    assert ears.frames == FRAMES


async def test_without_content_only_the_place_is_told() -> None:
    line, ears = Line(), Ears()
    with relaying(line, ears, content=False) as relay:
        relay.tell("t.x", FRAMES)
        await until(lambda: bool(ears.ends))

    assert ears.ends == [Cursor(1, 2)]
    assert "a word" not in str(line.sent)


async def test_long_frames_are_told_as_their_place() -> None:
    ears = Ears()
    with relaying(Line(), ears) as relay:
        relay.tell("t.x", [Frame(Cursor(1, 1), Cursor(0, 0), "x" * 70_000)])
        await until(lambda: bool(ears.ends))

    assert ears.frames == []


async def test_frames_are_not_told_while_redis_is_away_and_are_told_again_after() -> None:
    line, ears = Line(), Ears()
    with relaying(line, ears) as relay:
        line.works = False
        await until(lambda: not relay.healthy)
        line.works = True
        relay.tell("t.x", FRAMES)
        await until(relay._outgoing.empty)
        skipped = line.batches()
        await until(lambda: relay.healthy)
        relay.tell("t.x", FRAMES)
        await until(lambda: bool(ears.frames))

    assert skipped == []
    assert len(line.batches()) == 1


async def test_that_a_way_in_has_ended_is_tried_also_while_redis_is_away() -> None:
    line = Line()
    with relaying(line, Ears()) as relay:
        line.works = False
        await until(lambda: not relay.healthy)
        line.works = True
        relay.tell_ended(["session:x"], 4401)
        await until(lambda: any(m["type"] == "kindline.ended" for m in line.sent))


async def test_it_is_told_again_when_redis_is_back_to_who_could_not_hear_it() -> None:
    line, ears = Line(), Ears()
    with relaying(line, ears) as relay:
        line.works = False
        relay.tell_ended(["session:x"], 4401)
        await until(lambda: not relay.healthy and relay._outgoing.empty())
        line.works = True
        await until(lambda: bool(ears.ended))

    assert ears.ended == ["session:x"]


async def test_a_join_that_comes_through_after_its_leave_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else who wants the group again and fails is taken for joined, and never tried again."""
    line, held = Line(), asyncio.Event()

    async def slow(group: str, channel: str) -> None:
        await held.wait()

    with relaying(line, Ears()) as relay:
        await until(lambda: len(relay._joined) == 2)  # the pulse, and everybody's
        monkeypatch.setattr(line, "group_add", slow)
        relay.want("t.x")
        await until(lambda: "t.x" in relay._joining)
        relay.unwant("t.x")
        held.set()
        await until(lambda: not relay._joining)

        assert "t.x" not in relay._joined


async def test_an_odd_message_costs_no_other_its_way() -> None:
    line, ears = Line(), Ears()
    with relaying(line, ears) as relay:
        line.queue.put_nowait({"type": "kindline.of_a_later_version", "t": "all"})
        line.queue.put_nowait({"neither": "type"})
        relay.tell("t.x", FRAMES)
        await until(lambda: bool(ears.frames))

        assert relay.healthy


async def test_a_layer_that_has_gone_deaf_for_good_is_replaced() -> None:
    line, ears = Line(), Ears()
    with relaying(line, ears) as relay:
        line.deaf = True
        await until(lambda: not relay.healthy)
        await until(lambda: relay.healthy)
        relay.tell("t.x", FRAMES)
        await until(lambda: bool(ears.frames))

    assert relay.layer is not line


@pytest.mark.django_db(transaction=True)
async def test_a_receiver_of_the_real_layer_that_has_ended_is_replaced() -> None:
    async with running_engine(None, timings=replace(TIMINGS, poll_active_s=0.05)) as engine:
        relay = engine.hub._relay
        assert relay is not None
        layer: Any = relay.layer
        await until(lambda: bool(relay._joined))
        for shard in layer._get_layer()._shards:
            shard._receive_task.cancel()
        await until(lambda: not relay.healthy)
        await until(lambda: relay.healthy)

    assert relay.layer is not layer


async def test_of_more_than_the_queue_holds_the_oldest_goes() -> None:
    relay = Relay(Line, Ears(), TIMINGS, asyncio.ensure_future)
    for seq in range(1, QUEUE + 2):
        relay.tell("t.x", [Frame(Cursor(1, seq), Cursor(1, seq - 1), "{}")])

    assert relay._outgoing.qsize() == QUEUE
    assert relay._outgoing.get_nowait()[1]["end"] == "1-2"


@pytest.mark.django_db(transaction=True)
async def test_without_content_another_process_still_shows_the_reply(
    settings: Settings,
) -> None:
    settings.FANOUT_CONTENT = False
    owner = (await User.objects.acreate(username="somebody")).pk
    patient = replace(TIMINGS, publish_timeout_s=NEVER)
    unhealed = replace(patient, poll_active_s=NEVER, poll_idle_s=NEVER)
    async with (
        running_engine(ScriptedModel(says("By ", "hint.")), timings=patient) as engine,
        running_engine(None, timings=unhealed) as elsewhere,
    ):
        watcher = await watching(elsewhere, owner)
        relay = elsewhere.hub._relay
        await until(
            lambda: relay is not None and group_of(watcher.follower.watched) in relay._joined
        )
        await engine.intake.submit(submission(owner))
        await watcher.until(lambda w: w.over)

    assert watcher.text == "By hint."
