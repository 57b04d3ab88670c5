"""One answer, from claim to terminal event: the agent's events on their way to the log."""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar, assert_never
from uuid import uuid4

from django.utils.crypto import salted_hmac

from realtime.agent import events as turn_events
from realtime.agent.loop import TurnLimits, run_turn
from realtime.agent.model import Model
from realtime.chat import agui, answering, bridge, leases, protocol, queries
from realtime.chat.answering import Choice
from realtime.chat.failures import log_failure
from realtime.chat.flusher import Flusher
from realtime.chat.grounding import Corpus, Grounder, Grounding
from realtime.chat.hub import Hub
from realtime.chat.leases import Claim
from realtime.chat.lending import Lender
from realtime.chat.levels import KnownLevels
from realtime.chat.moderating import Moderating, Moderator
from realtime.chat.preparing import Task, answered_by, prepare
from realtime.chat.raising import Later, RunRisk
from realtime.chat.runlog import RunLog
from realtime.chat.saying import Saying
from realtime.chat.takeover import Resumption, resumption
from realtime.chat.timings import Timings

logger = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")
LARGEST_COUNT = 2**63 - 1  # of tokens: a model may say anything, JSON here holds 64 bits


# Some thirty pages: a model that writes more is running away.
MAX_REPLY_CHARACTERS = 65_536
TOO_LONG = "The reply grew too long and was cut. What was written so far is kept."
NOBODY = "No model answers here. Help is at /help."


