"""The Responses wire: what OpenAI's current models want for function calls.

https://developers.openai.com/api/docs/guides/streaming-responses; other events are passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, assert_never

import msgspec

from realtime.agent.errors import ModelUnavailable
from realtime.agent.events import Usage
from realtime.agent.model import (
    AssistantMessage,
    ChatMessage,
    ModelCallArguments,
    ModelCallCompleted,
    ModelCallStarted,
    ModelEvent,
    ModelFinished,
    ModelRequest,
    ModelText,
    SystemMessage,
    ToolMessage,
    UserMessage,
)
from realtime.provider.config import ProviderConfig
from realtime.provider.faults import from_stream
from realtime.provider.stream import read_json

PATH = "/responses"


class _Kind(msgspec.Struct):
    type: str = ""


class _Delta(msgspec.Struct):
    delta: str
    output_index: int | None = None
    item_id: str | None = None


class _Arguments(msgspec.Struct):
    arguments: str | None = None
    output_index: int | None = None
    item_id: str | None = None


class _Item(msgspec.Struct):
    type: str
    id: str | None = None
    name: str | None = None
    arguments: str | None = None


class _ItemEvent(msgspec.Struct):
    item: _Item
    output_index: int | None = None


class _Usage(msgspec.Struct):
    input_tokens: int = 0
    output_tokens: int = 0


class _Error(msgspec.Struct):
    message: str | None = None
    code: str | None = None
    type: str | None = None


class _Details(msgspec.Struct):
    reason: str | None = None


class _Response(msgspec.Struct):
    usage: _Usage | None = None
    error: _Error | None = None
    incomplete_details: _Details | None = None


class _Ended(msgspec.Struct):
    response: _Response = msgspec.field(default_factory=_Response)


class _ErrorEvent(msgspec.Struct):
    message: str | None = None
    code: str | None = None
    error: _Error | None = None  # the shape of older servers


_KIND = msgspec.json.Decoder(_Kind)
_DELTA = msgspec.json.Decoder(_Delta)
_ARGUMENTS = msgspec.json.Decoder(_Arguments)
_ITEM = msgspec.json.Decoder(_ItemEvent)
_ENDED = msgspec.json.Decoder(_Ended)
_ERROR = msgspec.json.Decoder(_ErrorEvent)


def body(config: ProviderConfig, request: ModelRequest) -> bytes:
    asked: dict[str, Any] = {
        "model": config.resolved_model,
        "input": [item for message in request.messages for item in _items(message)],
        "stream": True,
        "store": False,
        "safety_identifier": request.safety_identifier,
    }
    if config.reasoning_effort:
        asked["reasoning"] = {"effort": config.reasoning_effort}
    if request.tools:
        asked["tools"] = [
            {
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters,
                "strict": False,  # strict schemas know no optional argument
            }
            for tool in request.tools
        ]
    return msgspec.json.encode(asked)


def _items(message: ChatMessage) -> Iterator[dict[str, Any]]:
    match message:
        case SystemMessage(content):
            yield {"role": "system", "content": content}
        case UserMessage(content):
            yield {"role": "user", "content": content}
        case ToolMessage(call_id, content):
            yield {"type": "function_call_output", "call_id": call_id, "output": content}
        case AssistantMessage(content, calls):
            if content:
                yield {"role": "assistant", "content": content}
            for call in calls:
                yield {
                    "type": "function_call",
                    "call_id": call.call_id,
                    "name": call.name,
                    "arguments": call.arguments,
                }
        case _:
            assert_never(message)


class _Call:
    def __init__(self, key: str) -> None:
        self.key = key
        self.told = False  # some of its arguments
        self.completed = False


class Reply:
    """Pure: the data of the stream's events in, model events out."""

    def __init__(self) -> None:
        self.over = False
        self._finished: ModelFinished | None = None
        self._calls: dict[int | str | None, _Call] = {}
        self._speaking: int | str | None = None  # the message item that text came from
        self._refused = False
        self._readers: dict[str, Callable[[bytes], list[ModelEvent]]] = {
            "response.output_text.delta": self._text,
            "response.refusal.delta": self._refusal,
            "response.output_item.added": self._item_added,
            "response.function_call_arguments.delta": self._arguments,
            "response.function_call_arguments.done": self._arguments_done,
            "response.output_item.done": self._item_done,
            "response.completed": self._completed,
            "response.incomplete": self._incomplete,
            "response.failed": self._failed,
            "error": self._error,
        }

    def receive(self, data: bytes) -> list[ModelEvent]:
        read = self._readers.get(read_json(data, _KIND).type)
        return read(data) if read else []

    def end(self) -> list[ModelEvent]:
        """Hear that nothing more comes; raise ModelUnavailable where the reply was cut."""
        if self._finished is None:
            raise ModelUnavailable("the stream was cut")
        left = [c for c in self._calls.values() if not c.completed]
        return [*(ModelCallCompleted(call.key) for call in left), self._finished]

    def _text(self, data: bytes) -> list[ModelEvent]:
        event = read_json(data, _DELTA)
        where = _where(event.output_index, event.item_id)
        first, self._speaking = self._speaking in (None, where), where
        # Two message items of one reply (a remark, then the answer) are two paragraphs.
        return [ModelText(event.delta if first else f"\n\n{event.delta}")]

    def _refusal(self, data: bytes) -> list[ModelEvent]:
        self._refused = True
        return self._text(data)

    def _item_added(self, data: bytes) -> list[ModelEvent]:
        event = read_json(data, _ITEM)
        if event.item.type != "function_call":
            return []
        where = _where(event.output_index, event.item.id)
        call = self._calls[where] = _Call(key=str(len(self._calls)))
        started: list[ModelEvent] = [ModelCallStarted(call.key, event.item.name or "")]
        return started + self._tell(call, event.item.arguments)

    def _arguments(self, data: bytes) -> list[ModelEvent]:
        event = read_json(data, _DELTA)
        call = self._calls.get(_where(event.output_index, event.item_id))
        return self._tell(call, event.delta) if call else []

    def _arguments_done(self, data: bytes) -> list[ModelEvent]:
        event = read_json(data, _ARGUMENTS)
        call = self._calls.get(_where(event.output_index, event.item_id))
        return self._complete(call, event.arguments) if call else []

    def _item_done(self, data: bytes) -> list[ModelEvent]:
        event = read_json(data, _ITEM)
        where = _where(event.output_index, event.item.id)
        if event.item.type != "function_call":
            return []
        begun = [] if where in self._calls else self._item_added(data)
        return begun + self._complete(self._calls[where], event.item.arguments)

    def _complete(self, call: _Call, arguments: str | None) -> list[ModelEvent]:
        """End a call; the whole arguments count only where no piece of them came before."""
        if call.completed:
            return []
        pieces = [] if call.told else self._tell(call, arguments)
        call.completed = True
        return [*pieces, ModelCallCompleted(call.key)]

    def _tell(self, call: _Call, text: str | None) -> list[ModelEvent]:
        if not text or call.completed:
            return []
        call.told = True
        return [ModelCallArguments(call.key, text)]

    def _completed(self, data: bytes) -> list[ModelEvent]:
        usage = _usage(read_json(data, _ENDED).response)
        if self._calls:
            return self._finish(ModelFinished("tool_calls", usage))
        return self._finish(ModelFinished("refusal" if self._refused else "stop", usage))

    def _incomplete(self, data: bytes) -> list[ModelEvent]:
        response = read_json(data, _ENDED).response
        details = response.incomplete_details or _Details()
        if details.reason == "content_filter":
            return self._finish(ModelFinished("content_filter", _usage(response)))
        return self._finish(ModelFinished("length", _usage(response)))

    def _finish(self, finished: ModelFinished) -> list[ModelEvent]:
        self._finished, self.over = finished, True
        return []

    def _failed(self, data: bytes) -> list[ModelEvent]:
        raise _fault(read_json(data, _ENDED).response.error or _Error())

    def _error(self, data: bytes) -> list[ModelEvent]:
        event = read_json(data, _ERROR)
        raise _fault(event.error or _Error(message=event.message, code=event.code))


def _where(output_index: int | None, item_id: str | None) -> int | str | None:
    """Name an output item; the index first, since some servers change an item's id on the way."""
    return item_id if output_index is None else output_index


def _usage(response: _Response) -> Usage | None:
    counted = response.usage
    return Usage(counted.input_tokens, counted.output_tokens) if counted else None


def _fault(error: _Error) -> Exception:
    return from_stream(code=error.code or error.type or "", said=error.message or "")
