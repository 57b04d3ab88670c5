"""One per process: writes all dirty runs in one statement, then delivers what was committed.

Nothing is delivered before its commit. The first words of a message and every event that is not a
delta leave at once; other deltas wait for the next tick, which follows the speed of the database.
A run that ends is written in a statement of its own, so that a lock on its thread delays nobody.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from realtime.chat import log, tallies
from realtime.chat.failures import log_failure
from realtime.chat.log import Logged
from realtime.chat.logstore import ANSWER_S, LOST, LogStore, Position
from realtime.chat.protocol import Cursor
from realtime.chat.runlog import RunLog
from realtime.chat.timings import Timings

logger = logging.getLogger(__name__)

Deliver = Callable[[Logged], None]
About = Callable[[RunLog], None]
SPEED_MEMORY = 0.2  # weight of the newest commit in the moving average


def _nobody(run: RunLog) -> None:
    """Until the engine joins the parts."""


@dataclass(slots=True)
class _Written:
    run: RunLog
    append: log.Append


@dataclass(slots=True)
class Flusher:
    """`conninfo` is a libpq connection string; `deliver` gets the frames of each commit.

    `waiting` is told of each run that has waited a while for storage, once an outage; `condemn` of
    one that cannot be written whatever is tried.
    """

    conninfo: str
    deliver: Deliver
    timings: Timings
    waiting: About = _nobody
    condemn: About = _nobody
    _store: LogStore | None = None
    _runs: dict[UUID, RunLog] = field(default_factory=dict)
    _urgent: set[UUID] = field(default_factory=set)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None
    _stopping: bool = False
    _commit_s: float = 0.010
    _next_tick: float = 0.0
    _away_since: float | None = None
    _told: set[UUID] = field(default_factory=set)

    async def start(self) -> None:
        """Open the pool (it need not connect yet) and own the flushing task."""
        if self._task is not None:
            return
        self._stopping = False
        self._store = LogStore(self.conninfo)
        self._task = asyncio.create_task(self._flush_for_ever(), name="flusher")
        await self._store.open()

    async def stop(self) -> None:
        """Let the task write what is left, then give the connections back."""
        if self._task is None or self._store is None:
            return
        self._stopping = True
        self._wake.set()
        # Not cancelled at once: it may be in the middle of the last write.
        await asyncio.wait([self._task], timeout=self.timings.send_timeout_s)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._store.close()
        self._task = None

    def adopt(self, run: RunLog) -> None:
        """Take charge of a claimed run until it is closed, by whomever."""
        run.changed = self._changed
        self._runs[run.run_id] = run

    def _changed(self, run: RunLog, *, urgent: bool) -> None:
        if urgent:
            self._urgent.add(run.run_id)
        self._wake.set()

    @property
    def window_s(self) -> float:
        """How long a delta may wait: twice the usual commit, within bounds."""
        low, high = self.timings.flush_min_s, self.timings.flush_max_s
        return min(max(2 * self._commit_s, low), high)

    async def _flush_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopping or any(run.dirty for run in self._runs.values()):
            try:
                await self._wait_for_work(loop)
                await self._flush(self._due(loop.time()))
            except asyncio.CancelledError:
                raise
            except Exception as error:  # the flusher outlives whatever one flush did
                log_failure("a flush", error)
                await asyncio.sleep(self.timings.storage_retry_s)

    async def _wait_for_work(self, loop: asyncio.AbstractEventLoop) -> None:
        """Until something is urgent, or the tick has come for what is dirty, or a lease is old."""
        while not self._urgent and not self._stopping:
            dirty = any(run.dirty for run in self._runs.values())
            until = self._next_tick if dirty else loop.time() + self.timings.heartbeat_s / 2
            if dirty and loop.time() >= self._next_tick:
                return
            self._wake.clear()
            try:
                async with asyncio.timeout_at(until):
                    await self._wake.wait()
            except TimeoutError:
                return
        if not self._urgent:
            # Stopping with a run whose row is held: ask again, but not in a tight loop.
            await asyncio.sleep(self.timings.flush_min_s)

    def _due(self, now: float) -> list[RunLog]:
        if self._urgent and now < self._next_tick and not self._stopping:
            due = [self._runs[i] for i in self._urgent if i in self._runs]
        else:
            old = now - self.timings.heartbeat_s
            due = [run for run in self._runs.values() if run.dirty or run.renewed_at < old]
            self._next_tick = now + self.window_s
        self._urgent.clear()
        return due

    async def _flush(self, runs: Sequence[RunLog]) -> None:
        try:
            for run in runs:
                if run.closed.is_set():  # ended by force: nothing of it is to be written
                    self._release(run, lost=True)
            going = [run for run in runs if not run.ending and not run.closed.is_set()]
            open_ones = [taken for run in going if (taken := self._take(run))]
            if open_ones:
                await self._write(open_ones)
            for run in runs:
                # One that was dropped a moment ago is nobody's: its end would follow a hole.
                over = run.ending and not run.closed.is_set()
                if over and (taken := self._take(run)):
                    await self._write([taken])
        finally:
            # After a failure nobody foresaw; should it be written already, the fence says so.
            for run in runs:
                run.put_back()

    def _take(self, run: RunLog) -> _Written | None:
        try:
            return _Written(run, run.take())
        except Exception as error:  # what cannot be encoded fails only its own run
            logger.error("run %s: cannot be encoded (%s)", run.run_id, type(error).__name__)
            self._condemn(run)
            return None

    async def _write(self, batch: list[_Written]) -> None:
        """One statement; what happened to each run decides what becomes of its events."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            outcomes = await self._execute([item.append for item in batch])
        except LOST as error:
            outcomes = await self._ask_after_loss(batch, error)
        except Exception as error:  # whatever it is: only the run that caused it may fail
            await self._isolate(batch, error)
            return
        else:
            self._away_since = None
            self._told.clear()
            taken = loop.time() - began
            self._commit_s += SPEED_MEMORY * (taken - self._commit_s)
        for item in batch:
            self._settle(item, outcomes.get(item.append.run_id, log.Outcome.BUSY), loop.time())
        if any(item.run.dirty for item in batch):
            # Busy or lost: not in a tight loop, and not before the others.
            self._next_tick = max(self._next_tick, loop.time() + self.timings.flush_min_s)

    async def _execute(self, appends: Sequence[log.Append]) -> dict[UUID, log.Outcome]:
        assert self._store is not None
        return await self._store.append(appends, lease_s=self.timings.lease_s)

    async def _isolate(self, batch: list[_Written], error: Exception) -> None:
        """What cannot be written fails only its own run."""
        if len(batch) > 1:
            for item in batch:
                await self._write([item])
            return
        [item] = batch
        logger.error("run %s: not writable (%s)", item.append.run_id, type(error).__name__)
        self._condemn(item.run)

    async def _ask_after_loss(
        self, batch: list[_Written], error: Exception
    ) -> dict[UUID, log.Outcome]:
        """The connection was lost: only the database knows whether the commit happened.

        Asks until it answers; never blindly writes again. After `storage_give_up_s` the runs are
        left to the sweep.
        """
        logger.warning("storage unavailable (%s), asking again", type(error).__name__)
        loop = asyncio.get_running_loop()
        if self._away_since is None:
            self._away_since = loop.time()
        # By a timer: the question may wait for seconds too.
        tell_at = self._away_since + self.timings.storage_hint_s
        telling = loop.call_at(tell_at, self._tell_of_waiting)
        try:
            return await self._ask(batch, self._away_since + self.timings.storage_give_up_s)
        finally:
            telling.cancel()

    async def _ask(self, batch: list[_Written], until: float) -> dict[UUID, log.Outcome]:
        assert self._store is not None
        loop = asyncio.get_running_loop()
        held_until: float | None = None
        while True:
            await asyncio.sleep(self.timings.storage_retry_s)
            try:
                found = await self._store.positions([item.append.run_id for item in batch])
            except LOST:
                if loop.time() >= until:
                    break
                continue
            # A commit that hangs holds its rows: what it will have done cannot be seen yet.
            held_until = held_until or loop.time() + ANSWER_S
            if any(place.epoch is None for place in found.values()) and loop.time() < held_until:
                continue
            return {
                i.append.run_id: _position(i.append, found.get(i.append.run_id)) for i in batch
            }
        return {item.append.run_id: log.Outcome.FENCED for item in batch}

    def _tell_of_waiting(self) -> None:
        for run in self._runs.values():
            if run.run_id not in self._told:
                self._told.add(run.run_id)
                self.waiting(run)

    def _settle(self, item: _Written, outcome: log.Outcome, now: float) -> None:
        run, append = item.run, item.append
        match outcome:
            case log.Outcome.WROTE:
                run.committed(append, now)
                tallies.appended(append)
                if append.state is not None:
                    self._release(run, lost=False)
                self._deliver(run, append)
            case log.Outcome.BUSY:
                run.put_back()
            case log.Outcome.FENCED | log.Outcome.GONE:
                self._drop(run, outcome.value)

    def _deliver(self, run: RunLog, append: log.Append) -> None:
        here = Cursor(run.ord, append.old_seq)
        frames = log.frames(append.entries, ord=run.ord, prev=here)
        if not frames:
            return
        try:
            self.deliver(Logged(run.run_id, run.owner_id, run.thread_id, here, frames))
        except Exception:  # it is in the log, where the sockets find it
            logger.exception("run %s: not delivered", run.run_id)

    def _condemn(self, run: RunLog) -> None:
        self._drop(run, "not writable")
        self.condemn(run)

    def _drop(self, run: RunLog, why: str) -> None:
        """Write nothing more for it; its owner is told and cancels the upstream."""
        logger.info("run %s dropped: %s", run.run_id, why)
        self._release(run, lost=True)

    def _release(self, run: RunLog, *, lost: bool) -> None:
        run.close(lost=lost)
        if self._runs.get(run.run_id) is run:  # it may have been claimed again here meanwhile
            del self._runs[run.run_id]
            self._urgent.discard(run.run_id)
        if not self._runs:  # the next trouble is a new one
            self._away_since = None
            self._told.clear()


def _position(append: log.Append, found: Position | None) -> log.Outcome:
    if found is None:
        return log.Outcome.GONE
    epoch, last_seq, state = found
    if epoch is None:
        return log.Outcome.BUSY
    if epoch != append.epoch:
        return log.Outcome.FENCED
    if append.flags and not append.entries:  # nothing tells; written twice they are the same
        return log.Outcome.BUSY
    if last_seq == append.new_seq and state == (append.state or append.was):
        return log.Outcome.WROTE
    if last_seq == append.old_seq and state == append.was:
        return log.Outcome.BUSY
    return log.Outcome.FENCED
