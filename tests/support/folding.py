"""What a client of AG-UI knows after some events; written from the standard, not from our code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class FoldedMessage:
    """`calls` are (id, name, arguments); `answers` is the call whose result a tool message is."""

    id: str
    role: str
    text: str = ""
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    answers: str | None = None

    @property
    def empty(self) -> bool:
        return not self.text and not self.calls and self.answers is None


@dataclass
class Folded:
    messages: list[FoldedMessage] = field(default_factory=list)
    made: set[str] = field(default_factory=set)  # ids that these events themselves brought up

    def apply(self, event: dict[str, Any]) -> None:
        match event["type"]:
            case "RUN_STARTED":
                for message in event["input"]["messages"]:
                    self._put(read_message(message))
            case "MESSAGES_SNAPSHOT":
                self.messages = [read_message(message) for message in event["messages"]]
            case "TEXT_MESSAGE_START":
                self._made(event["messageId"], event["role"])
            case "TEXT_MESSAGE_CONTENT":
                self._find(event["messageId"]).text += event["delta"]
            case "TOOL_CALL_START":
                owner = self._made(event["parentMessageId"], "assistant")
                owner.calls.append((event["toolCallId"], event["toolCallName"], ""))
            case "TOOL_CALL_ARGS":
                self._lengthen(event["toolCallId"], event["delta"])
            case "TOOL_CALL_RESULT":
                result = self._made(event["messageId"], "tool")
                result.text, result.answers = event["content"], event["toolCallId"]

    def apply_all(self, events: Iterable[dict[str, Any]]) -> Folded:
        for event in events:
            self.apply(event)
        return self

    def of_this_run(self) -> list[FoldedMessage]:
        """What these events made and still stands, without what stayed empty."""
        return [m for m in self.messages if m.id in self.made and not m.empty]

    def _put(self, message: FoldedMessage) -> None:
        for at, known in enumerate(self.messages):
            if known.id == message.id:
                self.messages[at] = message
                return
        self.messages.append(message)

    def _made(self, message_id: str, role: str) -> FoldedMessage:
        self.made.add(message_id)
        if all(message.id != message_id for message in self.messages):
            self.messages.append(FoldedMessage(message_id, role))
        return self._find(message_id)

    def _find(self, message_id: str) -> FoldedMessage:
        return next(message for message in self.messages if message.id == message_id)

    def _lengthen(self, call_id: str, delta: str) -> None:
        for message in self.messages:
            for at, (known, name, arguments) in enumerate(message.calls):
                if known == call_id:
                    message.calls[at] = (known, name, arguments + delta)


def read_message(message: dict[str, Any]) -> FoldedMessage:
    """An AG-UI message as a snapshot holds it."""
    calls = [
        (call["id"], call["function"]["name"], call["function"]["arguments"])
        for call in message.get("toolCalls") or ()
    ]
    text = message.get("content") or ""
    return FoldedMessage(message["id"], message["role"], text, calls, message.get("toolCallId"))
