"""Per-process fan-out: sockets follow threads by cursor.

What a follower misses, whatever the reason, is read from Postgres: on a gap, and by a safety
poll. A follower registers before it reads, so nothing falls between the two (protocol.md 1.8).
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from channels import DEFAULT_CHANNEL_LAYER
from channels.layers import channel_layers
from django.conf import settings

from realtime.chat import bridge, queries
from realtime.chat.failures import log_failure
from realtime.chat.follower import Follower, Watched
from realtime.chat.log import Logged
from realtime.chat.missed import LastRun
from realtime.chat.protocol import START, Cursor, Frame
from realtime.chat.reader import Reader
from realtime.chat.relay import Layer, Relay, give_back, group_of
from realtime.chat.sockets import Sockets
from realtime.chat.timings import Timings

logger = logging.getLogger(__name__)

STOP_TRIES, STOP_STEP_S = 10, 0.5
FLUSH_S = 0.25  # for the last hints: what does not get out is found by others' polls and sweeps


def _new_layer() -> Layer:
    """Not the shared one: nobody else uses it, and one that goes deaf is thrown away."""
    layer: Layer = channel_layers.make_backend(DEFAULT_CHANNEL_LAYER)
    return layer


@dataclass(slots=True)
class Hub:
    timings: Timings
    new_layer: Callable[[], Layer] = _new_layer
    sockets: Sockets = field(default_factory=Sockets)
    on_work: Callable[[], None] = lambda: None
    _relay: Relay | None = None
    _followers: dict[Watched, set[Follower]] = field(default_factory=dict)
    _by_group: dict[str, Watched] = field(default_factory=dict)
    _reader: Reader | None = None
    _active: set[Watched] = field(default_factory=set)
    _polled_at: dict[Watched, float] = field(default_factory=dict)
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    _stopping: bool = False

    def start(self) -> None:
        """Listen, publish and poll in tasks of its own. Redis need not be there."""
        if self._relay is not None:
            return
        self._stopping = False
        self._reader = Reader(self.timings, self._spawn, self._active.add)
        self._relay = Relay(
            self.new_layer, self, self.timings, self._spawn, settings.FANOUT_CONTENT
        )
        self._relay.start()
        self._spawn(self._poll())

    async def stop(self) -> None:
        """End our tasks; in bounded time, because the layer's client may swallow a cancel."""
        if self._relay is not None:
            await self._relay.flush(within_s=FLUSH_S)
            self._relay.stop()
        self._stopping = True
        if self._reader is not None:
            self._reader.stop()
        for _ in range(STOP_TRIES):
            if not self._tasks:
                break
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(set(self._tasks), timeout=STOP_STEP_S)
        if self._relay is not None:
            await give_back(self._relay.layer)
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
        self.tend(follower)

    def unfollow(self, follower: Follower) -> None:
        if self._reader is not None:
            self._reader.forget(follower)
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

    def tend(self, follower: Follower) -> None:
        """See to it that one who is behind is read for, if anybody still follows."""
        if self._reader is not None and follower in self._followers.get(follower.watched, ()):
            self._reader.tend(follower)

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
            follower.sink.hint(text)

    def reset(self, *, owner_id: int, thread_id: str) -> None:
        """The thread was deleted: everybody starts again from a snapshot."""
        self._restart((owner_id, thread_id))
        if self._relay is not None:
            self._relay.tell_reset(group_of((owner_id, thread_id)))

    def heard(self, group: str, frames: list[Frame]) -> None:
        watched = self._by_group.get(group)
        if watched is not None:
            self._spread(watched, frames)

    def heard_of(self, group: str, end: Cursor) -> None:
        """There are frames up to there, in Postgres."""
        watched = self._by_group.get(group)
        if watched is None:
            return
        self._active.add(watched)
        for follower in list(self._followers[watched]):
            follower.look(end)
            self.tend(follower)

    def end_sockets(self, names: list[str], code: int) -> None:
        """What was shown for them has ended: here at once, elsewhere as soon as they hear it."""
        self.sockets.close(names, code)
        if self._relay is not None:
            self._relay.tell_ended(names, code)

    def heard_ended(self, names: list[str], code: int) -> None:
        self.sockets.close(names, code)

    def tell_work(self) -> None:
        """Wake the processes that write replies: they would find it at their next sweep."""
        if self._relay is not None:
            self._relay.tell_work()

    def heard_work(self) -> None:
        self.on_work()

    def heard_reset(self, group: str) -> None:
        watched = self._by_group.get(group)
        if watched is not None:
            self._restart(watched)

    def _spread(self, watched: Watched, frames: list[Frame]) -> None:
        if watched in self._followers:
            self._active.add(watched)
        for follower in list(self._followers.get(watched, ())):
            for frame in frames:
                follower.offer(frame)
            self.tend(follower)

    def _restart(self, watched: Watched) -> None:
        for follower in list(self._followers.get(watched, ())):
            follower.reset()
            self.tend(follower)

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
                log_failure("the poll", error)
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

    def _compare(self, follower: Follower, before: Cursor | None, last: LastRun | None) -> None:
        """`before` is where the follower was when Postgres was asked."""
        if follower not in self._followers.get(follower.watched, ()):
            return
        if last is None or not last.active:
            self._active.discard(follower.watched)
        else:
            self._active.add(follower.watched)
        follower.compare(before=before, end=START if last is None else last.cursor)
        self.tend(follower)

    def _spawn(self, work: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log_failure("a task of the hub", task.exception())
