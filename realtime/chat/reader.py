"""Reads from Postgres what followers miss, page by page, each in a task of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from realtime.chat import bridge, queries
from realtime.chat.failures import log_failure
from realtime.chat.follower import Follower, Watched
from realtime.chat.timings import Timings

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Reader:
    """`found_active` is told of a thread in which a run goes on."""

    timings: Timings
    spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]
    found_active: Callable[[Watched], None]
    _reading: dict[Follower, asyncio.Task[None]] = field(default_factory=dict)
    _stopping: bool = False

    def stop(self) -> None:
        self._stopping = True

    def tend(self, follower: Follower) -> None:
        """See to it that one who is behind is read for."""
        if follower.behind and follower not in self._reading:
            self._reading[follower] = self.spawn(self._read_missed(follower))

    def forget(self, follower: Follower) -> None:
        reading = self._reading.pop(follower, None)
        if reading is not None:
            reading.cancel()

    async def _read_missed(self, follower: Follower) -> None:
        """Read until nothing is missing: then it is live, or this loop goes on."""
        loop = asyncio.get_running_loop()
        failing_since = None
        pause = self.timings.poll_unhealthy_s
        try:
            while follower.behind and not self._stopping:
                async with follower.sink.room():
                    began = loop.time()
                    if await self._read_page(follower):
                        failing_since, pause = None, self.timings.poll_unhealthy_s
                        continue
                failing_since = began if failing_since is None else failing_since
                waited = loop.time() - failing_since
                if not follower.queued.announced and waited >= self.timings.subscribe_s:
                    follower.sink.unavailable()  # who has something waits with it
                    return
                await asyncio.sleep(pause)
                pause = min(2 * pause, self.timings.poll_active_s)
        finally:
            self._reading.pop(follower, None)

    async def _read_page(self, follower: Follower) -> bool:
        """Whether it could be read."""
        asked = follower.begin()
        patience = None if follower.queued.announced else self.timings.subscribe_s
        try:
            async with asyncio.timeout(patience):
                missed = await bridge.run(
                    queries.catch_up,
                    owner_id=follower.owner_id,
                    thread_id=follower.thread_id,
                    cursor=asked.cursor,
                )
            if missed.active_run_id is not None:
                self.found_active(follower.watched)
            follower.take(asked, missed)
        except Exception as error:  # whatever it was: nobody else would read again
            if not isinstance(error, bridge.StorageUnavailable | TimeoutError):
                log_failure("reading a thread", error)
            follower.failed(asked)
            return False
        return True
