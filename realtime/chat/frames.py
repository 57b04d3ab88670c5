"""What the server sends besides events, as documents have it: the texts `protocol` writes.

Built by hand there, for they are many and small; `tests/chat/test_asyncapi.py` holds each text
against its struct here, with unknown keys forbidden.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from realtime.chat import agui


class Sent(
    msgspec.Struct,
    kw_only=True,
    rename="camel",
    tag_field="type",
    forbid_unknown_fields=True,
):
    """A frame that says its type itself."""


class Padded(Sent, kw_only=True):
    """`pad` fills it where PAD_FRAMES is on; it means nothing."""

    pad: str | msgspec.UnsetType = msgspec.UNSET


class Part(msgspec.Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A part of a frame."""


class Ready(Padded, kw_only=True, tag="ready"):
    """The first frame of a socket."""

    protocol: Literal["kindline.v1"]
    connection_id: str
    heartbeat_ms: int
    max_frame_bytes: int


class NoticeOfSnapshot(Part, kw_only=True):
    id: str
    after_message_id: str | None
    name: str
    value: dict[str, Any]


class SnapshotFrame(Padded, kw_only=True, tag="snapshot"):
    """All finished messages of a thread; replaces what a client has."""

    thread_id: str
    cursor: str
    messages: list[agui.Message]
    notices: list[NoticeOfSnapshot]


class ActiveRun(Part, kw_only=True):
    run_id: str


class Subscribed(Padded, kw_only=True, tag="subscribed"):
    """Where a client stands; what it missed follows."""

    thread_id: str
    recovered: bool
    cursor: str
    active: ActiveRun | None


class Envelope(Part, kw_only=True):
    """A durable event; it covers the cursors (prev, id] of its thread."""

    id: str
    prev: str
    thread_id: str
    chunk: agui.AguiEvent
    pad: str | msgspec.UnsetType = msgspec.UNSET


class RefusalDetails(Part, kw_only=True):
    thread_id: str
    run_id: str
    retryable: bool
    retry_after_ms: int
    active_run_id: str | msgspec.UnsetType = msgspec.UNSET
    help: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class RefusalMetadata(Part, kw_only=True):
    kindline: RefusalDetails


class RefusalFrame(Sent, kw_only=True, tag="RUN_ERROR"):
    """Without envelope: nothing was stored."""

    code: str
    message: str
    metadata: RefusalMetadata


class StatusValue(Part, kw_only=True):
    thread_id: str
    run_id: str
    state: Literal["queued", "retrying", "storage_wait"]


class StatusFrame(Sent, kw_only=True, tag="CUSTOM"):
    """Without envelope: a passing hint."""

    name: Literal["kindline.status"]
    value: StatusValue


class FrameErrorFrame(Padded, kw_only=True, tag="error"):
    """A frame could not be read, or came too fast; the socket stays."""

    code: Literal["bad_frame", "rate_limited"]
    message: str


class Draining(Padded, kw_only=True, tag="draining"):
    """The server is about to stop: connect again within that time."""

    reconnect_ms: int


class PingFrame(Padded, kw_only=True, tag="ping"):
    """Needs no answer."""


class PongFrame(Padded, kw_only=True, tag="pong"):
    """The answer to a ping."""

    n: int | msgspec.UnsetType = msgspec.UNSET


OUTBOUND: dict[str, type[msgspec.Struct]] = {
    "ready": Ready,
    "snapshot": SnapshotFrame,
    "subscribed": Subscribed,
    "envelope": Envelope,
    "refusal": RefusalFrame,
    "status": StatusFrame,
    "error": FrameErrorFrame,
    "draining": Draining,
    "ping": PingFrame,
    "pong": PongFrame,
}
