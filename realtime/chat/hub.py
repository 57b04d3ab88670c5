"""Per-process fan-out: sockets follow threads by cursor.

What a follower misses, whatever the reason, is read from Postgres: on a gap, and by a safety
poll. A follower registers before it reads, so nothing falls between the two (protocol.md 1.8).
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from channels.layers import get_channel_layer

from realtime.chat import bridge, protocol, queries
from realtime.chat.log import Logged
from realtime.chat.protocol import START, Cursor, Frame
from realtime.chat.relay import Layer, Relay
from realtime.chat.timings import Timings

logger = logging.getLogger(__name__)

WAITING = 1_000  # frames kept while a follower is read; beyond, the log has them
STOP_TRIES, STOP_STEP_S = 10, 0.5

Watched = tuple[int, str]  # owner id, client thread id


@dataclass(slots=True, eq=False)
class Follower:
    """One socket's view of one thread. `send` puts a text frame into the socket's outbox.

    `announce`: say `subscribed` when caught up. `live` is False while Postgres is read; frames
    that come meanwhile wait.
    """

    owner_id: int
    thread_id: str
    send: Callable[[str], None]
    cursor: Cursor | None
    announce: bool = True
    live: bool = False
    behind: bool = False
    waiting: list[Frame] = field(default_factory=list)
    reading: asyncio.Task[None] | None = None

    @property
    def watched(self) -> Watched:
        return (self.owner_id, self.thread_id)


def group_of(watched: Watched) -> str:
    """The thread's group: a hash, because client ids hold more than a group name may."""
    owner_id, thread_id = watched
    return "t." + hashlib.sha256(f"{owner_id}\0{thread_id}".encode()).hexdigest()[:40]


