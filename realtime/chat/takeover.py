"""How a run goes on that somebody else began, or whose reply broke off: read from its log. Pure.

A round is one assistant message. By the state of the last one (protocol.md 1.4):
 1. unfinished (its text is open or nothing follows it, or arguments of a call have no end): close
    what is open and discard it by a MESSAGES_SNAPSHOT, in one append; it is generated again under
    a new id. Its calls are never executed: their arguments may be cut.
 2. complete, with calls that lack a result: those are executed (again); a logged result stands.
 3. complete: just go on.
Where the model can (prefill), an open text is gone on with in its message instead of 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from realtime.agent.model import ChatMessage, ToolCall
from realtime.agent.turn import OpenText
from realtime.chat import agui
from realtime.chat.transcript import (
    FoldedMessage,
    Transcript,
    as_agui,
    for_model,
    tool_call,
)


@dataclass(frozen=True, slots=True)
class Resumption:
    """`closing` is to be appended first; the others are where the agent goes on."""

    closing: tuple[agui.AguiEvent, ...]
    said: tuple[ChatMessage, ...]
    pending: tuple[ToolCall, ...]
    open_text: OpenText | None = None


def resumption(
    transcript: Transcript, branch: Sequence[agui.Message], *, prefill: bool = False
) -> Resumption:
    """Plan from what a run has said so far; `branch` is the conversation with its question."""
    kept = _kept(transcript)
    dropped = [m.client_msg_id for m in transcript.messages if m not in kept]
    open_text = _open_text(transcript, dropped) if prefill else None
    closing: list[agui.AguiEvent] = []
    if dropped and open_text is None:
        rounds = [_as_agui(message) for message in kept]
        snapshot = agui.MessagesSnapshot(messages=[*branch, *rounds])
        closing = [*transcript.closing_events(), snapshot]
    calls = {call for message in kept for call in _calls(message)}
    pending = [tool_call(part) for part in transcript.unanswered if part["id"] in calls]
    said = [for_model(role=message.role, parts=message.parts) for message in kept]
    return Resumption(tuple(closing), tuple(said), tuple(pending), open_text)


def without(
    transcript: Transcript, branch: Sequence[agui.Message], message_id: str
) -> list[agui.AguiEvent]:
    """What takes one message back while its text is open; a call that is open goes on."""
    others = [m for m in transcript.messages if m.client_msg_id != message_id]
    rounds = [_as_agui(transcript.so_far(message)) for message in others]
    return [
        agui.TextMessageEnd(message_id=message_id),
        agui.MessagesSnapshot(messages=[*branch, *rounds]),
    ]


def _open_text(transcript: Transcript, dropped: list[str]) -> OpenText | None:
    """The text that is all there is of the unfinished round, if it is that."""
    texts = transcript.open_texts
    if not texts or transcript.open_ids != set(dropped) or list(texts) != dropped:
        return None
    [(message_id, text)] = texts.items()
    return OpenText(message_id, text) if text else None


def _kept(transcript: Transcript) -> list[FoldedMessage]:
    """The messages before the first unfinished round, with the results of their calls."""
    assistants = [m for m in transcript.messages if m.role == "assistant"]
    complete, calls = set[str](), set[str]()
    for message in assistants:
        last = message is assistants[-1]
        if message.client_msg_id in transcript.open_ids or (last and not _calls(message)):
            break
        complete.add(message.client_msg_id)
        calls.update(_calls(message))
    return [
        m
        for m in transcript.messages
        if (_answers(m) in calls if m.role == "tool" else m.client_msg_id in complete)
    ]


def _calls(message: FoldedMessage) -> list[str]:
    return [part["id"] for part in message.parts if part["type"] == "tool_call"]


def _answers(message: FoldedMessage) -> str:
    call_id: str = message.parts[0]["toolCallId"]
    return call_id


def _as_agui(message: FoldedMessage) -> agui.Message:
    return as_agui(
        message_id=message.client_msg_id,
        role=message.role,
        parts=message.parts,
        partial=False,
    )
