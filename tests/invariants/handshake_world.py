"""Two processes, three clients and a log, joined by what loses, doubles and reorders.

The hubs, relays and followers are the real ones. Whatever they wait for (a read, a publish, the
network) takes a random while of virtual time, so that everything may happen between two steps.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from realtime.chat import agui, bridge
from realtime.chat.follower import Watched
from realtime.chat.hub import Hub
from tests.invariants.handshake_clients import TIMINGS, Client, Numbered, Socket
from tests.invariants.memory_log import MemoryLog, MemoryRun

NEWS_S, READ_S, NET_S, COMMIT_S = 0.020, 0.015, 0.010, 0.008  # how long each takes, on average
CALM_S = 600.0  # by then the longest stall is over and the slowest poll has come


@dataclass(frozen=True)
class Faults:
    """Probabilities for each message, read and frame; and how often things break altogether."""

    processes: int = 2
    lost: float = 0.25
    doubled: float = 0.15
    unreadable: float = 0.05
    stalled: float = 0.02
    cuts: int = 8
    kills: int = 2
    outages: int = 1


@dataclass
class Bus:
    """Redis pub/sub, as bad as it may be."""

    world: World
    groups: dict[str, set[str]] = field(default_factory=dict)
    queues: dict[str, asyncio.Queue[dict[str, Any]]] = field(default_factory=dict)
    names: count[int] = field(default_factory=count)
    down: bool = False

    def lose_everything(self) -> None:
        """It is gone, and what comes back knows of no subscription."""
        self.down = True
        self.groups.clear()

    async def _reach(self, means: Coroutine[Any, Any, None]) -> None:
        await means
        if self.down:
            raise ConnectionError

    async def new_channel(self) -> str:
        await self._reach(self.world.delay(NET_S))
        name = f"channel {next(self.names)}"
        self.queues[name] = asyncio.Queue()
        return name

    async def receive(self, channel: str) -> dict[str, Any]:
        return await self.queues[channel].get()

    async def group_add(self, group: str, channel: str) -> None:
        await self._reach(self.world.own_delay(group))
        self.groups.setdefault(group, set()).add(channel)

    async def group_discard(self, group: str, channel: str) -> None:
        await self._reach(self.world.own_delay(group))
        self.groups.get(group, set()).discard(channel)

    async def flush(self) -> None:
        """Others are on it as well."""

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        await self._reach(self.world.delay(NET_S))
        loop, faults = asyncio.get_running_loop(), self.world.faults
        for channel in sorted(self.groups.get(group, ())):
            copies = 1 + self.world.happens(faults.doubled)
            for _ in range(0 if self.world.happens(faults.lost) else copies):
                after = self.world.rng.expovariate(1 / NET_S)
                loop.call_later(after, self.queues[channel].put_nowait, message)


@dataclass(eq=False)
class Process:
    world: World
    hub: Hub
    alive: bool = True
    sockets: list[Socket] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def do(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.append(task)
        return task

    def kill(self) -> None:
        self.alive, self.hub._stopping = False, True
        for task in [*self.tasks, *sorted(self.hub._tasks, key=_age)]:
            task.cancel()
        for socket in list(self.sockets):
            socket.cut()

    async def write(
        self, watched: Watched, run: MemoryRun, events: Sequence[agui.AguiEvent]
    ) -> None:
        """Commit, then publish; killed between the two, it says nothing."""
        log, early = self.world.log, self.world.variant.publishes_before_commit
        if early:
            self.hub.deliver(log.append(watched, run, events, really=False))
        await self.world.delay(COMMIT_S)
        logged = log.append(watched, run, events, really=True)
        await self.world.delay(COMMIT_S)
        if not early:
            self.hub.deliver(logged)


@dataclass(frozen=True)
class Variant:
    """The code under test, or a mutant of it."""

    hub: type[Hub] = Hub
    follower: type[Numbered] = Numbered
    publishes_before_commit: bool = False


class World:
    def __init__(self, rng: random.Random, faults: Faults, variant: Variant) -> None:
        self.rng, self.faults, self.variant = rng, faults, variant
        self.seed = rng.random()
        Numbered.made, Numbered.gaps = count(), []
        self.log, self.follower = MemoryLog(), variant.follower
        self.bus = Bus(self)
        self.violations: list[str] = []
        self.processes = [self._process() for _ in range(faults.processes)]
        self.clients: list[Client] = []

    def _process(self) -> Process:
        hub = self.variant.hub(TIMINGS, new_layer=lambda: self.bus)
        hub.start()
        return Process(self, hub)

    # --- chance ------------------------------------------------------------------------------

    def happens(self, probability: float) -> bool:
        return self.rng.random() < probability

    async def network(self) -> None:
        """Now and then a client does not read for a while, or for too long."""
        await self.delay(NET_S)
        if self.happens(self.faults.stalled):
            await self.delay(self.rng.choice([0.5, 0.5, 5, 50]))

    async def delay(self, mean_s: float) -> None:
        await asyncio.sleep(self.rng.expovariate(1 / mean_s))

    async def own_delay(self, name: str) -> None:
        """Where many ask in any order: the relay keeps its groups in a set."""
        own = random.Random(f"{self.seed} {name} {asyncio.get_running_loop().time()}")
        await asyncio.sleep(own.expovariate(1 / NET_S))

    async def some_process(self) -> Process:
        await self.delay(NET_S)
        return self.rng.choice([process for process in self.processes if process.alive])

    # --- what the hubs ask -------------------------------------------------------------------

    async def read(self, function: Callable[..., Any], **asked: Any) -> Any:
        """Instead of `bridge.run`: the answer is of one moment, and comes later."""
        await self.delay(READ_S)
        if self.happens(self.faults.unreadable):
            raise bridge.StorageUnavailable("by chance")
        answer = getattr(self.log, function.__name__)(**asked)
        await self.delay(READ_S)
        return answer

    def failed(self, what: str, error: BaseException | None) -> None:
        """Instead of a line in the server's log."""
        self.violations.append(f"{what} failed: {error!r}")

    # --- trouble -----------------------------------------------------------------------------

    async def trouble(self, *, for_s: float) -> None:
        faults = self.faults
        troubles = ["cut"] * faults.cuts + ["kill"] * faults.kills + ["outage"] * faults.outages
        self.rng.shuffle(troubles)
        for trouble in troubles:
            await asyncio.sleep(self.rng.uniform(0, 2 * for_s / len(troubles)))
            if trouble == "cut":
                self.rng.choice(self.clients).cut()
            elif trouble == "outage":
                self.bus.lose_everything()
                await asyncio.sleep(self.rng.uniform(0, 3))
                self.bus.down = False
            else:
                self._replace(self.rng.choice(self.processes))

    def _replace(self, process: Process) -> None:
        """Killed, and started again at once in its place."""
        self.processes[self.processes.index(process)] = self._process()
        process.kill()

    async def calm_down(self) -> None:
        """No more trouble, though pub/sub stays as it is: everybody gets everything in time."""
        until = asyncio.get_running_loop().time() + CALM_S
        while asyncio.get_running_loop().time() < until:
            if all(client.is_up_to_date for client in self.clients):
                break
            await asyncio.sleep(0.1)
        for client in self.clients:
            self.violations += client.differences()
        self.violations += Numbered.gaps


def _age(task: asyncio.Task[Any]) -> int:
    return int(task.get_name().rpartition("-")[2])
