"""The open sockets of this process, by what they end with (`Identity.ends_with`)."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

FRESH_S = 10.0  # longer than anybody is on the way from being known to being counted here
MOST_FRESH = 1_000


class Socket(Protocol):
    def say(self, text: str) -> None:
        """Send a frame that is about the server itself."""

    def end(self, code: int) -> None:
        """Send nothing more and close."""


@dataclass(slots=True)
class Sockets:
    _by_name: dict[str, set[Socket]] = field(default_factory=dict)
    _fresh: OrderedDict[str, tuple[float, int]] = field(default_factory=OrderedDict)

    def add(self, socket: Socket, names: Iterable[str]) -> None:
        """Keep it; or cut it at once, if a name ended since somebody looked."""
        for name in names:
            self._by_name.setdefault(name, set()).add(socket)
        for name in names:
            ended_at, code = self._fresh.get(name, (0.0, 0))
            if code and time.monotonic() - ended_at < FRESH_S:
                socket.end(code)

    def discard(self, socket: Socket, names: Iterable[str]) -> None:
        for name in names:
            theirs = self._by_name.get(name, set())
            theirs.discard(socket)
            if not theirs:
                self._by_name.pop(name, None)

    def close(self, names: Iterable[str], code: int) -> None:
        for name in names:
            self._fresh[name] = (time.monotonic(), code)
            for socket in list(self._by_name.get(name, ())):
                socket.end(code)
        while len(self._fresh) > MOST_FRESH:
            self._fresh.popitem(last=False)

    def say_to_all(self, text: str) -> None:
        for socket in {each for named in self._by_name.values() for each in named}:
            socket.say(text)
