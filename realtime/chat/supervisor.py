"""Owns the turns of this process: claims queued runs, and those that others lost; sweeps.

A turn belongs to a task here and never to a socket: nothing a socket does ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import os
import random
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol
from uuid import UUID, uuid4

from realtime.chat import bridge, leases
from realtime.chat.failures import log_failure
from realtime.chat.leases import Claim
from realtime.chat.log import Logged
from realtime.chat.runlog import RunLog
from realtime.chat.timings import Timings
from realtime.chat.turns import Turns

logger = logging.getLogger(__name__)


class _End(Protocol):
    def __call__(self, *, run_id: UUID) -> Logged | None: ...


class _Running(NamedTuple):
    task: asyncio.Task[None]
    run: RunLog
    claim: Claim


def _my_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"


@dataclass(slots=True)
class Supervisor:
    """`turns` is None where other processes answer: it only sweeps, as without any model."""

    turns: Turns | None
    deliver: Callable[[Logged], None]
    timings: Timings
    max_turns: int
    me: str = field(default_factory=_my_name)
    _running: dict[UUID, _Running] = field(default_factory=dict)
    _left: list[Claim] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _claiming: int = 0
    _draining: bool = False
    _storage_away: bool = False
    _spare_until: float = 0.0
    _sweeper: asyncio.Task[None] | None = None
    _sweep_now: asyncio.Event = field(default_factory=asyncio.Event)

    def start(self) -> None:
        self._draining = False
        if self._sweeper is None:
            self._sweeper = self._spawn(self._sweep_for_ever())

    async def drain(self) -> None:
        """Claim nothing more, let turns end for a while, then leave the others as they stand.

        What these have said is still to be flushed; `hand_over` comes after that.
        """
        self._draining = True
        self._sweep_now.set()
        # A claim under way is not cancelled: what it took would be nobody's.
        await self._settled(self._tasks - self._turn_tasks, within_s=bridge.ANSWER_S)
        await self._settled(self._turn_tasks, within_s=self.timings.drain_s)
        self._left = [running.claim for running in self._running.values()]
        self._sweeper = None
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self.turns is not None:
            await self.turns.stop()

    @property
    def _turn_tasks(self) -> set[asyncio.Task[None]]:
        return {running.task for running in self._running.values()}

    async def _settled(self, tasks: set[asyncio.Task[None]], *, within_s: float) -> None:
        if tasks:
            await asyncio.wait(tasks, timeout=within_s)

    async def hand_over(self) -> bool:
        """Give up the leases of what was left; if that fails, they run out by themselves."""
        left, self._left = self._left, []
        if not left:
            return False
        try:
            count = await bridge.run(leases.hand_over, claims=left)
        except bridge.StorageUnavailable:
            logger.warning("%d runs left to their leases", len(left))
            return False
        logger.info("%d runs handed over", count)
        return count > 0

    @property
    def crowded(self) -> bool:
        """Whether a run that comes now has to wait for a place here."""
        return self.turns is not None and self._free <= 0

    def claim_soon(self, run_id: UUID) -> bool:
        """Answer a run that was just queued here; False with no free place: a sweep finds it."""
        if self._free <= 0:
            return False
        self._spawn(self._claim_now(run_id))
        return True

    def sweep_soon(self) -> None:
        """Somebody says that there is work."""
        self._sweep_now.set()

    def forget(self, run_id: UUID) -> None:
        """The run was ended by force: cancel the upstream at once instead of at the next flush."""
        if run_id in self._running:
            self._running[run_id].run.close(lost=True)

    def condemn(self, run: RunLog) -> None:
        """The run cannot be written: end it from what the log has."""
        self._spawn(self._condemn(run))

    @property
    def _free(self) -> int:
        """Places neither taken nor asked for by a claim under way."""
        if self.turns is None or not self.turns.answers or self._draining:
            return 0
        return self.max_turns - len(self._running) - self._claiming

    async def _claim_now(self, run_id: UUID) -> None:
        try:
            await self._claim_one(run_id)
        except bridge.StorageUnavailable:
            logger.warning("run %s waits for storage", run_id)  # the sweep claims it

    async def _claim_one(self, run_id: UUID | None = None, *, steal: bool = False) -> bool:
        """Take a run, the oldest or `run_id`, if a place is free; says whether it did."""
        if self.turns is None or self._free <= 0:
            return False
        self._claiming += 1
        try:
            claims = await bridge.run(
                leases.claim,
                me=self.me,
                lease_s=self.timings.lease_s,
                limit=1,
                run_id=run_id,
                steal=steal,
                mine=list(self._running),
            )
        finally:
            self._claiming -= 1
        for claim in claims:
            self._own(claim, self.turns)
        return bool(claims)

    def _own(self, claim: Claim, turns: Turns) -> None:
        if claim.is_takeover:
            logger.info("run %s taken over, attempt %d", claim.run_id, claim.attempt)
        run = claim.run_log(renewed_at=asyncio.get_running_loop().time())
        task = self._spawn(turns.answer(claim, run))
        run.on_lost = task.cancel
        self._running[claim.run_id] = _Running(task, run, claim)
        task.add_done_callback(lambda _: self._disown(claim))

    def _disown(self, claim: Claim) -> None:
        """Unless the run was lost and claimed again here meanwhile."""
        running = self._running.get(claim.run_id)
        if running is not None and running.claim is claim:
            del self._running[claim.run_id]

    async def _sweep_for_ever(self) -> None:
        while not self._draining:
            try:
                await self._sweep()
            except bridge.StorageUnavailable:
                self._storage_away = True
                logger.warning("sweep waits for storage")
            except Exception as error:  # the sweep ends stuck runs: it must not end itself
                log_failure("the sweep", error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.timings.sweep_s * random.uniform(0.8, 1.2)):
                    await self._sweep_now.wait()
                    self._sweep_now.clear()

    async def _sweep(self) -> None:
        """Claim first: an end may wait for a lock for as long as the database lets it."""
        may_steal = self._may_steal()
        while await self._claim_one(steal=may_steal):
            pass
        lost = await bridge.run(leases.lost_runs, abandoned_s=self.timings.queue_s)
        for run_id in lost if may_steal else ():
            if run_id not in self._running:  # ours lives, and the flusher renews its lease
                await self._end(run_id, leases.interrupt)
        queue_s = self.timings.queue_s
        for run_id in await bridge.run(leases.unclaimed_runs, queue_s=queue_s):
            await self._end(run_id, leases.give_up)

    def _may_steal(self) -> bool:
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

    async def _condemn(self, run: RunLog) -> None:
        try:
            logged = await bridge.run(leases.condemn, run_id=run.run_id, epoch=run.epoch)
        except Exception as error:  # its lease runs out, and it is tried again, three times
            logger.error("run %s: cannot be ended (%s)", run.run_id, type(error).__name__)
            return
        if logged is not None:
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
            log_failure("a task of the supervisor", task.exception())
