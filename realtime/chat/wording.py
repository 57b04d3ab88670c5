"""How a client is told what its follower has for it: in envelopes, if nobody says otherwise.

An empty text tells the client nothing of that frame, but it is past it. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from realtime.chat import protocol
from realtime.chat.missed import Snapshot
from realtime.chat.protocol import Cursor, Frame

# Inside of JSON texts a quotation mark is escaped: no message can look like this.
_EVENT = re.compile(r'^(?:data: |\{.*?"chunk":)?\{"type":"(\w+)"', re.MULTILINE)


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


@dataclass(frozen=True, slots=True)
class RunOnly:
    """Of a thread just one run, in the words of `inner`; `gone` if the thread was deleted."""

    inner: Wording
    ord: int
    gone: str

    def snapshot(self, thread_id: str, snapshot: Snapshot) -> str:
        return self.gone

    def subscribed(
        self, thread_id: str, *, recovered: bool, cursor: Cursor, active_run_id: str | None
    ) -> str:
        return ""

    def frame(self, thread_id: str, frame: Frame) -> str:
        return self.inner.frame(thread_id, frame) if frame.id.ord == self.ord else ""


def kinds_of(text: str) -> list[str]:
    """The types of the events that a text tells, in an envelope or bare."""
    return _EVENT.findall(text)


def ends_a_run(text: str) -> bool:
    return kinds_of(text)[-1:] in (["RUN_FINISHED"], ["RUN_ERROR"])
