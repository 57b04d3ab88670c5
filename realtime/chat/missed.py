"""What a client has missed: what `queries` reads and `follower` sends on. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from realtime.chat import agui
from realtime.chat.protocol import Cursor, Frame

MAX_DELTA_BYTES = 60_000  # of one coalesced delta: its frame stays below 64 KB
# A page of what was missed, of which an outbox (256 frames, 512 KB) holds one with room to spare.
PAGE_ROWS, PAGE_FRAMES, PAGE_BYTES = 512, 128, 131_072
# A snapshot that is longer begins at an earlier run, from which the log leads on.
SNAPSHOT_CHARACTERS = 98_304


@dataclass(frozen=True, slots=True)
class Snapshot:
    cursor: Cursor
    messages: list[agui.Message]
    notices: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Catchup:
    """What a follower at `start` has missed: an optional snapshot, then frames.

    `more`: this is one page of it, the rest is read from the last of its frames on.
    """

    snapshot: Snapshot | None
    start: Cursor
    frames: list[Frame]
    active_run_id: str | None
    more: bool = False


@dataclass(frozen=True, slots=True)
class LastRun:
    """Where a thread stands, for the safety poll."""

    cursor: Cursor
    active: bool


def within(sizes: Iterable[int], most: int) -> int:
    """How many of them, from the first on, are together at most that."""
    count = total = 0
    for size in sizes:
        total += size
        if total > most:
            break
        count += 1
    return count


def coalesce(rows: Iterable[tuple[int, int, str, str]], *, after: Cursor) -> list[Frame]:
    """Frames of (ord, seq, kind, payload) rows, neighbouring deltas of a message made one."""
    frames: list[Frame] = []
    run: list[agui.TextMessageContent] = []
    size = 0
    here = after

    def close() -> None:
        nonlocal size
        if run:
            whole = agui.TextMessageContent(
                message_id=run[0].message_id,
                delta="".join(event.delta for event in run),
                metadata=run[0].metadata,
            )
            frames.append(Frame(here, frames[-1].id if frames else after, agui.encode(whole)))
            run.clear()
            size = 0

    for ord_, seq, kind, payload in rows:
        event = agui.decode(payload) if kind == "TEXT_MESSAGE_CONTENT" else None
        if isinstance(event, agui.TextMessageContent):
            added = _size_in_json(event.delta)
            if run and (run[0].message_id != event.message_id or size + added > MAX_DELTA_BYTES):
                close()
            run.append(event)
            size += added
        else:
            close()
            before = frames[-1].id if frames else after
            frames.append(Frame(Cursor(ord_, seq), before, payload))
        here = Cursor(ord_, seq)
    close()
    return frames


def _size_in_json(text: str) -> int:
    return len(msgspec.json.encode(text)) - 2
