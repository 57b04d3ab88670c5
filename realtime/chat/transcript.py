"""Folds the events of one run into the messages a person keeps.

The owner of a run feeds it as it goes; a forced finish feeds it the log. One fold for both, so
transcript and log cannot disagree. Pure.

A MESSAGES_SNAPSHOT in mid-run discards those of the run's messages that it does not name: so a
half reply goes when it is written again.

Parts of a message (`Message.content`), in order:
    {"type": "text", "text": str}
    {"type": "tool_call", "id": str, "name": str, "arguments": str}
    {"type": "tool_result", "toolCallId": str, "content": str, "ok": bool}
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from realtime.agent.model import (
    AssistantMessage,
    ChatMessage,
    ToolCall,
    ToolMessage,
    UserMessage,
)
from realtime.chat import agui

Part = dict[str, Any]


@dataclass(slots=True)
class FoldedMessage:
    client_msg_id: str
    role: str
    parts: list[Part]
    complete: bool


@dataclass(slots=True)
class Transcript:
    """`messages` in the order in which they began; `complete` is False while something is open."""

    messages: list[FoldedMessage] = field(default_factory=list)
    _by_id: dict[str, FoldedMessage] = field(default_factory=dict)
    _calls: dict[str, Part] = field(default_factory=dict)
    _open_texts: dict[str, list[str]] = field(default_factory=dict)
    _open_calls: dict[str, list[str]] = field(default_factory=dict)
    _answered: set[str] = field(default_factory=set)

    def apply(self, event: agui.AguiEvent) -> None:
        match event:
            case agui.TextMessageStart():
                self._assistant(event.message_id)
                self._open_texts[event.message_id] = []
            case agui.TextMessageContent():
                self._open_texts[event.message_id].append(event.delta)
            case agui.TextMessageEnd():
                self._end_text(event.message_id)
            case agui.ToolCallStart():
                self._start_call(event)
            case agui.ToolCallArgs():
                self._open_calls[event.tool_call_id].append(event.delta)
            case agui.ToolCallEnd():
                self._end_call(event.tool_call_id)
            case agui.ToolCallResult():
                self._result(event)
            case agui.MessagesSnapshot():
                self._retain({message.id for message in event.messages})
            case _:
                pass  # the run's frame and notices are no messages

    def apply_all(self, events: Iterable[agui.AguiEvent]) -> Transcript:
        for event in events:
            self.apply(event)
        return self

    @property
    def open_ids(self) -> set[str]:
        """Messages whose text, or the arguments of one of whose calls, have no end yet."""
        return {*self._open_texts, *(self._owner_of(i).client_msg_id for i in self._open_calls)}

    @property
    def open_texts(self) -> dict[str, str]:
        """What was said so far in each message whose text has no end yet."""
        return {i: "".join(pieces) for i, pieces in self._open_texts.items()}

    @property
    def unanswered(self) -> list[Part]:
        """The calls without a result, in the order in which they were made."""
        return [part for call_id, part in self._calls.items() if call_id not in self._answered]

    def so_far(self, message: FoldedMessage) -> FoldedMessage:
        """A message with as much as there is of the arguments of its open calls."""
        parts = [
            part | {"arguments": "".join(self._open_calls[part["id"]])}
            if part.get("id") in self._open_calls
            else part
            for part in message.parts
        ]
        return replace(message, parts=parts)

    def closing_events(self) -> list[agui.AguiEvent]:
        """The END events that must stand before a terminal event."""
        texts = [agui.TextMessageEnd(message_id=i) for i in self._open_texts]
        calls = [agui.ToolCallEnd(tool_call_id=i) for i in self._open_calls]
        return [*texts, *calls]

    def cut(self) -> Transcript:
        """The run did not finish: close what is open and mark what it broke off as partial.

        That is also a last message whose text was closed but which nothing follows.
        """
        for message_id in list(self._open_texts):
            self._end_text(message_id)
            self._by_id[message_id].complete = False
        for call_id in list(self._open_calls):
            self._end_call(call_id)
        if self.messages and self.messages[-1].role == "assistant":
            self.messages[-1].complete = False
        for call_id in self._calls.keys() - self._answered:
            self._owner_of(call_id).complete = False
        return self

    def rows(self) -> list[FoldedMessage]:
        """The messages, without empty ones."""
        return [message for message in self.messages if message.parts]

    def _retain(self, ids: set[str]) -> None:
        """Forget the messages that are not among these, with their calls."""
        kept = [message for message in self.messages if message.client_msg_id in ids]
        self.messages = kept
        self._by_id = {i: message for i, message in self._by_id.items() if i in ids}
        calls = {p["id"] for m in kept for p in m.parts if p["type"] == "tool_call"}
        self._calls = {i: part for i, part in self._calls.items() if i in calls}
        self._open_texts = {i: text for i, text in self._open_texts.items() if i in ids}
        self._open_calls = {i: text for i, text in self._open_calls.items() if i in calls}

    def _assistant(self, message_id: str) -> FoldedMessage:
        if message_id not in self._by_id:
            message = FoldedMessage(message_id, "assistant", [], complete=True)
            self._by_id[message_id] = message
            self.messages.append(message)
        return self._by_id[message_id]

    def _end_text(self, message_id: str) -> None:
        text = "".join(self._open_texts.pop(message_id))
        if text:
            self._by_id[message_id].parts.append({"type": "text", "text": text})

    def _start_call(self, event: agui.ToolCallStart) -> None:
        part: Part = {
            "type": "tool_call",
            "id": event.tool_call_id,
            "name": event.tool_call_name,
            "arguments": "",
        }
        self._assistant(event.parent_message_id).parts.append(part)
        self._calls[event.tool_call_id] = part
        self._open_calls[event.tool_call_id] = []

    def _end_call(self, call_id: str) -> None:
        self._calls[call_id]["arguments"] = "".join(self._open_calls.pop(call_id))

    def _result(self, event: agui.ToolCallResult) -> None:
        self._answered.add(event.tool_call_id)
        ok = not (event.metadata or {}).get("kindline", {}).get("error", False)
        part: Part = {
            "type": "tool_result",
            "toolCallId": event.tool_call_id,
            "content": event.content,
            "ok": ok,
        }
        self.messages.append(FoldedMessage(event.message_id, "tool", [part], complete=True))

    def _owner_of(self, call_id: str) -> FoldedMessage:
        part = self._calls[call_id]
        return next(m for m in self.messages if any(p is part for p in m.parts))


def text_of(parts: Iterable[Part]) -> str:
    return "".join(part["text"] for part in parts if part["type"] == "text")


def as_agui(*, message_id: str, role: str, parts: list[Part], partial: bool) -> agui.Message:
    """A folded message as AG-UI has it; a partial one says so in its metadata."""
    metadata = {"kindline": {"status": "partial"}} if partial else None
    if role == "tool":
        [part] = parts
        return agui.Message(
            id=message_id,
            role="tool",
            content=part["content"],
            tool_call_id=part["toolCallId"],
            error=None if part["ok"] else "the tool failed",
            metadata=metadata,
        )
    calls = [
        agui.tool_call(call_id=part["id"], name=part["name"], arguments=part["arguments"])
        for part in parts
        if part["type"] == "tool_call"
    ]
    return agui.Message(
        id=message_id,
        role=role,
        content=text_of(parts) or None,
        tool_calls=calls or None,
        metadata=metadata,
    )


def for_model(*, role: str, parts: list[Part]) -> ChatMessage:
    """The same message as a model reads it."""
    if role == "user":
        return UserMessage(text_of(parts))
    if role == "tool":
        return ToolMessage(parts[0]["toolCallId"], parts[0]["content"])
    calls = tuple(tool_call(part) for part in parts if part["type"] == "tool_call")
    return AssistantMessage(text_of(parts), calls)


def tool_call(part: Part) -> ToolCall:
    return ToolCall(part["id"], part["name"], part["arguments"])