@dataclass(slots=True)
class Hub:
    timings: Timings
    layer: Layer | None = None
    _relay: Relay | None = None
    _followers: dict[Watched, set[Follower]] = field(default_factory=dict)
    _by_group: dict[str, Watched] = field(default_factory=dict)
    _active: set[Watched] = field(default_factory=set)
    _polled_at: dict[Watched, float] = field(default_factory=dict)
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    _stopping: bool = False

    def start(self) -> None:
        """Listen, publish and poll in tasks of its own. Redis need not be there."""
        if self._relay is not None:
            return
        layer = self.layer or get_channel_layer()
        assert layer is not None
        self._stopping = False
        self._relay = Relay(layer, self, self.timings, self._spawn)
        self._relay.start()
        self._spawn(self._poll())

    async def stop(self) -> None:
        """End our tasks; in bounded time, because the layer's client may swallow a cancel."""
        self._stopping = True
        if self._relay is not None:
            self._relay.stop()
        for _ in range(STOP_TRIES):
            if not self._tasks:
                break
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(set(self._tasks), timeout=STOP_STEP_S)
        self._relay = None

    # --- followers ---------------------------------------------------------------------------

    def follow(self, follower: Follower) -> None:
        """Register first, then read what was missed: no gap, no duplicate."""
        watched = follower.watched
        if watched not in self._followers:
            self._followers[watched] = set()
            self._by_group[group_of(watched)] = watched
            if self._relay is not None:
                self._relay.want(group_of(watched))
        self._followers[watched].add(follower)
        self._catch_up(follower)

    def unfollow(self, follower: Follower) -> None:
        if follower.reading is not None:
            follower.reading.cancel()
        watched = follower.watched
        followers = self._followers.get(watched, set())
        followers.discard(follower)
        if not followers and watched in self._followers:
            del self._followers[watched]
            del self._by_group[group_of(watched)]
            self._active.discard(watched)
            self._polled_at.pop(watched, None)
            if self._relay is not None:
                self._relay.unwant(group_of(watched))

    def _catch_up(self, follower: Follower) -> None:
        follower.live = False
        follower.behind = True
        if follower.reading is None or follower.reading.done():
            follower.reading = self._spawn(self._read_missed(follower))

    async def _read_missed(self, follower: Follower) -> None:
        """Read until nothing is missing: a follower is live, or this loop goes on.

        A frame is committed before it is heard of, so what came before a read began is in what
        was read, or not of this thread's log (it was deleted, say). What comes during a read goes
        through the filter, which asks for one more read where it does not fit.
        """
        pause = self.timings.poll_unhealthy_s
        while follower.behind and not self._stopping:
            follower.live = follower.behind = False
            follower.waiting.clear()
            try:
                await self._read(follower)
                pause = self.timings.poll_unhealthy_s
            except Exception as error:  # whatever it was: nobody else would read again
                if not isinstance(error, bridge.StorageUnavailable):
                    _log_failure("reading a thread", error)
                follower.live, follower.behind = False, True
                await asyncio.sleep(pause)
                pause = min(2 * pause, self.timings.poll_active_s)

    async def _read(self, follower: Follower) -> None:
        missed = await bridge.run(
            queries.catch_up,
            owner_id=follower.owner_id,
            thread_id=follower.thread_id,
            cursor=follower.cursor,
        )
        _send_missed(follower, missed)
        if missed.active_run_id is not None:
            self._active.add(follower.watched)
        follower.live = True
        waiting, follower.waiting = follower.waiting, []
        for frame in waiting:
            self._offer(follower, frame)

    def _offer(self, follower: Follower, frame: Frame) -> None:
        """The filter of every frame: already seen, the next one, or a gap to be read."""
        if not follower.live:
            if len(follower.waiting) >= WAITING:
                follower.waiting.clear()
                follower.behind = True
            follower.waiting.append(frame)
        elif follower.cursor is not None and frame.id <= follower.cursor:
            return
        elif frame.prev == follower.cursor:
            follower.cursor = frame.id
            follower.send(protocol.envelope(frame, thread_id=follower.thread_id))
        else:
            follower.waiting.append(frame)
            self._catch_up(follower)

    # --- frames in and out -------------------------------------------------------------------

    def deliver(self, logged: Logged) -> None:
        """Give committed frames to this process's sockets and tell the other processes."""
        watched = (logged.owner_id, logged.thread_id)
        self._spread(watched, logged.frames)
        if self._relay is not None and logged.frames:
            self._relay.tell(group_of(watched), logged.frames)

    def hint(self, *, owner_id: int, thread_id: str, text: str) -> None:
        """An undurable frame for the sockets of this process."""
        for follower in self._followers.get((owner_id, thread_id), ()):
            follower.send(text)

    def reset(self, *, owner_id: int, thread_id: str) -> None:
        """The thread was deleted: everybody starts again from a snapshot."""
        self._restart((owner_id, thread_id))
        if self._relay is not None:
            self._relay.tell_reset(group_of((owner_id, thread_id)))

    def heard(self, group: str, frames: list[Frame] | None) -> None:
        watched = self._by_group.get(group)
        if watched is None:
            return
        self._active.add(watched)
        if frames is not None:
            self._spread(watched, frames)
            return
        for follower in self._followers[watched]:
            self._catch_up(follower)

    def heard_reset(self, group: str) -> None:
        watched = self._by_group.get(group)
        if watched is not None:
            self._restart(watched)

    def _spread(self, watched: Watched, frames: list[Frame]) -> None:
        if watched in self._followers:
            self._active.add(watched)
        for follower in list(self._followers.get(watched, ())):
            for frame in frames:
                self._offer(follower, frame)

    def _restart(self, watched: Watched) -> None:
        for follower in self._followers.get(watched, ()):
            if follower.reading is not None:
                follower.reading.cancel()
                follower.reading = None
            follower.cursor = None
            follower.waiting.clear()
            self._catch_up(follower)

    # --- safety poll -------------------------------------------------------------------------

    async def _poll(self) -> None:
        """Heals silent loss, for as long as the process lives."""
        pause = self.timings.poll_unhealthy_s
        while not self._stopping:
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))
            try:
                await self._poll_once()
                pause = self.timings.poll_unhealthy_s
            except bridge.StorageUnavailable:
                continue
            except Exception as error:  # whatever it was: without the poll losses stay
                _log_failure("the poll", error)
                pause = min(2 * pause, self.timings.poll_idle_s)

    async def _poll_once(self) -> None:
        """Compare each follower's cursor with the thread's last run."""
        assert self._relay is not None
        self._relay.join_missing()
        due = self._due_for_poll(asyncio.get_running_loop().time())
        before = {f: f.cursor for watched in due for f in self._followers[watched]}
        last = await bridge.run(queries.last_runs, watched=due)
        for follower, cursor in before.items():
            self._compare(follower, cursor, last.get(follower.watched))

    def _due_for_poll(self, now: float) -> list[Watched]:
        assert self._relay is not None
        due = []
        for watched in self._followers:
            every = self.timings.poll_idle_s
            if watched in self._active:
                every = self.timings.poll_active_s
            if not self._relay.healthy:
                every = self.timings.poll_unhealthy_s
            if now - self._polled_at.get(watched, 0.0) >= every:
                self._polled_at[watched] = now
                due.append(watched)
        return due

    def _compare(
        self, follower: Follower, before: Cursor | None, last: queries.LastRun | None
    ) -> None:
        """`before` is where the follower was when Postgres was asked."""
        if follower not in self._followers.get(follower.watched, ()):
            return
        if last is None or not last.active:
            self._active.discard(follower.watched)
        else:
            self._active.add(follower.watched)
        end = START if last is None else last.cursor
        if not follower.live or before is None or follower.cursor is None:
            return
        if before > end:
            follower.cursor = None  # the thread was deleted meanwhile
        if follower.cursor is None or follower.cursor < end:
            self._catch_up(follower)

    def _spawn(self, work: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log_failure("a task of the hub", task.exception())


def _log_failure(what: str, error: BaseException | None) -> None:
    """Say what failed and where, without the error's own words: they may quote a message."""
    where = "" if error is None else "".join(traceback.format_tb(error.__traceback__))
    logger.error("%s failed: %s\n%s", what, type(error).__name__, where)


def _send_missed(follower: Follower, missed: queries.Catchup) -> None:
    thread_id = follower.thread_id
    if missed.snapshot is not None:
        follower.send(
            protocol.snapshot(
                thread_id=thread_id,
                cursor=missed.snapshot.cursor,
                messages=missed.snapshot.messages,
                notices=missed.snapshot.notices,
            )
        )
    if follower.announce or missed.snapshot is not None:
        follower.announce = False
        follower.send(
            protocol.subscribed(
                thread_id=thread_id,
                recovered=missed.snapshot is None,
                cursor=missed.start,
                active_run_id=missed.active_run_id,
            )
        )
    follower.cursor = missed.start
    for frame in missed.frames:
        follower.cursor = frame.id
        follower.send(protocol.envelope(frame, thread_id=thread_id))
