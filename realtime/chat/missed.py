"""What a client has missed: what `queries` reads and `follower` sends on. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from realtime.chat import agui
from realtime.chat.protocol import Cursor, Frame

MAX_REPLAY_CHARACTERS = 32_768  # a coalesced delta stays well below the 64 KB of a frame


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
            if run and (
                run[0].message_id != event.message_id
                or size + len(event.delta) > MAX_REPLAY_CHARACTERS
            ):
                close()
            run.append(event)
            size += len(event.delta)
        else:
            close()
            before = frames[-1].id if frames else after
            frames.append(Frame(Cursor(ord_, seq), before, payload))
        here = Cursor(ord_, seq)
    close()
    return frames
