"""How a client is told what its follower has for it: in envelopes, if nobody says otherwise.

An empty text tells the client nothing of that frame, but it is past it. Pure.
"""

from __future__ import annotations

from typing import Protocol

from realtime.chat import protocol
from realtime.chat.missed import Snapshot
from realtime.chat.protocol import Cursor, Frame


class Wording(Protocol):
    def snapshot(self, thread_id: str, snapshot: Snapshot) -> str: ...
    def subscribed(
        self, thread_id: str, *, recovered: bool, cursor: Cursor, active_run_id: str | None
    ) -> str: ...
    def frame(self, thread_id: str, frame: Frame) -> str: ...


class Envelopes:
    """The socket's."""

    def snapshot(self, thread_id: str, snapshot: Snapshot) -> str:
        return protocol.snapshot(
            thread_id=thread_id,
            cursor=snapshot.cursor,
            messages=snapshot.messages,
            notices=snapshot.notices,
        )

    def subscribed(
        self, thread_id: str, *, recovered: bool, cursor: Cursor, active_run_id: str | None
    ) -> str:
        return protocol.subscribed(
            thread_id=thread_id, recovered=recovered, cursor=cursor, active_run_id=active_run_id
        )

    def frame(self, thread_id: str, frame: Frame) -> str:
        return protocol.envelope(frame, thread_id=thread_id)


ENVELOPES = Envelopes()
