"""A call on the Chat Completions wire, as its deltas come."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from realtime.agent.errors import ModelMalformed
from realtime.agent.model import (
    ModelCallArguments,
    ModelCallCompleted,
    ModelCallStarted,
    ModelEvent,
)

LONGEST_ARGUMENTS = 64 * 1024


class CallPart(msgspec.Struct):
    name: str | None = None
    arguments: str | dict[str, Any] | None = None  # an object: older llama.cpp


class ChunkedCall:
    """`key` is ours, since servers repeat ids and indexes."""

    def __init__(self, *, key: str, index: int | None, call_id: str | None) -> None:
        self.index = index
        self.id = call_id
        self._key = key
        self._name = ""
        self._arguments = ""
        self._placeholder = ""  # "{}": all there is, or some servers' word before the arguments
        self._scan = JsonObject()
        self._completed = False

    def is_followed_by(self, call_id: str | None, name: str | None) -> bool:
        """Tell whether a delta with the same index is another call (Ollama: all have index 0)."""
        if not name or not self._name:
            return False
        if call_id and self.id:
            return call_id != self.id
        return self._scan.whole

    def receive(self, part: CallPart) -> list[ModelEvent]:
        if self._completed:
            return []  # some servers end with a copy of the whole call
        events: list[ModelEvent] = []
        if part.name and not self._name:
            self._name = part.name
            events.append(ModelCallStarted(self._key, part.name))
            events += self._told(self._arguments)
        text = part.arguments or ""
        text = text if isinstance(text, str) else json.dumps(text)
        if not self._arguments and text.strip() == "{}":
            self._placeholder = text
            return events
        self._arguments += text
        if len(self._arguments) > LONGEST_ARGUMENTS:
            raise ModelMalformed("a call's arguments are without end")
        self._scan.feed(text)
        if self._name:
            events += self._told(text)
        if self._name and self._scan.whole:
            self._completed = True
            events.append(ModelCallCompleted(self._key))
        return events

    def end(self) -> list[ModelEvent]:
        if self._completed:
            return []
        if not self._name:
            raise ModelMalformed("a call without a name")
        self._completed = True
        told = self._told(self._placeholder) if not self._arguments else []
        return [*told, ModelCallCompleted(self._key)]

    def _told(self, text: str) -> list[ModelEvent]:
        return [ModelCallArguments(self._key, text)] if text else []


class JsonObject:
    """Notices where a JSON object ends: this wire has no other sign that a call is whole."""

    def __init__(self) -> None:
        self.whole = False
        self._depth = 0
        self._quoted = False
        self._escaped = False

    def feed(self, text: str) -> None:
        for character in text:
            if self._escaped:
                self._escaped = False
            elif self._quoted:
                self._escaped = character == "\\"
                self._quoted = character != '"'
            elif character == '"':
                self._quoted = True
            elif character in "{[":
                self._depth += 1
            elif character in "}]":
                self._depth -= 1
                self.whole = self.whole or self._depth == 0
