"""What a bad Redis does to pub/sub: messages are lost, come twice, or change places."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Lie = Literal["drop", "duplicate", "reorder"]


@dataclass
class PubsubLies:
    """A filter for one line of `TcpProxy`: reads RESP 2 and 3, and touches only `message`s."""

    random: random.Random
    shares: Mapping[Lie, float]  # of all messages
    lies: Counter[Lie] = field(default_factory=Counter)  # what was done, for the test to see
    messages: int = 0
    _buffer: bytes = b""
    _kept_back: bytes = b""

    def feed(self, data: bytes) -> bytes:
        self._buffer += data
        out, at = b"", 0
        while (end := _end_of_value(self._buffer, at)) is not None:
            value, at = self._buffer[at:end], end
            out += self._told(value) if _is_message(value) else value
        self._buffer = self._buffer[at:]
        return out

    def _told(self, message: bytes) -> bytes:
        self.messages += 1
        if self._lies("drop"):
            return b""
        if self._lies("duplicate"):
            message += message
        if not self._kept_back and self._lies("reorder"):
            self._kept_back = message
            return b""
        kept, self._kept_back = self._kept_back, b""
        return message + kept

    def _lies(self, how: Lie) -> bool:
        lies = self.random.random() < self.shares.get(how, 0.0)
        self.lies[how] += lies
        return lies


def _is_message(value: bytes) -> bool:
    return value[:1] in b"*>" and value.split(b"\r\n", 3)[1:3] == [b"$7", b"message"]


def _end_of_value(data: bytes, at: int) -> int | None:
    """Where the value that begins at `at` ends; None while it is not whole."""
    line = data.find(b"\r\n", at)
    if line < 0:
        return None
    kind, rest = data[at : at + 1], data[at + 1 : line]
    end = line + 2
    if kind in b"$=!":
        end += max(int(rest), -2) + 2
        return end if end <= len(data) else None
    if kind in b"*~>%|":
        for _ in range(int(rest) * (2 if kind in b"%|" else 1) + (kind == b"|")):
            inner = _end_of_value(data, end)
            if inner is None:
                return None
            end = inner
    return end
