"""The order of AG-UI events in one client's stream: what `@ag-ui/client`'s verifier demands of it.

And what protocol.md 1.7 adds: no message or call is opened twice, text is not broken by a call, a
result follows the end of its call and comes once, notices stand inside a run, and the `off` of a
delta counts the code points before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Event = dict[str, Any]
TERMINAL = ("RUN_FINISHED", "RUN_ERROR")
NOTICES = ("kindline.help", "kindline.disclosure")


class BadStream(AssertionError):
    """The stream breaks the grammar; the text names ids and no words."""


@dataclass
class Grammar:
    """Feed it one event after another, over any number of runs; raises BadStream."""

    run: str | None = None
    texts: dict[str, int] = field(default_factory=dict)  # code points of each message so far
    open_text: str | None = None
    calls: dict[str, str] = field(default_factory=dict)  # open, ended or answered

    def feed(self, event: Event) -> None:
        kind = event["type"]
        if kind == "RUN_STARTED":
            self._start(event["runId"])
            return
        self._demand(self.run is not None, f"{kind} outside of a run")
        match kind:
            case "TEXT_MESSAGE_START" | "TEXT_MESSAGE_CONTENT" | "TEXT_MESSAGE_END":
                self._text(kind, event)
            case "TOOL_CALL_START" | "TOOL_CALL_ARGS" | "TOOL_CALL_END" | "TOOL_CALL_RESULT":
                self._call(kind, event["toolCallId"])
            case "MESSAGES_SNAPSHOT":
                self._demand(not self._anything_open, "a snapshot inside an open message")
            case "RUN_FINISHED" | "RUN_ERROR":
                self._end(kind, event)
            case _:
                self._demand(kind == "CUSTOM", f"an event of kind {kind}")

    @property
    def _anything_open(self) -> bool:
        return self.open_text is not None or "open" in self.calls.values()

    def _start(self, run_id: str) -> None:
        self._demand(self.run is None, f"{run_id} starts while {self.run} goes on")
        self.run = run_id

    def _end(self, kind: str, event: Event) -> None:
        self._demand(not self._anything_open, f"{kind} while something is open")
        self._demand(event.get("runId", self.run) == self.run, f"{kind} of another run")
        self.run = None

    def _text(self, kind: str, event: Event) -> None:
        message_id = event["messageId"]
        if kind == "TEXT_MESSAGE_START":
            self._demand(message_id not in self.texts, f"{message_id} is opened again")
            self._demand(not self._anything_open, f"{message_id} opens inside another")
            self.open_text, self.texts[message_id] = message_id, 0
            return
        self._demand(self.open_text == message_id, f"{kind} of {message_id}, which is not open")
        if kind == "TEXT_MESSAGE_END":
            self.open_text = None
            return
        off = event.get("metadata", {}).get("kindline", {}).get("off")
        if off is not None:
            self._demand(off == self.texts[message_id], f"off {off} in {message_id}")
        self.texts[message_id] += len(event["delta"])

    def _call(self, kind: str, call_id: str) -> None:
        was = self.calls.get(call_id)
        needed, then = {
            "TOOL_CALL_START": (None, "open"),
            "TOOL_CALL_ARGS": ("open", "open"),
            "TOOL_CALL_END": ("open", "ended"),
            "TOOL_CALL_RESULT": ("ended", "answered"),
        }[kind]
        self._demand(was == needed, f"{kind} of {call_id}, which is {was}")
        if kind == "TOOL_CALL_START":
            self._demand(self.open_text is None, f"{call_id} breaks into a text")
        self.calls[call_id] = then

    def _demand(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise BadStream(otherwise)


def check_stream(events: Iterable[Event], *, over: bool = False) -> Grammar:
    """Hold a stream that begins with a run against the grammar; `over`: and no run goes on."""
    grammar = Grammar()
    for event in events:
        grammar.feed(event)
    if over and grammar.run is not None:
        raise BadStream(f"{grammar.run} does not end")
    return grammar
