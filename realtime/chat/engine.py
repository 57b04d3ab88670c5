"""The parts of the room that live as long as the process, joined and started on first use.

`runserver` and daphne have no lifespan: the first socket starts the engine there.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from realtime.agent.model import Model
from realtime.chat import helping, protocol, tallies
from realtime.chat.flusher import Flusher
from realtime.chat.grounding import Corpus, keep_index
from realtime.chat.hub import Hub
from realtime.chat.intake import Intake
from realtime.chat.lending import keep_known
from realtime.chat.levels import KnownLevels
from realtime.chat.limits import Limits, limits_of_settings
from realtime.chat.moderating import Moderator
from realtime.chat.runlog import RunLog
from realtime.chat.supervisor import Supervisor
from realtime.chat.timings import Timings
from realtime.chat.turns import Turns

RECONNECT_MS = 1_500  # within which clients of a server that stops come back, not all at once


@dataclass(slots=True)
class Engine:
    hub: Hub
    flusher: Flusher
    supervisor: Supervisor
    intake: Intake
    limits: Limits
    timings: Timings
    model: Model | None = None
    moderator: Moderator | None = None
    corpus: Corpus | None = None
    pad: bool = False
    leaving: asyncio.Event = field(default_factory=asyncio.Event)
    _loop: asyncio.AbstractEventLoop | None = None
    _keepers: list[asyncio.Task[None]] = field(default_factory=list)

    async def start(self) -> None:
        """Start once; more calls do nothing.

        Raises RuntimeError in a second event loop, unless the first one is closed.
        """
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        if self._loop is not None:
            self._renew(self._loop)
        self._loop = loop
        self._keepers = [
            loop.create_task(helping.keep_directory(every_s=self.timings.directory_s)),
            loop.create_task(tallies.keep_tally(every_s=self.timings.tally_s)),
            loop.create_task(keep_known(every_s=self.timings.known_model_s)),
        ]
        if self.corpus is not None:
            keeper = keep_index(self.corpus, every_s=self.timings.index_s)
            self._keepers.append(loop.create_task(keeper))
        self.hub.start()
        await helping.begin()
        await self.flusher.start()
        self.supervisor.start()
        self.limits.start()

    async def leave(self) -> None:
        """The server was told to stop: streams end, probes are told, sockets close soon."""
        self.leaving.set()
        goodbye = protocol.draining(reconnect_ms=RECONNECT_MS)
        self.hub.sockets.say_to_all(goodbye)
        await asyncio.sleep(self.timings.goodbye_s)  # for the writers: the server closes next

    async def stop(self) -> None:
        """Let turns end, write what is left, hand the others over, let go of all."""
        if self._loop is None:
            return
        self._loop = None
        for keeper in self._keepers:
            keeper.cancel()
        await self.supervisor.drain()
        await self.flusher.stop()
        if await self.supervisor.hand_over():
            self.hub.tell_work()
        await self.hub.stop()
        await self.limits.stop()
        await tallies.store_tally()

    def _renew(self, old: asyncio.AbstractEventLoop) -> None:
        """The closed loop took the tasks and sockets of the old parts with it: make new ones."""
        if not old.is_closed():
            raise RuntimeError("The engine runs in another event loop.")
        new = build_engine(
            model=self.model,
            moderator=self.moderator,
            corpus=self.corpus,
            conninfo=self.flusher.conninfo,
            timings=self.timings,
            max_turns=self.supervisor.max_turns,
            runner=self.supervisor.turns is not None,
            pad=self.pad,
        )
        new.hub.new_layer = self.hub.new_layer
        self.hub, self.flusher, self.supervisor = new.hub, new.flusher, new.supervisor
        self.intake, self.limits, self.leaving = new.intake, new.limits, new.leaving

    def thread_deleted(self, *, owner_id: int, thread_id: str, active: Sequence[UUID]) -> None:
        """Tell sockets and owners; may be called from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._forget, owner_id, thread_id, active)

    def end_sockets(self, names: Sequence[str], code: int) -> None:
        """Of every process; may be called from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.hub.end_sockets, list(names), code)

    def _forget(self, owner_id: int, thread_id: str, active: Sequence[UUID]) -> None:
        for run_id in active:
            self.supervisor.forget(run_id)
        self.intake.levels.forget(owner_id=owner_id, thread_id=thread_id)
        self.hub.reset(owner_id=owner_id, thread_id=thread_id)


def build_engine(
    *,
    model: Model | None,
    conninfo: str,
    timings: Timings,
    max_turns: int,
    runner: bool = True,
    pad: bool = False,
    moderator: Moderator | None = None,
    corpus: Corpus | None = None,
) -> Engine:
    """Join the parts: the flusher delivers to the hub, which knows nothing of it.

    `model` is the settings' own; a promoted one goes before it. Without `runner` other processes
    write the replies; here people only send and watch. `pad`: fill what is sent to whole buckets.
    `corpus`: what replies may be grounded in.
    """
    hub = Hub(timings)
    flusher = Flusher(conninfo, hub.deliver, timings)
    levels = KnownLevels()
    turns = None
    if runner:
        turns = Turns(model, flusher, hub, timings, moderator, levels, corpus)
    supervisor = Supervisor(turns, hub.deliver, timings, max_turns)
    flusher.waiting = functools.partial(_tell_of_waiting, hub)
    flusher.condemn = supervisor.condemn
    hub.on_work = supervisor.sweep_soon
    limits = limits_of_settings(timings)
    intake = Intake(hub, supervisor, limits, answers=model is not None, levels=levels)
    return Engine(hub, flusher, supervisor, intake, limits, timings, model, moderator, corpus, pad)


def _tell_of_waiting(hub: Hub, run: RunLog) -> None:
    text = protocol.status(thread_id=run.thread_id, run_id=run.client_run_id, state="storage_wait")
    hub.hint(owner_id=run.owner_id, thread_id=run.thread_id, text=text)


_installed: Engine | None = None


def install(engine: Engine) -> None:
    """Make this process's engine known to its HTTP views."""
    global _installed
    _installed = engine


async def started() -> Engine:
    """The engine of this server process, at work."""
    assert _installed is not None, "config.asgi installs one"
    await _installed.start()
    return _installed


def installed() -> Engine | None:
    """The engine of this process; None in a management command."""
    return _installed
