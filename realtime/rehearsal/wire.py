"""OpenAI's Chat Completions format, both ways: a request read, a script's steps written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, assert_never, cast

from jsonschema import Draft202012Validator, SchemaError

from realtime.rehearsal.script import Call, Pause, Say, Step, content_text

MODEL = "kindline-rehearsal"
_ROLES = {"system", "developer", "user", "assistant", "tool", "function"}


# Token times to wait, then the chunk to send (None: only wait).
Timed = tuple[int, dict[str, Any] | None]


class BadRequest(Exception):
    """A request this format does not allow; `param` names the wrong field."""

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


@dataclass(frozen=True, slots=True)
class ChatRequest:
    messages: tuple[dict[str, Any], ...]
    tools: tuple[dict[str, Any], ...]  # functions only: name, description, parameters
    stream: bool
    include_usage: bool


@dataclass(frozen=True, slots=True)
class Head:
    """What every chunk of one reply repeats."""

    reply_id: str
    created: int  # seconds since 1970


def error_body(message: str, *, kind: str, param: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": param, "code": None}}


def read_request(body: bytes) -> ChatRequest:
    """Raises BadRequest."""
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest("The body is not valid JSON.") from None
    if not isinstance(asked, dict):
        raise BadRequest("The body must be a JSON object.")
    if not isinstance(asked.get("model"), str):
        raise BadRequest("You must say which model.", param="model")
    options = asked.get("stream_options") or {}
    if not isinstance(options, dict):
        raise BadRequest("stream_options must be an object.", param="stream_options")
    return ChatRequest(
        messages=_read_messages(asked.get("messages")),
        tools=_read_tools(asked.get("tools"), asked.get("tool_choice")),
        stream=_read_flag(asked, "stream"),
        include_usage=_read_flag(options, "include_usage"),
    )


def _read_messages(messages: object) -> tuple[dict[str, Any], ...]:
    if not isinstance(messages, list) or not messages:
        raise BadRequest("messages must be a list that is not empty.", param="messages")
    for index, message in enumerate(messages):
        role = message.get("role") if isinstance(message, dict) else None
        if not isinstance(role, str) or role not in _ROLES:
            raise BadRequest("This message has no known role.", param=f"messages.{index}.role")
    return tuple(messages)


def _read_tools(tools: object, choice: object) -> tuple[dict[str, Any], ...]:
    if tools is None:
        return ()
    functions = [
        tool.get("function") if isinstance(tool, dict) else None
        for tool in (tools if isinstance(tools, list) else [None])
    ]
    for index, function in enumerate(functions):
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise BadRequest("This tool is no function with a name.", param=f"tools.{index}")
        if not _is_schema(function.get("parameters") or {}):
            raise BadRequest("Its parameters are no JSON Schema.", param=f"tools.{index}")
    return () if choice == "none" else tuple(function for function in functions if function)


def _is_schema(parameters: object) -> bool:
    try:
        Draft202012Validator.check_schema(cast("dict[str, Any]", parameters))
    except SchemaError:
        return False
    return isinstance(parameters, dict)  # true and false are schemas too


def _read_flag(asked: dict[str, Any], name: str) -> bool:
    flag = asked.get(name)
    if flag is not None and not isinstance(flag, bool):
        raise BadRequest(f"{name} must be true or false.", param=name)
    return bool(flag)


def write_chunks(steps: Sequence[Step], request: ChatRequest, head: Head) -> Iterator[Timed]:
    """The streamed reply, chunk by chunk."""
    yield 0, _chunk(head, request, {"role": "assistant", "content": "", "refusal": None})
    calls = 0
    for step in steps:
        match step:
            case Say(text):
                yield 1, _chunk(head, request, {"content": text})
            case Pause(tokens):
                yield tokens, None
            case Call():
                for delta in _call_deltas(step, head, calls):
                    yield 1, _chunk(head, request, {"tool_calls": [delta]})
                calls += 1
            case _:
                assert_never(step)
    yield 0, _chunk(head, request, {}, finish_reason=_reason(steps))
    if request.include_usage:
        last = _chunk(head, request, {})
        yield 0, {**last, "choices": [], "usage": _usage(steps, request)}


def write_completion(steps: Sequence[Step], request: ChatRequest, head: Head) -> dict[str, Any]:
    """The same reply in one piece."""
    text = "".join(step.text for step in steps if isinstance(step, Say))
    calls = [step for step in steps if isinstance(step, Call)]
    message: dict[str, Any] = {"role": "assistant", "content": text or None, "refusal": None}
    if calls:
        message["tool_calls"] = [
            _function(call, head, index, "".join(call.pieces)) for index, call in enumerate(calls)
        ]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _reason(steps)}
    return {
        "id": head.reply_id,
        "object": "chat.completion",
        "created": head.created,
        "model": MODEL,
        "choices": [choice],
        "usage": _usage(steps, request),
    }


def model_list(created: int) -> dict[str, Any]:
    only = {"id": MODEL, "object": "model", "created": created, "owned_by": "kindline"}
    return {"object": "list", "data": [only]}


def _chunk(
    head: Head, request: ChatRequest, delta: dict[str, Any], *, finish_reason: str | None = None
) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    chunk = {
        "id": head.reply_id,
        "object": "chat.completion.chunk",
        "created": head.created,
        "model": MODEL,
        "choices": [choice],
    }
    return {**chunk, "usage": None} if request.include_usage else chunk


def _call_deltas(call: Call, head: Head, index: int) -> Iterator[dict[str, Any]]:
    yield {"index": index, **_function(call, head, index, "")}
    for piece in call.pieces:
        yield {"index": index, "function": {"arguments": piece}}


def _function(call: Call, head: Head, index: int, arguments: str) -> dict[str, Any]:
    call_id = f"call_{head.reply_id.rpartition('-')[2]}{index}"
    function = {"name": call.name, "arguments": arguments}
    return {"id": call_id, "type": "function", "function": function}


def _reason(steps: Sequence[Step]) -> str:
    return "tool_calls" if any(isinstance(step, Call) for step in steps) else "stop"


def _usage(steps: Sequence[Step], request: ChatRequest) -> dict[str, int]:
    """Words for tokens: an honest order of magnitude."""
    heard = sum(len(content_text(m.get("content")).split()) for m in request.messages)
    said = sum(len(step.pieces) if isinstance(step, Call) else 1 for step in steps)
    return {"prompt_tokens": heard, "completion_tokens": said, "total_tokens": heard + said}
