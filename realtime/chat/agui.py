"""AG-UI 1.0 events and messages as Kindline sends them: frozen structs, camelCase on the wire.

Extras live in `metadata.kindline`, never on the top level of an event (a stock client drops them).
Source: the AG-UI 1.0 schema; `tests/chat/test_agui.py` holds every event against `ag_ui.core`.
"""

from __future__ import annotations

from typing import Any

import msgspec

PROTOCOL_VERSION = "1.0"
Metadata = dict[str, Any]


class FunctionCall(msgspec.Struct, frozen=True):
    name: str
    arguments: str


class ToolCallPart(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    type: str
    function: FunctionCall


class Message(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """An AG-UI message of role user, assistant or tool."""

    id: str
    role: str
    content: str | None = None
    tool_calls: list[ToolCallPart] | None = None
    tool_call_id: str | None = None
    error: str | None = None
    metadata: Metadata | None = None


class RunInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The part of a RunAgentInput that other tabs need: the question."""

    thread_id: str
    run_id: str
    messages: list[Message]
    state: dict[str, Any]
    tools: list[Any]
    context: list[Any]


class Event(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="camel",
    omit_defaults=True,
    tag_field="type",
):
    @property
    def kind(self) -> str:
        return str(self.__struct_config__.tag)


class RunStarted(Event, frozen=True, kw_only=True, tag="RUN_STARTED"):
    thread_id: str
    run_id: str
    protocol_version: str
    input: RunInput


class RunFinished(Event, frozen=True, kw_only=True, tag="RUN_FINISHED"):
    thread_id: str
    run_id: str
    outcome: dict[str, str] | None = None
    usage: list[dict[str, Any]] | None = None


class RunError(Event, frozen=True, kw_only=True, tag="RUN_ERROR"):
    message: str
    code: str
    metadata: Metadata | None = None


class TextMessageStart(Event, frozen=True, kw_only=True, tag="TEXT_MESSAGE_START"):
    message_id: str
    role: str


class TextMessageContent(Event, frozen=True, kw_only=True, tag="TEXT_MESSAGE_CONTENT"):
    message_id: str
    delta: str
    metadata: Metadata | None = None


class TextMessageEnd(Event, frozen=True, kw_only=True, tag="TEXT_MESSAGE_END"):
    message_id: str


class ToolCallStart(Event, frozen=True, kw_only=True, tag="TOOL_CALL_START"):
    tool_call_id: str
    tool_call_name: str
    parent_message_id: str


class ToolCallArgs(Event, frozen=True, kw_only=True, tag="TOOL_CALL_ARGS"):
    tool_call_id: str
    delta: str


class ToolCallEnd(Event, frozen=True, kw_only=True, tag="TOOL_CALL_END"):
    tool_call_id: str


class ToolCallResult(Event, frozen=True, kw_only=True, tag="TOOL_CALL_RESULT"):
    message_id: str
    tool_call_id: str
    content: str
    role: str
    metadata: Metadata | None = None


class MessagesSnapshot(Event, frozen=True, kw_only=True, tag="MESSAGES_SNAPSHOT"):
    messages: list[Message]


class Custom(Event, frozen=True, kw_only=True, tag="CUSTOM"):
    name: str
    value: dict[str, Any]


AguiEvent = (
    RunStarted
    | RunFinished
    | RunError
    | TextMessageStart
    | TextMessageContent
    | TextMessageEnd
    | ToolCallStart
    | ToolCallArgs
    | ToolCallEnd
    | ToolCallResult
    | MessagesSnapshot
    | Custom
)

TERMINAL = (RunFinished, RunError)
_decoder: msgspec.json.Decoder[AguiEvent] = msgspec.json.Decoder(AguiEvent)
_encoder = msgspec.json.Encoder()


def encode(event: Event) -> str:
    return _encoder.encode(event).decode()


def encode_message(message: Message) -> str:
    return _encoder.encode(message).decode()


def decode(payload: str) -> AguiEvent:
    """Read an event of our own log; raises msgspec.DecodeError for anything else."""
    return _decoder.decode(payload)


def run_started(*, thread_id: str, run_id: str, messages: list[Message]) -> RunStarted:
    """The first event of a run, with what was asked."""
    return RunStarted(
        thread_id=thread_id,
        run_id=run_id,
        protocol_version=PROTOCOL_VERSION,
        input=RunInput(
            thread_id=thread_id, run_id=run_id, messages=messages, state={}, tools=[], context=[]
        ),
    )


def tool_call(*, call_id: str, name: str, arguments: str) -> ToolCallPart:
    return ToolCallPart(
        id=call_id, type="function", function=FunctionCall(name=name, arguments=arguments)
    )
