"""Owns the turns of this process: claims queued runs, keeps their tasks, sweeps what others lost.

A turn belongs to a task here and never to a socket: nothing a socket does ends it.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import os
import random
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID, uuid4

from realtime.agent.prompt import PROMPT_VERSION
from realtime.chat import bridge, leases
from realtime.chat.leases import Claim
from realtime.chat.log import Logged
from realtime.chat.runlog import RunLog
from realtime.chat.timings import Timings
from realtime.chat.turns import Turns

logger = logging.getLogger(__name__)


class _End(Protocol):
    def __call__(self, *, run_id: UUID) -> Logged | None: ...


def _my_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"


@dataclass(slots=True)
class Supervisor:
    """`turns` is None where no model is configured: then it only sweeps."""

    turns: Turns | None
    deliver: Callable[[Logged], None]
    timings: Timings
    max_turns: int
    me: str = field(default_factory=_my_name)
    _running: dict[UUID, tuple[asyncio.Task[None], RunLog]] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _claiming: int = 0
    _storage_away: bool = False
    _spare_until: float = 0.0
    _sweeper: asyncio.Task[None] | None = None

    def start(self) -> None:
        if self._sweeper is None:
            self._sweeper = self._spawn(self._sweep_for_ever())

    async def stop(self) -> None:
        """Claim nothing more and end our turns as interrupted; the flusher writes that."""
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._sweeper = None

    def claim_soon(self, run_id: UUID) -> None:
        """Answer a run that was just queued here; with no free place the sweep finds it later."""
        if self._free > 0:
            self._spawn(self._claim_now(run_id))

    def forget(self, run_id: UUID) -> None:
        """The run was ended by force: cancel the upstream at once instead of at the next flush."""
        if run_id in self._running:
            self._running[run_id][1].close(lost=True)

    @property
    def _free(self) -> int:
        """Places neither taken nor asked for by a claim under way."""
        if self.turns is None:
            return 0
        return self.max_turns - len(self._running) - self._claiming

    async def _claim_now(self, run_id: UUID) -> None:
        try:
            await self._claim_one(run_id)
        except bridge.StorageUnavailable:
            logger.warning("run %s waits for storage", run_id)  # the sweep claims it

    async def _claim_one(self, run_id: UUID | None = None) -> bool:
        """Take a queued run, the oldest or `run_id`, if a place is free; says whether it did."""
        if self.turns is None or self._free <= 0:
            return False
        self._claiming += 1
        try:
            claims = await bridge.run(
                leases.claim,
                me=self.me,
                lease_s=self.timings.lease_s,
                limit=1,
                model=self.turns.model.name,
                prompt_version=PROMPT_VERSION,
                run_id=run_id,
            )
        finally:
            self._claiming -= 1
        for claim in claims:
            self._own(claim, self.turns)
        return bool(claims)

    def _own(self, claim: Claim, turns: Turns) -> None:
        run = claim.run_log(renewed_at=asyncio.get_running_loop().time())
        task = self._spawn(turns.answer(claim, run))
        run.on_lost = task.cancel
        self._running[claim.run_id] = (task, run)
        task.add_done_callback(lambda _: self._running.pop(claim.run_id, None))

    async def _sweep_for_ever(self) -> None:
        while True:
            try:
                await self._sweep()
            except bridge.StorageUnavailable:
                self._storage_away = True
                logger.warning("sweep waits for storage")
            except Exception:  # the sweep is what ends stuck runs: it must not end itself
                logger.exception("sweep failed")
            await asyncio.sleep(self.timings.sweep_s * random.uniform(0.8, 1.2))

    async def _sweep(self) -> None:
        """Claim first: an end may wait for a lock for as long as the database lets it."""
        while await self._claim_one():
            pass
        expired = await bridge.run(leases.expired_runs)
        for run_id in expired if self._may_interrupt() else ():
            if run_id not in self._running:  # ours lives, and the flusher renews its lease
                await self._end(run_id, leases.interrupt)
        queue_s = self.timings.queue_s
        for run_id in await bridge.run(leases.unclaimed_runs, queue_s=queue_s):
            await self._end(run_id, leases.give_up)

    def _may_interrupt(self) -> bool:
        """Not as soon as storage is back: leases ended meanwhile, and their owners may live."""
        now = asyncio.get_running_loop().time()
        if self._storage_away:
            self._storage_away = False
            self._spare_until = now + self.timings.regain_s
        return now >= self._spare_until

    async def _end(self, run_id: UUID, end: _End) -> None:
        """What hinders the end of one run must not keep the others from theirs."""
        try:
            logged = await bridge.run(end, run_id=run_id)
        except Exception as error:
            logger.error("run %s: cannot be ended (%s)", run_id, type(error).__name__)
            return
        if logged is not None:
            logger.info("run %s ended: nobody answers it", run_id)
            self.deliver(logged)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task in a context of its own: Django's per-request one would pin a thread per run."""
        loop = asyncio.get_running_loop()
        task = loop.create_task(work, context=contextvars.Context())
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("turn task failed", exc_info=task.exception())
