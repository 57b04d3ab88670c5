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
from typing import Any
from uuid import UUID, uuid4

from realtime.agent.prompt import PROMPT_VERSION
from realtime.chat import bridge, operations
from realtime.chat.log import Logged
from realtime.chat.operations import Claim
from realtime.chat.runlog import RunLog
from realtime.chat.timings import Timings
from realtime.chat.turns import Turns

logger = logging.getLogger(__name__)


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
        return self.max_turns - len(self._running) if self.turns is not None else 0

    async def _claim_now(self, run_id: UUID) -> None:
        try:
            await self._claim(limit=1, run_id=run_id)
        except bridge.StorageUnavailable:
            logger.warning("run %s waits for storage", run_id)  # the sweep claims it

    async def _claim(self, *, limit: int, run_id: UUID | None = None) -> None:
        if self.turns is None or limit <= 0:
            return
        claims = await bridge.run(
            operations.claim,
            me=self.me,
            lease_s=self.timings.lease_s,
            limit=limit,
            model=self.turns.model.name,
            prompt_version=PROMPT_VERSION,
            run_id=run_id,
        )
        for claim in claims:
            self._own(claim, self.turns)

    def _own(self, claim: Claim, turns: Turns) -> None:
        run = RunLog(
            run_id=claim.run_id,
            thread_pk=claim.thread_pk,
            owner_id=claim.owner_id,
            thread_id=claim.thread_id,
            ord=claim.ord,
            epoch=claim.epoch,
            seq=claim.last_seq,
            renewed_at=asyncio.get_running_loop().time(),
        )
        task = self._spawn(turns.answer(claim, run))
        run.on_lost = task.cancel
        self._running[claim.run_id] = (task, run)
        task.add_done_callback(lambda _: self._running.pop(claim.run_id, None))

    async def _sweep_for_ever(self) -> None:
        while True:
            try:
                await self._sweep()
            except bridge.StorageUnavailable:
                logger.warning("sweep waits for storage")
            except Exception:  # the sweep is what ends stuck runs: it must not end itself
                logger.exception("sweep failed")
            await asyncio.sleep(self.timings.sweep_s * random.uniform(0.8, 1.2))

    async def _sweep(self) -> None:
        for run_id in await bridge.run(operations.expired_runs):
            logged = await bridge.run(operations.interrupt, run_id=run_id)
            if logged is not None:
                logger.info("run %s interrupted: its lease was over", run_id)
                self.deliver(logged)
        await self._claim(limit=self._free)

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
