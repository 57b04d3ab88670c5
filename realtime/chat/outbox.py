"""What waits to be written to one socket: in order, bounded, and written by one task.

A client that reads too slowly *lags*: what waits of the log is dropped, for the log has it, and
each follower goes on from where the client really is once all else is written. So a stalled
client costs no more than MAX_BYTES here, and nobody waits for it but its own writer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from realtime.chat.codes import CloseCode
from realtime.chat.follower import Follower, Outgoing
from realtime.chat.timings import Timings

MAX_FRAMES = 256
MAX_BYTES = 512 * 1024


@dataclass(slots=True)
class Outbox:
    """`tend` is told of each follower that was set back; `end` closes the socket with a code.

    Three kinds of frames: those of the log (`put`), which may be dropped and read again; `reply`,
    which a client waits for; and `hint`, which is dropped where there is no room.
    """

    timings: Timings
    tend: Callable[[Follower], None]
    end: Callable[[int], None]
    _waiting: deque[tuple[int, str | Outgoing]] = field(default_factory=deque)
    _closed: bool = False
    _size: int = 0  # of what waits and of what is being written
    _deadline: asyncio.TimerHandle | None = None
    _filled: asyncio.Event = field(default_factory=asyncio.Event)
    _drained: asyncio.Event = field(default_factory=asyncio.Event)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self._drained.set()

    @property
    def lagging(self) -> bool:
        return self._deadline is not None

    # --- in ----------------------------------------------------------------------------------

    def put(self, out: Outgoing) -> bool:
        """A frame of the log. One that is larger than the outbox finds room in an empty one."""
        return self._add(out, size_of(out.text))

    def reply(self, text: str) -> None:
        """What the client waits for: without it, it had better connect again."""
        if self._add(text, size_of(text)):
            return
        self.lag()
        if not self._add(text, size_of(text)):
            self._give_up()

    def hint(self, text: str) -> None:
        self._add(text, size_of(text))

    def unavailable(self) -> None:
        """What the client follows cannot be read: another server may do better."""
        self.end(CloseCode.OVERLOADED)

    def _give_up(self) -> None:
        self.end(CloseCode.TOO_SLOW)

    def _add(self, frame: str | Outgoing, size: int) -> bool:
        if self._closed:
            return True
        fits = len(self._waiting) < MAX_FRAMES and self._size + size <= MAX_BYTES
        if not fits and not self._drained.is_set():
            return False
        self._waiting.append((size, frame))
        self._size += size
        self._drained.clear()
        self._filled.set()
        return True

    # --- too slow ----------------------------------------------------------------------------

    def lag(self) -> None:
        """Drop what the log has, and give the client some time to take the rest."""
        if self._deadline is None:
            loop = asyncio.get_running_loop()
            self._deadline = loop.call_later(self.timings.lag_s, self._give_up)
        kept: deque[tuple[int, str | Outgoing]] = deque()
        behind = set()
        for size, frame in self._waiting:
            if isinstance(frame, Outgoing):
                self._size -= size
                behind.add(frame.follower)
            else:
                kept.append((size, frame))
        self._waiting = kept
        for follower in behind:
            follower.lag()
            self.tend(follower)

    @asynccontextmanager
    async def room(self) -> AsyncIterator[None]:
        """For one page of what a client missed: when all before it is written, one at a time."""
        async with self._turn:
            await self._drained.wait()
            yield

    # --- out ---------------------------------------------------------------------------------

    async def write(self, send: Callable[[str], Awaitable[None]]) -> None:
        """Write what comes, until cancelled or `send` fails."""
        loop = asyncio.get_running_loop()
        while True:
            size, text = await self._next()
            if not text:
                continue  # the client is past it, and need not be told
            late = loop.call_later(self.timings.send_timeout_s, self.lag)
            try:
                # Not cut short: what a server does with half a send, nobody says.
                await send(text)
            finally:
                late.cancel()
            self._size -= size

    async def _next(self) -> tuple[int, str]:
        while not self._waiting:
            self._caught_up()
            self._filled.clear()
            await self._filled.wait()
        size, frame = self._waiting.popleft()
        if isinstance(frame, str):
            return size, frame
        frame.sent()
        return size, frame.text

    def _caught_up(self) -> None:
        self._drained.set()
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def close(self) -> None:
        """Nothing more is wanted; what waits goes."""
        self._closed = True
        self._waiting.clear()
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def size_of(text: str) -> int:
    """Bytes of UTF-8; in a Python that knows of a text that it is ASCII, mostly for free."""
    return len(text) if text.isascii() else len(text.encode())
