"""The one reader of both wires' bytes: server-sent events in, the data of each event out."""

from __future__ import annotations

import json
from typing import TypeVar

import msgspec

from realtime.agent.errors import ModelMalformed

T = TypeVar("T")

# No chunk of a model comes near; without a limit a hostile upstream could fill the memory.
LONGEST_EVENT = 1024 * 1024
_BOM = b"\xef\xbb\xbf"


class SseReader:
    """Pure: feed it bytes cut anywhere. Only `data` matters here: both wires name the event
    inside the JSON."""

    def __init__(self) -> None:
        self._line: list[bytes] = []  # pieces of the line that has not ended
        self._data: list[bytes] = []  # lines of the event that has not ended
        self._held = 0  # bytes in both
        self._after_cr = False  # "\r\n" may be cut in two
        self._at_start = True

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the data of the events that this chunk completed."""
        if self._after_cr and chunk:
            self._after_cr = False
            chunk = chunk.removeprefix(b"\n")
        self._held += len(chunk)
        if self._held > LONGEST_EVENT + len(chunk):
            raise ModelMalformed("an event without end")
        if b"\n" not in chunk and b"\r" not in chunk:
            self._line.append(chunk)
            return []
        self._after_cr = chunk.endswith(b"\r")
        lines = (b"".join(self._line) + chunk).splitlines(keepends=True)
        rest = [] if lines[-1].endswith((b"\n", b"\r")) else [lines.pop()]
        self._line = rest
        events = [data for line in lines if (data := self._end_line(line.rstrip(b"\r\n")))]
        self._held = sum(map(len, rest)) + sum(map(len, self._data))
        return events

    def end(self) -> list[bytes]:
        """Return what an upstream left without its last blank line, if it is whole."""
        if line := b"".join(self._line):
            self._end_line(line)
        data = b"\n".join(self._data)
        return [data] if _is_whole(data) else []

    def _end_line(self, line: bytes) -> bytes | None:
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(_BOM)
        if line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
            return None
        if line or not self._data:
            return None  # a comment, another field, or a blank line that ends nothing
        data = b"\n".join(self._data)
        self._data = []
        return data


def _is_whole(data: bytes) -> bool:
    """Tell a last event from one that was cut."""
    if data.strip() == b"[DONE]":
        return True
    try:
        msgspec.json.decode(data)
    except (ValueError, RecursionError):
        return False
    return True


def read_json(data: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Decode a chunk; raise ModelMalformed where it cannot be read.

    msgspec refuses lone surrogates, bad UTF-8 and raw control characters; the slow way reads them,
    and the turn puts U+FFFD where Postgres would refuse.
    """
    try:
        return decoder.decode(data)
    except (ValueError, RecursionError):
        pass
    try:
        loose = json.loads(data.decode("utf-8", "replace"), strict=False)
        value: T = msgspec.convert(loose, decoder.type)
    except (ValueError, RecursionError):
        raise ModelMalformed("a chunk that cannot be read") from None
    return value
