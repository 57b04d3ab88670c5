"""The Chat Completions wire, as OpenAI, vLLM, Ollama, llama.cpp and LM Studio speak it.

Where servers differ: a call may come whole in one chunk, without an index or an id, or with the
index of the call before it; `finish_reason` or `[DONE]` may be missing, but not both.
"""

from __future__ import annotations

from typing import Any, Literal, assert_never

import msgspec

from realtime.agent.errors import ModelUnavailable
from realtime.agent.events import Usage
from realtime.agent.model import (
    AssistantMessage,
    ChatMessage,
    ModelEvent,
    ModelFinished,
    ModelRequest,
    ModelText,
    SystemMessage,
    ToolMessage,
    UserMessage,
)
from realtime.provider.calls import CallPart, ChunkedCall
from realtime.provider.config import ProviderConfig
from realtime.provider.faults import from_stream
from realtime.provider.stream import read_json

PATH = "/chat/completions"


class _CallDelta(msgspec.Struct):
    index: int | None = None
    id: str | None = None
    function: CallPart | None = None


class _Delta(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[_CallDelta] | None = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Error(msgspec.Struct):
    message: str | None = None
    code: str | int | None = None
    type: str | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: _Error | str | None = None


_CHUNK = msgspec.json.Decoder(_Chunk)


def body(config: ProviderConfig, request: ModelRequest) -> bytes:
    asked: dict[str, Any] = {
        "model": config.resolved_model,
        "messages": [_message(message) for message in request.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        "store": False,
        "safety_identifier": request.safety_identifier,
    }
    if request.continues and config.prefill == "continue":
        asked |= {"continue_final_message": True, "add_generation_prompt": False}
    elif request.continues:
        asked["messages"][-1]["prefix"] = True
    if config.reasoning_effort:
        asked["reasoning_effort"] = config.reasoning_effort
    if request.tools:
        asked["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters,
                },
            }
            for tool in request.tools
        ]
    return msgspec.json.encode(asked)


def _message(message: ChatMessage) -> dict[str, Any]:
    match message:
        case SystemMessage(content):
            return {"role": "system", "content": content}
        case UserMessage(content):
            return {"role": "user", "content": content}
        case ToolMessage(call_id, content):
            return {"role": "tool", "tool_call_id": call_id, "content": content}
        case AssistantMessage(content, ()):
            return {"role": "assistant", "content": content}
        case AssistantMessage(content, calls):
            made = [
                {
                    "id": call.call_id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments},
                }
                for call in calls
            ]
            return {"role": "assistant", "content": content or None, "tool_calls": made}
        case _:
            assert_never(message)


class Reply:
    """Pure: the data of the stream's events in, model events out."""

    def __init__(self) -> None:
        self.over = False
        self._reason: str | None = None
        self._refused = False
        self._usage: Usage | None = None
        self._calls: list[ChunkedCall] = []

    def receive(self, data: bytes) -> list[ModelEvent]:
        if data.strip() == b"[DONE]":
            self.over = True
            return []
        chunk = read_json(data, _CHUNK)
        if chunk.error is not None:
            raise _fault(chunk.error)
        if chunk.usage is not None:
            self._usage = Usage(chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
        return [event for choice in chunk.choices or () for event in self._choice(choice)]

    def end(self) -> list[ModelEvent]:
        """Hear that nothing more comes; raise ModelUnavailable where the reply was cut."""
        if self._reason is None and not self.over:
            raise ModelUnavailable("the stream was cut")
        events: list[ModelEvent] = []
        for call in self._calls:
            events += call.end()
        return [*events, ModelFinished(self._why(), self._usage)]

    def _choice(self, choice: _Choice) -> list[ModelEvent]:
        events: list[ModelEvent] = []
        delta = choice.delta
        if delta is not None:
            if delta.content:
                events.append(ModelText(delta.content))
            if delta.refusal:
                self._refused = True
                events.append(ModelText(delta.refusal))
            for part in delta.tool_calls or ():
                events += self._call(part).receive(part.function or CallPart())
        self._reason = choice.finish_reason or self._reason
        return events

    def _call(self, part: _CallDelta) -> ChunkedCall:
        """Find the call a delta belongs to, or begin one."""
        name = part.function.name if part.function else None
        if part.index is None:
            known = [c for c in self._calls if c.id == part.id] if part.id else self._calls[-1:]
        else:
            known = [c for c in self._calls if c.index == part.index]
        if known and not known[-1].is_followed_by(part.id, name):
            return known[-1]
        call = ChunkedCall(key=str(len(self._calls)), index=part.index, call_id=part.id)
        self._calls.append(call)
        return call

    def _why(self) -> Literal["stop", "tool_calls", "length", "content_filter", "refusal"]:
        match self._reason:
            case "length" | "content_filter":
                return self._reason
            case "error":  # gateways: the model behind them failed
                raise ModelUnavailable("the reply ended in an error")
            case _ if self._calls:
                return "tool_calls"
            case _:
                return "refusal" if self._refused else "stop"


def _fault(error: _Error | str) -> Exception:
    if isinstance(error, str):
        return from_stream(code="", said=error)
    code = error.code if error.code is not None else error.type
    return from_stream(code=str(code or ""), said=error.message or "")
