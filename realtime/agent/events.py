"""What happens in one turn, as the rest of the house sees it.

A turn is one answer of the agent. It has rounds: each round is one reply of the model, which is
one assistant message (`message_id`) with text, tool calls or both; text that follows a call in the
same reply is a message of its own, since no client may re-open one. Frozen and closed: every
`match` over `TurnEvent` ends in `assert_never`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the vendor counted them, summed over the rounds of a turn."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class TextStarted:
    message_id: str


@dataclass(frozen=True, slots=True)
class TextDelta:
    message_id: str
    text: str


@dataclass(frozen=True, slots=True)
class TextEnded:
    message_id: str


@dataclass(frozen=True, slots=True)
class ToolCallStarted:
    call_id: str
    name: str
    parent_message_id: str


@dataclass(frozen=True, slots=True)
class ToolArgumentsDelta:
    call_id: str
    text: str


@dataclass(frozen=True, slots=True)
class ToolCallEnded:
    call_id: str


@dataclass(frozen=True, slots=True)
class ToolFinished:
    """`content` is what the model and the page read (JSON text for our tools); `ok` is False for
    an error told to the model."""

    message_id: str
    call_id: str
    content: str
    ok: bool


@dataclass(frozen=True, slots=True)
class Retrying:
    """The model failed before visible text and is asked again: a hint, not part of the log."""

    attempt: int
    wait_s: float


@dataclass(frozen=True, slots=True)
class TurnFinished:
    """`refused`: with words, but the model said by them that it will not answer."""

    usage: Usage | None
    refused: bool = False


@dataclass(frozen=True, slots=True)
class TurnFailed:
    """`code` is one of protocol.md 1.7's error codes; `message` is safe to show a person."""

    code: str
    message: str
    retryable: bool


@dataclass(frozen=True, slots=True)
class TurnBrokeOff:
    """The model failed in mid-round, after something of it was visible; asking again may help.

    What is open stays open, for arguments that are closed look whole: whoever keeps the log
    discards the round and lets the turn go on without it, or ends it as failed.
    """

    code: str
    message: str


TurnEvent = (
    TextStarted
    | TextDelta
    | TextEnded
    | ToolCallStarted
    | ToolArgumentsDelta
    | ToolCallEnded
    | ToolFinished
    | Retrying
    | TurnFinished
    | TurnFailed
    | TurnBrokeOff
)
