"""What waits to be written to one socket, in order and bounded."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from realtime.chat.follower import Outgoing

MAX_CHARACTERS = 8 * 1_048_576


@dataclass(slots=True)
class Outbox:
    """`overflowed` once more waits than fits: the client is too slow and resumes by cursor."""

    limit: int = MAX_CHARACTERS
    overflowed: bool = False
    _frames: deque[str] = field(default_factory=deque)
    _size: int = 0
    _filled: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, out: Outgoing) -> None:
        out.sent()
        self.hint(out.text)

    def hint(self, frame: str) -> None:
        if self.overflowed:
            return
        if self._size + len(frame) > self.limit:
            self.overflowed = True
            self._frames.clear()
        else:
            self._frames.append(frame)
            self._size += len(frame)
        self._filled.set()

    def clear(self) -> None:
        self._frames.clear()
        self._size = 0

    async def get(self) -> str | None:
        """The next frame; None when it has overflowed."""
        while not self._frames and not self.overflowed:
            self._filled.clear()
            await self._filled.wait()
        if self.overflowed:
            return None
        frame = self._frames.popleft()
        self._size -= len(frame)
        return frame
