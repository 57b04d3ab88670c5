"""What the stand-in can play, as data; `chat` and `responses` write it down for their wire."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

_PATIENCE_S = 30


@dataclass(frozen=True)
class Call:
    """A tool call whose arguments come in `pieces` deltas."""

    name: str
    arguments: str
    id: str = "call_1"
    pieces: int = 3

    def cut(self) -> list[str]:
        size = max(1, -(-len(self.arguments) // self.pieces))
        return [self.arguments[at : at + size] for at in range(0, len(self.arguments), size)]


@dataclass(frozen=True)
class HalfCall:
    """A tool call whose arguments do not come to an end."""

    name: str
    arguments: str
    id: str = "call_1"


@dataclass(frozen=True)
class Raw:
    """Bytes that go out as they are."""

    data: bytes


@dataclass(frozen=True)
class Cut:
    """The connection is reset here."""


@dataclass(frozen=True)
class Stall:
    """Nothing more comes, and the connection stays."""


@dataclass(eq=False, frozen=True)
class Gate:
    """The answer waits here until the test opens it; usable from any thread."""

    _reached: threading.Event = field(default_factory=threading.Event)
    _opened: threading.Event = field(default_factory=threading.Event)

    def open(self) -> None:
        self._opened.set()

    def wait_reached(self) -> None:
        assert self._reached.wait(_PATIENCE_S), "the answer never came to the gate"

    async def reached(self) -> None:
        await asyncio.to_thread(self.wait_reached)

    async def pass_through(self) -> None:
        """Looks, because who opens may stand on any thread; a hundred may wait at once."""
        self._reached.set()
        while not self._opened.is_set():  # noqa: ASYNC110 - a threading.Event cannot be awaited
            await asyncio.sleep(0.005)


Part = str | Call | HalfCall | Raw | Cut | Stall | Gate
Piece = bytes | Cut | Stall | Gate


@dataclass(frozen=True)
class Scenario:
    """One answer. `ends` False: no sign of the end; `chop`: so many bytes per write;
    `pace_s`: how long it takes from one write to the next."""

    parts: tuple[Part, ...] = ()
    finish: str = ""  # "": by what it holds; else "length" or "content_filter"
    ends: bool = True
    chop: int = 0
    pace_s: float = 0.0
    status: int = 200
    error: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def chopped(self, size: int) -> Scenario:
        return replace(self, chop=size)

    def paced(self, seconds: float) -> Scenario:
        return replace(self, pace_s=seconds)

    def cut_short(self, finish: str) -> Scenario:
        return replace(self, finish=finish)

    @property
    def calls(self) -> bool:
        return any(isinstance(part, Call) for part in self.parts)


def says(*parts: Part) -> Scenario:
    """Stream these parts, one delta per text, and end properly."""
    return Scenario(parts)


def breaks(*parts: Part) -> Scenario:
    """Stream these parts and leave the end out."""
    return Scenario(parts, ends=False)


def refuses(
    status: int, *, code: str | None = None, message: str = "No.", **headers: str
) -> Scenario:
    """Answer with an error; `retry_after="2"` is the header Retry-After."""
    error = {"message": message, "type": "error", "param": None, "code": code}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Scenario(status=status, error=error, headers=named)


REASONING_WITH_TOOLS = Scenario(
    status=400,
    error={
        "message": "Function tools with reasoning_effort are not supported for gpt-6-luna in "
        "/v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort "
        "to 'none'.",
        "type": "invalid_request_error",
        "param": "reasoning_effort",
        "code": None,
    },
)


def chat(scenario: Scenario) -> Iterator[Piece]:
    return _chopped(_chat(scenario), scenario.chop)


def responses(scenario: Scenario) -> Iterator[Piece]:
    return _chopped(_responses(scenario), scenario.chop)


def sse(event: Mapping[str, Any]) -> bytes:
    name = f"event: {event['type']}\n" if "type" in event else ""
    return f"{name}data: {json.dumps(event, ensure_ascii=False)}\n\n".encode()


def _chopped(pieces: Iterator[Piece], size: int) -> Iterator[Piece]:
    for piece in pieces:
        if size and isinstance(piece, bytes):
            yield from (piece[at : at + size] for at in range(0, len(piece), size))
        else:
            yield piece


def _chat(scenario: Scenario) -> Iterator[Piece]:
    made = 0
    for part in scenario.parts:
        match part:
            case str():
                yield _choice({"content": part})
            case Call():
                function = {"name": part.name, "arguments": ""}
                begun = {"index": made, "id": part.id, "type": "function", "function": function}
                yield _choice({"tool_calls": [begun]})
                for piece in part.cut():
                    more = {"index": made, "function": {"arguments": piece}}
                    yield _choice({"tool_calls": [more]})
                made += 1
            case HalfCall():
                function = {"name": part.name, "arguments": part.arguments}
                begun = {"index": made, "id": part.id, "type": "function", "function": function}
                yield _choice({"tool_calls": [begun]})
            case Raw(data):
                yield data
            case _:
                yield part
    if scenario.ends:
        yield _choice({}, scenario.finish or ("tool_calls" if made else "stop"))
        yield sse({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5}})
        yield b"data: [DONE]\n\n"


def _choice(delta: Mapping[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return sse({"id": "c1", "object": "chat.completion.chunk", "choices": [choice]})


def _responses(scenario: Scenario) -> Iterator[Piece]:
    yield from _opening(scenario)
    at = 0
    speaking = False
    for part in scenario.parts:
        match part:
            case str():
                if not speaking:
                    message = {"type": "message", "id": f"msg_{at}", "role": "assistant"}
                    yield _output("response.output_item.added", at, item=message)
                    speaking = True
                yield _output("response.output_text.delta", at, item_id=f"msg_{at}", delta=part)
            case Call():
                at += speaking
                speaking = False
                yield from _function_call(part, at)
                at += 1
            case HalfCall():
                at += speaking
                item = {"type": "function_call", "id": f"fc_{at}", "call_id": part.id}
                added = {**item, "name": part.name, "arguments": ""}
                yield _output("response.output_item.added", at, item=added)
                kind = "response.function_call_arguments.delta"
                yield _output(kind, at, item_id=f"fc_{at}", delta=part.arguments)
            case Raw(data):
                yield data
            case _:
                yield part
    if scenario.ends:
        yield _ending(scenario.finish)


def _opening(scenario: Scenario) -> Iterator[bytes]:
    """What comes before all else; an answer that hangs or is cut at once has not even that."""
    if scenario.parts and isinstance(scenario.parts[0], Cut | Stall):
        return
    yield sse({"type": "response.created", "response": {"id": "resp_1", "status": "in_progress"}})
    yield sse({"type": "response.in_progress", "response": {"id": "resp_1"}})


def _function_call(call: Call, at: int) -> Iterator[bytes]:
    item = {"type": "function_call", "id": f"fc_{at}", "call_id": call.id, "name": call.name}
    whole = {**item, "arguments": call.arguments, "status": "completed"}
    yield _output("response.output_item.added", at, item={**item, "arguments": ""})
    for piece in call.cut():
        kind = "response.function_call_arguments.delta"
        yield _output(kind, at, item_id=f"fc_{at}", delta=piece)
    kind = "response.function_call_arguments.done"
    yield _output(kind, at, item_id=f"fc_{at}", arguments=call.arguments)
    yield _output("response.output_item.done", at, item=whole)


def _output(kind: str, at: int, **fields: Any) -> bytes:
    return sse({"type": kind, "output_index": at, **fields})


def _ending(finish: str) -> bytes:
    response: dict[str, Any] = {"id": "resp_1", "usage": {"input_tokens": 10, "output_tokens": 5}}
    if not finish:
        return sse({"type": "response.completed", "response": {**response, "status": "completed"}})
    reason = {"length": "max_output_tokens"}.get(finish, finish)
    response["incomplete_details"] = {"reason": reason}
    return sse({"type": "response.incomplete", "response": response})
