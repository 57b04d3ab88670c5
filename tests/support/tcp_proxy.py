"""A TCP proxy before Postgres, Redis, a model or servers.

It can go mute, go away, lose one answer, hold one request, be slow, and cut its lines. Before
several targets it takes them in turn: a balancer without affinity.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

PIECE = 65_536
SLOW_PIECES_S = 0.1  # how often a slow line moves

Address = tuple[str, int]


class Filter(Protocol):
    """Changes what one line answers."""

    def feed(self, data: bytes) -> bytes: ...


@dataclass(eq=False)
class Hold:
    """Requests with these bytes wait, and all behind them on their lines."""

    wanted: bytes
    caught: threading.Event = field(default_factory=threading.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def catches(self, data: bytes, before: bytes) -> bool:
        """`before` is what came last on the same line: a request may come in two pieces."""
        seen = before[-len(self.wanted) :] + data
        return not self.released.is_set() and self.wanted in seen


@dataclass(eq=False)
class TcpProxy:
    """`lose_answer_to` are bytes of a request: its answer is swallowed, the line cut, once."""

    targets: list[Address]
    lose_answer_to: bytes | None = None
    away: bool = False
    hold: Hold | None = None
    bytes_per_s: int = 0  # of answers; 0: as fast as they come
    changing: Callable[[], Filter] | None = None
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    accepted: int = 0
    _lines: set[_Line] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _cutting: asyncio.Task[None] | None = None
    _turn: int = 0

    def freeze(self) -> None:
        """Make the lines of now mute: nothing passes, nothing is cut. New ones work."""
        for line in self._lines:
            line.moving.clear()

    def leave(self) -> None:
        """Cut all lines and refuse new ones, until `away` is False."""
        self.away = True
        self.cut()

    def cut(self) -> None:
        """Cut the lines of now. New ones work."""
        for line in self._lines:
            line.cut()

    def cut_every(self, seconds: float | None) -> None:
        """Cut again and again; None ends it."""
        if self._cutting is not None:
            self._cutting.cancel()
        self._cutting = None if seconds is None else asyncio.ensure_future(self._cut_for(seconds))

    async def _cut_for(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            self.cut()

    def heal(self) -> None:
        """Be nothing but a proxy again; lines that something was done to are cut."""
        if self.hold is not None:
            self.hold.released.set()
        self.cut_every(None)
        spoiled = self.away or self.frozen or self.bytes_per_s or self.changing or self.hold
        self.lose_answer_to, self.hold, self.changing = None, None, None
        self.bytes_per_s, self.away = 0, False
        if spoiled:
            self.cut()

    @property
    def frozen(self) -> int:
        """Frozen lines that the client has not yet given up."""
        return sum(not line.moving.is_set() for line in self._lines)

    @property
    def lines(self) -> int:
        return len(self._lines)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.accepted += 1
        up = await self._connect()
        if up is None or self.away:
            for end in (writer, *(up or ())[1:]):
                end.transport.abort()
            return
        changed = None if self.changing is None else self.changing()
        line = _Line(self, (writer, up[1]), changed)
        self._lines.add(line)
        ways = [
            asyncio.ensure_future(line.ask(reader, up[1])),
            asyncio.ensure_future(line.answer(up[0], writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._lines.discard(line)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            line.cut()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """The next target that answers at all; a balancer notices the dead at once."""
        for _ in () if self.away else self.targets:
            self._turn += 1
            try:
                return await asyncio.open_connection(*self.targets[self._turn % len(self.targets)])
            except OSError:
                continue
        return None

    async def close(self) -> None:
        self.cut_every(None)
        self.leave()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@dataclass(eq=False)
class _Line:
    proxy: TcpProxy
    ends: tuple[asyncio.StreamWriter, asyncio.StreamWriter]
    changed: Filter | None = None
    losing: bool = False
    moving: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.moving.set()

    def cut(self) -> None:
        for end in self.ends:
            end.transport.abort()

    async def ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        before = b""
        while data := await reader.read(PIECE):
            if not self.moving.is_set():
                continue  # swallowed, but read: so a client that goes is seen
            wanted = self.proxy.lose_answer_to
            if wanted is not None and wanted in data:
                self.proxy.lose_answer_to = None
                self.losing = True
            hold = self.proxy.hold
            if hold is not None and hold.catches(data, before):
                hold.caught.set()
                await hold.released.wait()
            before = data
            writer.write(data)
            await writer.drain()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(self._most()):
            if self.losing:
                # Postgres answers a statement of its own transaction once that is committed.
                self.proxy.lost.set()
                return
            if not self.moving.is_set():
                continue  # likewise
            if self.proxy.bytes_per_s:
                await asyncio.sleep(len(data) / self.proxy.bytes_per_s)
            writer.write(data if self.changed is None else self.changed.feed(data))
            await writer.drain()

    def _most(self) -> int:
        slow = self.proxy.bytes_per_s
        return max(1, int(slow * SLOW_PIECES_S)) if slow else PIECE


def address_of(url: str, *, port: int = 5432) -> Address:
    parts = urlsplit(url)
    assert parts.hostname is not None
    return (parts.hostname, parts.port or port)


def at_port(url: str, port: int) -> str:
    """The same url at another port of this machine."""
    parts = urlsplit(url)
    who, at, _ = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{who}{at}127.0.0.1:{port}"))


async def listen(proxy: TcpProxy, *, port: int = 0) -> tuple[asyncio.Server, int]:
    # A slow line must not be fast for as long as a kernel's buffer lasts.
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", port, limit=PIECE)
    taken: int = server.sockets[0].getsockname()[1]
    return server, taken


@asynccontextmanager
async def tcp_proxy(url: str) -> AsyncIterator[tuple[TcpProxy, str]]:
    """A proxy before what `url` names, and the url that leads through it."""
    proxy = TcpProxy([address_of(url)])
    server, port = await listen(proxy)
    try:
        yield proxy, at_port(url, port)
    finally:
        server.close()
        await proxy.close()
        await server.wait_closed()


def round_robin(ports: Sequence[int]) -> TcpProxy:
    return TcpProxy([("127.0.0.1", port) for port in ports])
