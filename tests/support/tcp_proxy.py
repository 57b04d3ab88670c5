"""A TCP proxy before Postgres or a server: it can go mute, go away, or lose one answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

PIECE = 65_536


@dataclass(eq=False)
class TcpProxy:
    """`lose_answer_to` are bytes of a request: its answer is swallowed, the line cut, once."""

    target: tuple[str, int]
    lose_answer_to: bytes | None = None
    away: bool = False
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    _lines: set[_Line] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def freeze(self) -> None:
        """Make the lines of now mute: nothing passes, nothing is cut. New ones work."""
        for line in self._lines:
            line.moving.clear()

    def leave(self) -> None:
        """Cut all lines and refuse new ones, until `away` is False."""
        self.away = True
        for task in self._tasks:
            task.cancel()

    @property
    def frozen(self) -> int:
        """Frozen lines that the client has not yet given up."""
        return sum(not line.moving.is_set() for line in self._lines)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self.away:
            writer.transport.abort()
            return
        up_reader, up_writer = await asyncio.open_connection(*self.target)
        line = _Line(self)
        self._lines.add(line)
        ways = [
            asyncio.ensure_future(line.ask(reader, up_writer)),
            asyncio.ensure_future(line.answer(up_reader, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._lines.discard(line)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            writer.transport.abort()
            up_writer.transport.abort()

    async def close(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass(eq=False)
class _Line:
    proxy: TcpProxy
    losing: bool = False
    moving: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.moving.set()

    async def ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(PIECE):
            if not self.moving.is_set():
                continue  # swallowed, but read: so a client that goes is seen
            wanted = self.proxy.lose_answer_to
            if wanted is not None and wanted in data:
                self.proxy.lose_answer_to = None
                self.losing = True
            writer.write(data)
            await writer.drain()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(PIECE):
            if self.losing:
                # Postgres answers a statement of its own transaction once that is committed.
                self.proxy.lost.set()
                return
            await self.moving.wait()
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def tcp_proxy(url: str) -> AsyncIterator[tuple[TcpProxy, str]]:
    """A proxy before what `url` names, and the url that leads through it."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    proxy = TcpProxy((parts.hostname, parts.port or 5432))
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    who, at, _ = parts.netloc.rpartition("@")
    try:
        yield proxy, urlunsplit(parts._replace(netloc=f"{who}{at}127.0.0.1:{port}"))
    finally:
        server.close()
        await proxy.close()
        await server.wait_closed()
