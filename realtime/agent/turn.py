"""One turn of talk as a pure state machine: model events in, turn events out.

Rules
 1. A turn has rounds; a round is one reply of the model. Calls lead to another round, text alone
    ends the turn. After `rounds` rounds with calls one last round is offered no tools.
 2. Text opens with its first visible character and closes before a call or the end. Text after a
    call is a new message: a message is never opened twice.
 3. A call may be run as soon as its arguments are whole, while the reply still streams.
 4. Ids are ours: models repeat theirs, and a call id may have one result in a whole thread.
 5. A round that failed before anything was visible may be asked again, `retries` times.
    A reply with nothing visible in it is such a failure, unless all was said before the calls.
 6. A turn may go on where another broke off: with the rounds that one finished, calls answered,
    and, where the model can, with the text that it left open.
 7. Whatever was opened is closed before the terminal event, which comes once and last; only
    where the round broke off nothing is closed: it is to be discarded.

    state       input                                   next
    READY       open_round                              WAITING
    WAITING     white space                             WAITING
    WAITING     text, call                              SPEAKING
    SPEAKING    text, call, arguments, completed        SPEAKING
    SPEAKING    finished, with text only                OVER        TurnFinished
    SPEAKING    finished, with calls                    ANSWERING   (READY if all are answered)
    SPEAKING    finished by the content filter          (raises ContentFiltered: see fail)
    WAITING     stopped, after text and answered calls  OVER        TurnFinished
    WAITING     finished                                (raises a ModelError: see retry, fail)
    SPEAKING    answer                                  SPEAKING
    ANSWERING   answer                                  ANSWERING, READY with the last one
    WAITING     retry                                   READY       Retrying
    all of them end_of_stream                           the same, unless the reply was cut
    but OVER    fail                                    OVER        TurnFailed
    SPEAKING    break_off                               OVER        TurnBrokeOff
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, assert_never

from realtime.agent.errors import ContentFiltered, ModelError, ModelUnavailable
from realtime.agent.events import (
    Retrying,
    TextDelta,
    TextEnded,
    TextStarted,
    ToolArgumentsDelta,
    ToolCallEnded,
    ToolCallStarted,
    ToolFinished,
    TurnBrokeOff,
    TurnEvent,
    TurnFailed,
    TurnFinished,
    Usage,
)
from realtime.agent.model import (
    AssistantMessage,
    ChatMessage,
    ModelCallArguments,
    ModelCallCompleted,
    ModelCallStarted,
    ModelEvent,
    ModelFinished,
    ModelText,
    ToolCall,
    ToolMessage,
)
from realtime.agent.text import storable


class TurnState(Enum):
    READY = "ready"
    WAITING = "waiting"
    SPEAKING = "speaking"
    ANSWERING = "answering"
    OVER = "over"


_STREAMING = (TurnState.WAITING, TurnState.SPEAKING)
# Vendors refuse a history with other names in it, also where the model made the name up.
_NOT_IN_A_NAME = re.compile(r"[^a-zA-Z0-9_-]")
_LONGEST_NAME = 64


class IllegalEvent(Exception):
    def __init__(self, state: TurnState, event: object) -> None:
        super().__init__(f"{type(event).__name__ if event else 'event'} is illegal in {state}")


class OpenText(NamedTuple):
    """A message whose text began and has no end yet."""

    message_id: str
    text: str


@dataclass(slots=True)
class _Call:
    call_id: str
    name: str
    pieces: list[str] = field(default_factory=list)
    whole: bool = False
    answer: str | None = None

    def as_made(self) -> ToolCall:
        return ToolCall(self.call_id, self.name, "".join(self.pieces))


@dataclass(slots=True)
class _Round:
    message_id: str
    offered_tools: bool
    text: list[str] = field(default_factory=list)
    text_open: bool = False
    blank: str = ""  # white space that waits for visible text
    calls: dict[str, _Call] = field(default_factory=dict)  # by our id
    ours: dict[str, _Call] = field(default_factory=dict)  # by the model's id


class Turn:
    """Feed it what the model says and what the tools answer; it returns what happened.

    Raises IllegalEvent when a caller or a model breaks the table above, and ModelError when the
    reply itself is a failure; the caller then asks `may_retry` and calls `retry` or `fail`.
    """

    def __init__(
        self,
        *,
        new_id: Callable[[], str],
        rounds: int,
        retries: int,
        said: Iterable[ChatMessage] = (),
        open_text: OpenText | None = None,
    ) -> None:
        self.state = TurnState.READY
        self.said = list(said)  # by the finished rounds, for the next request
        self._new_id = new_id
        self._rounds_left = max(0, rounds - _rounds_with_calls(self.said))
        self._open_text = open_text
        self._retries = retries
        self._tries = 0
        self._round = _Round(message_id="", offered_tools=False)
        self._usage: Usage | None = None
        self._to_run: list[ToolCall] = []

    @property
    def tries(self) -> int:
        return self._tries

    @property
    def begun(self) -> str | None:
        """The text that the reply to come goes on with."""
        return None if self._open_text is None else self._open_text.text

    def open_round(self) -> bool:
        """Begin a reply; return whether the model is offered tools."""
        self._expect(TurnState.READY)
        offers = self._rounds_left > 0
        if self._open_text is None:
            self._round = _Round(self._new_id(), offered_tools=offers)
        else:
            message_id, text = self._open_text
            self._round = _Round(message_id, offered_tools=offers, text=[text], text_open=True)
        self.state = TurnState.WAITING
        return offers

    def receive(self, event: ModelEvent) -> list[TurnEvent]:
        self._expect(*_STREAMING, event=event)
        match event:
            case ModelText(text):
                return self._text(storable(text))
            case ModelCallStarted(call_id, name):
                return self._call(call_id, name)
            case ModelCallArguments(call_id, text):
                return self._arguments(event, call_id, storable(text))
            case ModelCallCompleted(call_id):
                return self._complete(event, call_id)
            case ModelFinished(reason, usage):
                self._count(usage)
                return self._finish(reason)
            case _:
                assert_never(event)

    def take_calls(self) -> list[ToolCall]:
        """Hand over, once, the calls that can run now."""
        calls, self._to_run = self._to_run, []
        return calls

    def answer(self, call_id: str, *, content: str, ok: bool) -> list[TurnEvent]:
        self._expect(TurnState.SPEAKING, TurnState.ANSWERING)
        call = self._round.calls.get(call_id)
        if call is None or not call.whole or call.answer is not None:
            raise IllegalEvent(self.state, ToolMessage(call_id, ""))
        call.answer = storable(content)
        finished = ToolFinished(self._new_id(), call_id, call.answer, ok)
        if self.state is TurnState.ANSWERING:
            self._go_on_when_answered()
        return [finished]

    def end_of_stream(self) -> None:
        if self.state in _STREAMING:
            raise ModelUnavailable("the stream ended before the reply did")

    def may_retry(self, error: ModelError) -> bool:
        unseen = self.state is TurnState.WAITING
        return unseen and error.retryable and self._tries < self._retries

    def retry(self, wait_s: float) -> list[TurnEvent]:
        self._expect(TurnState.WAITING)
        self._tries += 1
        self.state = TurnState.READY
        return [Retrying(attempt=self._tries, wait_s=wait_s)]

    def may_break_off(self, error: ModelError) -> bool:
        return self.state is TurnState.SPEAKING and error.retryable

    def break_off(self, error: ModelError) -> list[TurnEvent]:
        self._expect(TurnState.SPEAKING)
        self._to_run.clear()
        self.state = TurnState.OVER
        return [TurnBrokeOff(error.code, error.message)]

    def fail(self, error: ModelError) -> list[TurnEvent]:
        if self.state is TurnState.OVER:
            raise IllegalEvent(self.state, error)
        closed = [*self._close_text(), *self._close_calls()]
        self._to_run.clear()  # arguments of a failed reply may be cut: never run
        self.state = TurnState.OVER
        return [*closed, TurnFailed(error.code, error.message, error.retryable)]

    def _expect(self, *states: TurnState, event: object = None) -> None:
        if self.state not in states:
            raise IllegalEvent(self.state, event)

    def _text(self, text: str) -> list[TurnEvent]:
        current = self._round
        current.text.append(text)
        if current.text_open:
            self.state = TurnState.SPEAKING if text else self.state
            return [TextDelta(current.message_id, text)] if text else []
        current.blank += text
        if not current.blank.strip():
            return []
        text, current.blank, current.text_open = current.blank, "", True
        if current.calls:
            current.message_id = self._new_id()
        self.state = TurnState.SPEAKING
        return [TextStarted(current.message_id), TextDelta(current.message_id, text)]

    def _call(self, model_id: str, name: str) -> list[TurnEvent]:
        current = self._round
        if not current.offered_tools:
            return []
        closed = self._close_text()
        current.blank = ""
        call = _Call(self._new_id(), _NOT_IN_A_NAME.sub("_", name)[:_LONGEST_NAME] or "_")
        current.calls[call.call_id] = current.ours[model_id] = call
        self.state = TurnState.SPEAKING
        return [*closed, ToolCallStarted(call.call_id, call.name, current.message_id)]

    def _arguments(self, event: ModelEvent, model_id: str, text: str) -> list[TurnEvent]:
        call = self._open_call(event, model_id)
        if call is None or not text:
            return []
        call.pieces.append(text)
        return [ToolArgumentsDelta(call.call_id, text)]

    def _complete(self, event: ModelEvent, model_id: str) -> list[TurnEvent]:
        call = self._open_call(event, model_id)
        return [] if call is None else [self._end_call(call)]

    def _open_call(self, event: ModelEvent, model_id: str) -> _Call | None:
        """Find the call; None where calls are not heard because no tools were offered."""
        if not self._round.offered_tools:
            return None
        call = self._round.ours.get(model_id)
        if call is None or call.whole:
            raise IllegalEvent(self.state, event)
        return call

    def _end_call(self, call: _Call) -> ToolCallEnded:
        call.whole = True
        self._to_run.append(call.as_made())
        return ToolCallEnded(call.call_id)

    def _close_text(self) -> list[TurnEvent]:
        if not self._round.text_open:
            return []
        self._round.text_open = False
        return [TextEnded(self._round.message_id)]

    def _close_calls(self) -> list[TurnEvent]:
        return [self._end_call(call) for call in self._round.calls.values() if not call.whole]

    def _count(self, usage: Usage | None) -> None:
        if usage is not None:
            so_far = self._usage or Usage(0, 0)
            self._usage = Usage(
                so_far.input_tokens + usage.input_tokens,
                so_far.output_tokens + usage.output_tokens,
            )

    def _finish(self, reason: str) -> list[TurnEvent]:
        if reason == "content_filter":
            raise ContentFiltered("the reply was stopped by the vendor's filter")
        if self.state is TurnState.WAITING and not (reason == "stop" and self._has_spoken()):
            raise ModelUnavailable(f"an empty reply, finished by {reason}")
        closed = [*self._close_text(), *self._close_calls()]
        if not self._round.calls:
            self.state = TurnState.OVER
            return [*closed, TurnFinished(self._usage, refused=reason == "refusal")]
        self.state = TurnState.ANSWERING
        self._go_on_when_answered()
        return closed

    def _has_spoken(self) -> bool:
        said = (m for m in self.said if isinstance(m, AssistantMessage))
        return self._round.text_open or any(m.content.strip() for m in said)

    def _go_on_when_answered(self) -> None:
        calls = tuple(self._round.calls.values())
        answers = [ToolMessage(c.call_id, c.answer) for c in calls if c.answer is not None]
        if len(answers) < len(calls):
            return
        made = tuple(call.as_made() for call in calls)
        self.said += [AssistantMessage("".join(self._round.text), made), *answers]
        self._rounds_left -= 1
        self._tries = 0
        self._open_text = None
        self.state = TurnState.READY


def _rounds_with_calls(said: Iterable[ChatMessage]) -> int:
    return sum(isinstance(m, AssistantMessage) and bool(m.tool_calls) for m in said)
