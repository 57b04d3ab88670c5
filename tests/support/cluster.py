"""Several server processes on one Postgres and one Redis, each behind lines that can be spoilt.

Every process reaches Postgres, Redis and the model through proxies of its own; people reach all of
them through one balancer without affinity, or one of them by its name.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from realtime.chat.timings import Timings
from tests.support.django_database import lead_django_to
from tests.support.faulty_line import FaultyLine
from tests.support.loop_thread import LoopThread
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.private_stack import PrivateStack
from tests.support.server import AppServer
from tests.support.tcp_proxy import address_of, at_port

BUSY_S = 4.0


@dataclass(eq=False)
class Process:
    """One server process and the three lines it hangs on."""

    server: AppServer
    postgres: FaultyLine
    redis: FaultyLine
    model: FaultyLine

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def lines(self) -> tuple[FaultyLine, ...]:
        return (self.postgres, self.redis, self.model)

    @property
    def said(self) -> str:
        """Its log."""
        return self.server.log.read_text("utf-8", "replace")

    def kill(self) -> None:
        """kill -9."""
        self.server.kill()

    def pause(self) -> None:
        """SIGSTOP."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def term(self) -> None:
        """SIGTERM, without waiting."""
        self._signal(signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> None:
        self.server.signal(number)

    def restart_with(self, **environment: str) -> None:
        """Stop it well and start it with these settings and no others of an earlier call."""
        self.server.stop()
        self.server.also = environment
        self.server.start()

    def heal(self) -> None:
        if self.server.alive:
            self.go_on()
        for line in self.lines:
            line.heal()

    def revive(self) -> None:
        """Start it again at its own port, if it is down."""
        if not self.server.alive:
            self.server.start()


@dataclass(eq=False)
class Cluster:
    stack: PrivateStack
    model: ThreadedOpenAIServer
    timings: Timings  # of the servers
    scale: float
    thread: LoopThread
    logs: Path
    processes: list[Process] = field(default_factory=list)
    _balancer: FaultyLine | None = None
    _made: int = 0

    @property
    def url(self) -> str:
        """Where the balancer listens."""
        return f"http://127.0.0.1:{self.balancer.port}"

    @property
    def balancer(self) -> FaultyLine:
        assert self._balancer is not None
        return self._balancer

    @property
    def pair(self) -> tuple[Process, Process]:
        one, two = self.processes[:2]
        return one, two

    def other(self, process: Process) -> Process:
        return next(p for p in self.processes if p is not process)

    def within(self, seconds: float) -> float:
        """A limit of the contract, which counts with real timers; else also for a busy machine."""
        return seconds if self.scale == 1 else seconds * self.scale + BUSY_S

    @contextmanager
    def running(self, count: int, **environment: str) -> Iterator[None]:
        """Start the processes and the balancer before them."""
        self.processes = [self._process(environment) for _ in range(count)]
        ports = [("127.0.0.1", process.server.port) for process in self.processes]
        self._balancer = FaultyLine(self.thread, ports)
        try:
            self.revive()
            yield
        finally:
            self._balancer.close()
            self._end(self.processes)

    @contextmanager
    def another(self, *, kind: str = "uvicorn", **environment: str) -> Iterator[Process]:
        """One more, with something special in its environment; the balancer does not know it."""
        process = self._process(environment, kind)
        try:
            process.server.start()
            yield process
        finally:
            self._end([process])

    @asynccontextmanager
    async def one_more(
        self, *, kind: str = "uvicorn", **environment: str
    ) -> AsyncIterator[Process]:
        """The same for a test with a loop, whose clients live on meanwhile."""
        more = self.another(kind=kind, **environment)
        process = await asyncio.to_thread(more.__enter__)
        try:
            yield process
        finally:
            await asyncio.to_thread(more.__exit__, None, None, None)

    def heal(self) -> None:
        """End what was done to services, lines and living processes."""
        self.stack.heal()
        self.follow_stack()
        if self._balancer is not None:
            self._balancer.heal()
        for process in self.processes:
            process.heal()

    def revive(self) -> None:
        """Heal, and start the processes that are down, side by side."""
        self.heal()
        with ThreadPoolExecutor() as pool:
            list(pool.map(Process.revive, self.processes))

    def follow_stack(self) -> None:
        """Lead the lines to where Postgres and Redis listen now."""
        for process in self.processes:
            process.postgres.lead_to(address_of(self.stack.postgres.url))
            process.redis.lead_to(address_of(self.stack.redis.url))

    def postgres_is_back(self) -> None:
        """Start it, and lead servers and the test itself to where it listens now."""
        self.stack.postgres.start()
        self.follow_stack()
        lead_django_to(self.stack.postgres.url)

    def redis_is_back(self) -> None:
        self.stack.redis.start()
        self.follow_stack()

    def _process(self, environment: dict[str, str], kind: str = "uvicorn") -> Process:
        self._made += 1
        urls = (self.stack.postgres.url, self.stack.redis.url, self.model.base_url)
        lines = [FaultyLine(self.thread, [address_of(url)]) for url in urls]
        ways = [at_port(url, line.port) for url, line in zip(urls, lines, strict=True)]
        own = {"DATABASE_URL": ways[0], "REDIS_URL": ways[1], "OPENAI_BASE_URL": ways[2]}
        own |= {"TIMINGS_SCALE": str(self.scale)}
        log = self.logs / f"server-{self._made}.log"
        return Process(AppServer(log, kind=kind, **{**own, **environment}), *lines)

    @staticmethod
    def _end(processes: Sequence[Process]) -> None:
        for process in processes:
            process.heal()
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda p: p.server.stop(), processes))
        for process in processes:
            for line in process.lines:
                line.close()