@dataclass(frozen=True, slots=True)
class Turns:
    """`model` is the settings' own, None where they name none; a promoted one goes before it.

    Not where it is `fixed`: the demo's scripts play whatever was promoted.
    """

    model: Model | None
    flusher: Flusher
    hub: Hub
    timings: Timings
    moderator: Moderator | None = None
    levels: KnownLevels = field(default_factory=KnownLevels)
    corpus: Corpus | None = None
    lender: Lender = field(default_factory=Lender)
    fixed: bool = False
    later: Later = field(init=False)
    moderating: Moderating = field(init=False)
    grounder: Grounder = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "grounder", Grounder(self.corpus, self.timings.grounding_s))
        object.__setattr__(self, "later", Later(self.timings))
        moderating = Moderating(self.moderator, self.timings.moderation_s)
        object.__setattr__(self, "moderating", moderating)

    @property
    def answers(self) -> bool:
        """Whether there is a model to answer with, as far as is known without a question."""
        return self.model is not None or answering.known.promoted

    async def stop(self) -> None:
        """When no run is left."""
        await self.later.stop()
        await self.lender.close()

    async def answer(self, claim: Claim, run: RunLog) -> None:
        """Answer a claimed run; returns when its terminal event is durable or the run was lost.

        Cancelled, it leaves the run as it stands: somebody else ended it, or will go on with it.
        """
        self.flusher.adopt(run)
        try:
            await self._stream(claim, run)
        except bridge.StorageUnavailable:
            text = "The conversation cannot be read right now. Please try again."
            _fail(run, "storage_unavailable", text, retryable=True)
        except Exception as error:
            log_failure(f"run {claim.run_id}", error)
            _fail(run, "internal", "Something went wrong here. Please try again.", retryable=True)
        await run.closed.wait()

    async def _stream(self, claim: Claim, run: RunLog) -> None:
        """See to the person first, then have the model answer that was chosen for this run."""
        own = None if self.model is None else self.model.name
        task = await self._stored(prepare, claim, own=own, fixed=self.fixed)
        run.resume(task.said)
        risk = RunRisk(claim, run, task.standing, self.hub.deliver, self.later, self.levels)
        run.on_failure = risk.model_down
        if task.overdue is not None:
            risk.show(task.overdue)
        risk.watch(self.timings.slow_s)
        self.moderating.look_at(task.asked, risk)
        async with self._model_of(task.choice) as model:
            if model is None:
                _fail(run, "upstream_unavailable", NOBODY, retryable=True)
                return
            if not self.fixed:
                task = await self._grounded(claim, task, model)
            await self._until_it_ends(claim, run, task, risk, model)

    async def _grounded(self, claim: Claim, task: Task, model: Model) -> Task:
        """Find what the model is shown, and keep on the run who answers it with what."""
        grounding = await self.grounder.ground(task.told, task.standing)
        level = await self._recorded(claim, task, model, grounding)
        if grounding.examples and level not in (None, "none"):
            grounding = Grounding("risk")
            await self._recorded(claim, task, model, grounding)
        return task.with_(grounding)

    async def _recorded(
        self, claim: Claim, task: Task, model: Model, grounding: Grounding
    ) -> str | None:
        return await self._stored(
            leases.record,
            run_id=claim.run_id,
            epoch=claim.epoch,
            answered=answered_by(model, task.choice, grounding),
        )

    def _model_of(self, choice: Choice) -> AbstractAsyncContextManager[Model | None]:
        if choice.active is None:
            return nullcontext(self.model)
        return self.lender.lent(answering.config_for(choice.active))

    async def _until_it_ends(
        self, claim: Claim, run: RunLog, task: Task, risk: RunRisk, model: Model
    ) -> None:
        """A reply that breaks off is discarded and begun again."""
        prefill = model.prefill and (task.choice.again or not claim.is_takeover)
        resumed = resumption(run.said, task.branch, prefill=prefill)
        for tries in itertools.count():
            run.restart(resumed.closing)
            broke_off = await self._follow(claim, run, task, resumed, risk, model)
            if broke_off is None:
                return
            if not await self._stored(
                leases.charge,
                run_id=claim.run_id,
                epoch=claim.epoch,
                attempt=claim.attempt + tries,
            ):
                _fail(run, broke_off.code, broke_off.message, retryable=True)
                return
            self._hint(claim, "retrying")
            await asyncio.sleep(self.timings.backoff_s * 2**tries * random.uniform(0.5, 1.5))
            branch = await self._stored(queries.active_branch, thread_id=claim.thread_pk)
            resumed = resumption(run.said, branch, prefill=model.prefill)

    async def _follow(
        self,
        claim: Claim,
        run: RunLog,
        task: Task,
        resumed: Resumption,
        risk: RunRisk,
        model: Model,
    ) -> turn_events.TurnBrokeOff | None:
        """Move a turn's events into the log; None when the turn has ended there."""
        saying = Saying(run, risk, task.allowed, self._branch_of(claim))
        await saying.resume(resumed.open_text)
        turn = run_turn(
            model=model,
            toolbox=task.toolbox,
            history=lambda: task.history,  # what is found meanwhile takes the examples out
            safety_identifier=_safety_identifier(claim.owner_id),
            limits=self._limits(),
            new_id=lambda: str(uuid4()),
            said=resumed.said,
            pending=resumed.pending,
            open_text=resumed.open_text,
            as_shown=saying.as_shown,
        )
        written = 0
        async with aclosing(turn):
            async for event in turn:
                if isinstance(event, turn_events.TurnBrokeOff):
                    return event
                await self._record(event, claim, saying)
                if isinstance(event, turn_events.TextDelta | turn_events.ToolArgumentsDelta):
                    written += len(event.text)
                if written > MAX_REPLY_CHARACTERS:
                    await saying.cut()
                    _fail(run, "upstream_unavailable", TOO_LONG, retryable=True)
                    return None
        return None

    async def _stored(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Ask Postgres, and wait for it as long as the flusher would."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self.timings.storage_give_up_s
        while True:
            try:
                return await bridge.run(function, *args, **kwargs)
            except bridge.StorageUnavailable:
                if loop.time() >= until:
                    raise
            await asyncio.sleep(self.timings.storage_retry_s)

    def _hint(self, claim: Claim, state: str) -> None:
        text = protocol.status(thread_id=claim.thread_id, run_id=claim.client_run_id, state=state)
        self.hub.hint(owner_id=claim.owner_id, thread_id=claim.thread_id, text=text)

    def _limits(self) -> TurnLimits:
        timings = self.timings
        return TurnLimits(
            first_token_s=timings.first_token_s,
            idle_s=timings.idle_s,
            tool_s=timings.tool_s,
            turn_s=timings.turn_s,
            backoff_s=timings.backoff_s,
        )

    def _branch_of(self, claim: Claim) -> Callable[[], Awaitable[list[agui.Message]]]:
        return lambda: self._stored(queries.active_branch, thread_id=claim.thread_pk)

    async def _record(self, event: _Recorded, claim: Claim, saying: Saying) -> None:
        run = saying.run
        match event:
            case turn_events.Retrying():
                self._hint(claim, "retrying")
            case turn_events.TurnFinished():
                if event.refused:
                    saying.risk.model_down()
                _finish(run, claim, event.usage)
            case turn_events.TurnFailed():
                _fail(run, event.code, event.message, retryable=event.retryable)
            case turn_events.TextStarted():
                await saying.text_started(event)
            case turn_events.TextDelta():
                await saying.text(event)
            case turn_events.TextEnded():
                await saying.text_ended(event)
            case _:
                if isinstance(event, turn_events.ToolFinished):
                    saying.found(event)
                await run.push(_as_agui(event, saying))


def _safety_identifier(owner_id: int) -> str:
    """Tells people apart for the vendor's abuse checks; means nothing without our key."""
    return salted_hmac("kindline.safety_identifier", str(owner_id), algorithm="sha256").hexdigest()


def _finish(run: RunLog, claim: Claim, usage: turn_events.Usage | None) -> None:
    counted = (
        None
        if usage is None
        else {
            "inputTokens": min(usage.input_tokens, LARGEST_COUNT),
            "outputTokens": min(usage.output_tokens, LARGEST_COUNT),
        }
    )
    event = agui.RunFinished(
        thread_id=claim.thread_id,
        run_id=claim.client_run_id,
        usage=None if counted is None else [dict(counted)],
    )
    run.end(event, state="completed", usage=counted)


def _fail(run: RunLog, code: str, message: str, *, retryable: bool) -> None:
    event = agui.RunError(
        message=message, code=code, metadata={"kindline": {"retryable": retryable}}
    )
    run.end(event, state="failed", error_code=code)


_Said = turn_events.TextStarted | turn_events.TextDelta | turn_events.TextEnded
_Logged = (
    turn_events.ToolCallStarted
    | turn_events.ToolArgumentsDelta
    | turn_events.ToolCallEnded
    | turn_events.ToolFinished
)
_Recorded = (
    _Said | _Logged | turn_events.Retrying | turn_events.TurnFinished | turn_events.TurnFailed
)


def _as_agui(event: _Logged, saying: Saying) -> agui.AguiEvent:
    match event:
        case turn_events.ToolCallStarted():
            return agui.ToolCallStart(
                tool_call_id=event.call_id,
                tool_call_name=event.name,
                parent_message_id=saying.parent(event.parent_message_id),
            )
        case turn_events.ToolArgumentsDelta():
            return agui.ToolCallArgs(tool_call_id=event.call_id, delta=event.text)
        case turn_events.ToolCallEnded():
            return agui.ToolCallEnd(tool_call_id=event.call_id)
        case turn_events.ToolFinished():
            return agui.ToolCallResult(
                message_id=event.message_id,
                tool_call_id=event.call_id,
                content=event.content,
                role="tool",
                metadata=None if event.ok else {"kindline": {"error": True}},
            )
        case _:
            assert_never(event)
