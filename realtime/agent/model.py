"""What the agent asks of a language model: the port that `realtime.provider` implements."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from realtime.agent.events import Usage


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call as the model made it; `arguments` is the JSON text it wrote, valid or not."""

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class SystemMessage:
    content: str


@dataclass(frozen=True, slots=True)
class UserMessage:
    content: str


@dataclass(frozen=True, slots=True)
class AssistantMessage:
    content: str
    tool_calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolMessage:
    call_id: str
    content: str


ChatMessage = SystemMessage | UserMessage | AssistantMessage | ToolMessage


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as the model sees it; `parameters` is a JSON Schema of an object."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """`safety_identifier`: a stable hash of the person, never a name or an address.

    `continues`: the last message is the beginning of the reply, to be gone on with (prefill).
    """

    messages: tuple[ChatMessage, ...]
    tools: tuple[ToolSpec, ...]
    safety_identifier: str
    continues: bool = False


@dataclass(frozen=True, slots=True)
class ModelText:
    text: str


@dataclass(frozen=True, slots=True)
class ModelCallStarted:
    call_id: str
    name: str


@dataclass(frozen=True, slots=True)
class ModelCallArguments:
    call_id: str
    text: str


@dataclass(frozen=True, slots=True)
class ModelCallCompleted:
    """The arguments of this call are whole: it can be run while the reply goes on."""

    call_id: str


@dataclass(frozen=True, slots=True)
class ModelFinished:
    """`refusal`: what was said was the model's own word that it will not answer."""

    reason: Literal["stop", "tool_calls", "length", "content_filter", "refusal"]
    usage: Usage | None


ModelEvent = ModelText | ModelCallStarted | ModelCallArguments | ModelCallCompleted | ModelFinished


class Model(Protocol):
    """One reply of a language model as a stream that ends with exactly one ModelFinished.

    Raises a `realtime.agent.errors.ModelError`, at once or in mid-stream; never a vendor's
    exception. `aclose()` closes the connection. `prefill`: it can go on with a begun reply.
    """

    name: str
    prefill: bool

    def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]: ...
