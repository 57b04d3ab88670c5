"""Runs a turn: asks the model, starts the tools, keeps the clocks; decides nothing `turn` can.

Two kinds of tasks feed one bounded inbox: a reader of the model's stream and one task per call.
The generator owns them all and ends none of its exits, cancellation included, before they ended.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from realtime.agent.errors import ModelBroken, ModelError, ModelMalformed, ModelTimeout
from realtime.agent.events import ToolFinished, TurnEvent
from realtime.agent.history import answerable
from realtime.agent.model import (
    AssistantMessage,
    ChatMessage,
    Model,
    ModelEvent,
    ModelFinished,
    ModelRequest,
    ToolCall,
    ToolMessage,
)
from realtime.agent.text import storable
from realtime.agent.tools import Toolbox, ToolOutcome
from realtime.agent.turn import IllegalEvent, OpenText, Turn, TurnState

logger = logging.getLogger(__name__)

# Model events the reader may be ahead: a slow consumer slows the upstream, not the memory.
_INBOX = 64
_LONGEST_BACKOFF_S = 8.0


@dataclass(frozen=True, slots=True)
class TurnLimits:
    first_token_s: float = 30
    idle_s: float = 30
    tool_s: float = 15
    turn_s: float = 300
    rounds: int = 6
    retries: int = 3
    backoff_s: float = 0.5


@dataclass(frozen=True, slots=True)
class _StreamEnded:
    error: ModelError | None


@dataclass(frozen=True, slots=True)
class _Answered:
    call_id: str
    outcome: ToolOutcome


_Item = ModelEvent | _StreamEnded | _Answered
_Inbox = asyncio.Queue[_Item]
# A function where what a model may be told can change while the turn goes on.
History = Sequence[ChatMessage] | Callable[[], Sequence[ChatMessage]]


async def run_turn(
    *,
    model: Model,
    toolbox: Toolbox,
    history: History,
    safety_identifier: str,
    limits: TurnLimits,
    new_id: Callable[[], str],
    said: Sequence[ChatMessage] = (),
    pending: Sequence[ToolCall] = (),
    open_text: OpenText | None = None,
    as_shown: Callable[[Sequence[ChatMessage]], Sequence[ChatMessage]] = tuple,
) -> AsyncGenerator[TurnEvent, None]:
    """Answer the last message of `history`, which is looked at anew for each request.

    Ends with exactly one TurnFinished, TurnFailed or TurnBrokeOff.
    To go on with a turn that broke off: `said` are its finished rounds, `pending` those of their
    calls that nobody answered; these are run first. `open_text` is gone on with in its message.
    `as_shown` gives what was said in this turn as the person has it, for the next round.
    Closing the generator cancels the upstream stream and the tools and waits for them.
    """
    answers = list[ChatMessage]()
    for finished in await _answered(pending, toolbox, limits, new_id):
        answers.append(ToolMessage(finished.call_id, finished.content))
        yield finished
    turn = Turn(
        new_id=new_id,
        rounds=limits.rounds,
        retries=limits.retries,
        said=answerable([*said, *answers]),
        open_text=open_text,
    )
    shell = _Shell(turn, model, toolbox, history, safety_identifier, limits, as_shown)
    try:
        while shell.turn.state is not TurnState.OVER:
            for event in await shell.step():
                yield event
    finally:
        await shell.stop()


async def _answered(
    calls: Sequence[ToolCall], toolbox: Toolbox, limits: TurnLimits, new_id: Callable[[], str]
) -> list[ToolFinished]:
    """Run calls whose results were lost, side by side; tools only look up, so again is no harm."""
    outcomes = await asyncio.gather(
        *(toolbox.call(call, timeout_s=limits.tool_s) for call in calls)
    )
    return [
        ToolFinished(new_id(), call.call_id, storable(outcome.content), outcome.ok)
        for call, outcome in zip(calls, outcomes, strict=True)
    ]


class _Shell:
    def __init__(
        self,
        turn: Turn,
        model: Model,
        toolbox: Toolbox,
        history: History,
        safety_identifier: str,
        limits: TurnLimits,
        as_shown: Callable[[Sequence[ChatMessage]], Sequence[ChatMessage]],
    ) -> None:
        self.turn = turn
        self._model = model
        self._toolbox = toolbox
        self._history = history
        self._safety_identifier = safety_identifier
        self._limits = limits
        self._as_shown = as_shown
        self._clock = asyncio.get_running_loop().time
        self._ends_at = self._clock() + limits.turn_s
        self._patience_ends_at = self._ends_at  # with a model that says nothing
        self._pause_s = 0.0  # before the model is asked again
        self._inbox: _Inbox = asyncio.Queue(_INBOX)
        self._reader: asyncio.Task[None] | None = None
        self._tools: set[asyncio.Task[None]] = set()

    async def step(self) -> list[TurnEvent]:
        """Wait for the next thing in the turn; return what came of it."""
        try:
            if self.turn.state is TurnState.READY:
                await self._ask()
            return self._take(await self._next())
        except ModelError as error:
            return await self._recover(error)
        except IllegalEvent as error:
            return await self._recover(ModelMalformed(str(error)))

    def _told(self) -> Sequence[ChatMessage]:
        told = self._history() if callable(self._history) else self._history
        return tuple(answerable(told))

    async def stop(self) -> None:
        """Cancel the reader and the tools, and wait until they are gone."""
        tasks = [*self._tools, *([self._reader] if self._reader else [])]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._reader = None

    async def _ask(self) -> None:
        await self.stop()
        await asyncio.sleep(self._pause_s)
        offers_tools = self.turn.open_round()
        begun = self.turn.begun
        reply = () if begun is None else (AssistantMessage(begun),)
        request = ModelRequest(
            messages=(*self._told(), *self._as_shown(self.turn.said), *reply),
            tools=self._toolbox.specs if offers_tools else (),
            safety_identifier=self._safety_identifier,
            continues=begun is not None,
        )
        self._pause_s = 0.0
        self._inbox = asyncio.Queue(_INBOX)
        self._patience_ends_at = self._clock() + self._limits.first_token_s
        self._reader = asyncio.create_task(self._read(request))

    async def _read(self, request: ModelRequest) -> None:
        """Move one reply into the inbox; the last item says how it ended."""
        error: ModelError | None = None
        try:
            async with aclosing(self._model.stream(request)) as stream:
                async for event in stream:
                    await self._inbox.put(event)
                    if isinstance(event, ModelFinished):
                        break
        except ModelError as caught:
            error = caught
        except Exception as caught:  # the turn must end, whatever an adapter does
            # Only its kind: the text of an exception may hold what a person wrote.
            error = ModelBroken(f"the adapter raised {type(caught).__name__}")
        await self._inbox.put(_StreamEnded(error))

    async def _next(self) -> _Item:
        """Take what comes next, within the budgets of the model and of the turn."""
        if not self._inbox.empty():
            return self._inbox.get_nowait()
        until = self._ends_at
        if self.turn.state is not TurnState.ANSWERING:
            until = min(until, self._patience_ends_at)
        try:
            async with asyncio.timeout_at(until):
                return await self._inbox.get()
        except TimeoutError:
            raise ModelTimeout("nothing came in time") from None

    def _take(self, item: _Item) -> list[TurnEvent]:
        match item:
            case _Answered(call_id, outcome):
                return self.turn.answer(call_id, content=outcome.content, ok=outcome.ok)
            case _StreamEnded(error):
                if error is not None and self.turn.state is not TurnState.ANSWERING:
                    raise error
                self.turn.end_of_stream()
                return []
            case _:
                self._patience_ends_at = self._clock() + self._limits.idle_s
                events = self.turn.receive(item)
                for call in self.turn.take_calls():
                    self._start(call)
                return events

    def _start(self, call: ToolCall) -> None:
        task = asyncio.create_task(self._run(call))
        self._tools.add(task)
        task.add_done_callback(self._tools.discard)

    async def _run(self, call: ToolCall) -> None:
        outcome = await self._toolbox.call(call, timeout_s=self._limits.tool_s)
        await self._inbox.put(_Answered(call.call_id, outcome))

    async def _recover(self, error: ModelError) -> list[TurnEvent]:
        """Ask again where that is allowed and there is time; else end the turn."""
        await self.stop()
        logger.warning("model %s: %s: %s", self._model.name, type(error).__name__, error)
        wait_s = self._backoff(error)
        if self.turn.may_retry(error) and wait_s < self._left():
            self._pause_s = wait_s
            return self.turn.retry(wait_s)
        if self.turn.may_break_off(error):
            return self.turn.break_off(error)
        return self.turn.fail(error)

    def _backoff(self, error: ModelError) -> float:
        """Wait as long as the upstream asked, else longer each time; never all at once."""
        jitter = random.uniform(0.5, 1.5)
        if error.retry_after_s is not None:
            return error.retry_after_s + self._limits.backoff_s * jitter
        doubled: float = self._limits.backoff_s * 2**self.turn.tries
        return min(doubled, _LONGEST_BACKOFF_S) * jitter

    def _left(self) -> float:
        return self._ends_at - self._clock()
