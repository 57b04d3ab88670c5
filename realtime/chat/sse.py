"""The log as Server-Sent Events: bare AG-UI events, `id:` is the cursor. Pure.

AG-UI knows no event outside of a run, and a client that comes without a cursor must be given the
finished messages. So a snapshot is told as a run of its own, marked `metadata.kindline.snapshot`,
that is not of the log: started, MESSAGES_SNAPSHOT, the notices, finished. Only its last event has
an id: a client cut off inside of it gets the whole of it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import orjson

from realtime.chat import agui
from realtime.chat.missed import Snapshot
from realtime.chat.protocol import Cursor, Frame

# How soon an EventSource comes back, in milliseconds.
OPENING = "retry: 1000\n\n"
KEEP_ALIVE = ": keep-alive\n\n"


def event(chunk: str, *, id: Cursor | None = None) -> str:
    """One event; JSON has no line breaks of its own."""
    return f"data: {chunk}\n\n" if id is None else f"id: {id}\ndata: {chunk}\n\n"


class Events:
    """How a follower's client is told by SSE."""

    def snapshot(self, thread_id: str, snapshot: Snapshot) -> str:
        *body, last = (_dumps(event) for event in _snapshot_run(thread_id, snapshot))
        return "".join(event(chunk) for chunk in body) + event(last, id=snapshot.cursor)

    def subscribed(
        self, thread_id: str, *, recovered: bool, cursor: Cursor, active_run_id: str | None
    ) -> str:
        return ""

    def frame(self, thread_id: str, frame: Frame) -> str:
        return event(frame.chunk, id=frame.id)


EVENTS = Events()


def _snapshot_run(thread_id: str, snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    ids = {"threadId": thread_id, "runId": f"snapshot-{snapshot.cursor}"}
    marked = {"metadata": {"kindline": {"snapshot": True}}}
    version = {"protocolVersion": agui.PROTOCOL_VERSION}
    yield {"type": "RUN_STARTED", **ids, **version, **marked}
    messages = [msgspec.to_builtins(message) for message in snapshot.messages]
    yield {"type": "MESSAGES_SNAPSHOT", "messages": messages, **marked}
    for notice in snapshot.notices:
        about = {"id": notice["id"], "afterMessageId": notice["afterMessageId"], "snapshot": True}
        metadata = {"metadata": {"kindline": about}}
        yield {"type": "CUSTOM", "name": notice["name"], "value": notice["value"], **metadata}
    yield {"type": "RUN_FINISHED", **ids, **marked}


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()
