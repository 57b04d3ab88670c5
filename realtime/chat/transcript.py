"""Folds the events of one run into the messages a person keeps.

The owner of a run feeds it as it goes; a forced finish feeds it the log. One fold for both, so
transcript and log cannot disagree. Pure.

Parts of a message (`Message.content`), in order:
    {"type": "text", "text": str}
    {"type": "tool_call", "id": str, "name": str, "arguments": str}
    {"type": "tool_result", "toolCallId": str, "content": str, "ok": bool}
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

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
            case _:
                pass  # the run's frame and notices are no messages

    def apply_all(self, events: Iterable[agui.AguiEvent]) -> Transcript:
        for event in events:
            self.apply(event)
        return self

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
