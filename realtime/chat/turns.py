"""One answer, from claim to terminal event: the agent's events on their way to the log."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from dataclasses import dataclass
from typing import assert_never
from uuid import uuid4

from django.utils.crypto import salted_hmac

from realtime.agent import events as turn_events
from realtime.agent.loop import TurnLimits, run_turn
from realtime.agent.model import ChatMessage, Model
from realtime.agent.prompt import system_prompt
from realtime.agent.tools import Toolbox
from realtime.chat import agui, bridge, protocol, queries
from realtime.chat.flusher import Flusher
from realtime.chat.hub import Hub
from realtime.chat.leases import Claim
from realtime.chat.runlog import RunLog
from realtime.chat.timings import Timings
from realtime.chat.toolbox import person_place, toolbox_for
from realtime.hotlines.places import whereabouts
from realtime.hotlines.queries import current_directory

logger = logging.getLogger(__name__)

LARGEST_COUNT = 2**63 - 1  # of tokens: a model may say anything, JSON here holds 64 bits


# Some thirty pages: a model that writes more is running away.
MAX_REPLY_CHARACTERS = 65_536
TOO_LONG = "The reply grew too long and was cut. What was written so far is kept."


@dataclass(frozen=True, slots=True)
class Turns:
    model: Model
    flusher: Flusher
    hub: Hub
    timings: Timings

    async def answer(self, claim: Claim, run: RunLog) -> None:
        """Answer a claimed run; returns when its terminal event is durable or the run was lost."""
        self.flusher.adopt(run)
        try:
            await self._stream(claim, run)
        except asyncio.CancelledError:
            # Lost runs write nothing more; a server that shuts down says so at once.
            _fail(run, "interrupted", "The reply was interrupted.", retryable=True)
            raise
        except bridge.StorageUnavailable:
            text = "The conversation cannot be read right now. Please try again."
            _fail(run, "storage_unavailable", text, retryable=True)
        except Exception:
            logger.exception("run %s failed", claim.run_id)
            _fail(run, "internal", "Something went wrong here. Please try again.", retryable=True)
        await run.closed.wait()

    async def _stream(self, claim: Claim, run: RunLog) -> None:
        history, toolbox = await self._prepared(claim)
        turn = run_turn(
            model=self.model,
            toolbox=toolbox,
            history=history,
            safety_identifier=_safety_identifier(claim.owner_id),
            limits=self._limits(),
            new_id=lambda: str(uuid4()),
        )
        written = 0
        async with aclosing(turn):
            async for event in turn:
                await self._record(event, claim, run)
                if isinstance(event, turn_events.TextDelta):
                    written += len(event.text)
                if written > MAX_REPLY_CHARACTERS:
                    _fail(run, "upstream_unavailable", TOO_LONG, retryable=True)
                    return

    async def _prepared(self, claim: Claim) -> tuple[list[ChatMessage], Toolbox]:
        """Read what the model needs; waits for storage as long as the flusher would."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self.timings.storage_give_up_s
        while True:
            try:
                return await bridge.run(_prepare, claim)
            except bridge.StorageUnavailable:
                if loop.time() >= until:
                    raise
            await asyncio.sleep(self.timings.storage_retry_s)

    def _limits(self) -> TurnLimits:
        timings = self.timings
        return TurnLimits(
            first_token_s=timings.first_token_s,
            idle_s=timings.idle_s,
            tool_s=timings.tool_s,
            turn_s=timings.turn_s,
            backoff_s=timings.backoff_s,
        )

    async def _record(self, event: turn_events.TurnEvent, claim: Claim, run: RunLog) -> None:
        match event:
            case turn_events.Retrying():
                text = protocol.status(
                    thread_id=claim.thread_id, run_id=claim.client_run_id, state="retrying"
                )
                self.hub.hint(owner_id=claim.owner_id, thread_id=claim.thread_id, text=text)
            case turn_events.TurnFinished():
                _finish(run, claim, event.usage)
            case turn_events.TurnFailed():
                _fail(run, event.code, event.message, retryable=event.retryable)
            case _:
                await run.push(_as_agui(event))


def _prepare(claim: Claim) -> tuple[list[ChatMessage], Toolbox]:
    directory = current_directory()
    person = person_place(claim.place)
    guess = whereabouts(person)
    said = queries.history(thread_id=claim.thread_pk, up_to_ord=claim.ord)
    prompt = system_prompt(guess.country, guessed=guess.guessed)
    return [prompt, *said], toolbox_for(directory, person=person)


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


_Logged = (
    turn_events.TextStarted
    | turn_events.TextDelta
    | turn_events.TextEnded
    | turn_events.ToolCallStarted
    | turn_events.ToolArgumentsDelta
    | turn_events.ToolCallEnded
    | turn_events.ToolFinished
)


def _as_agui(event: _Logged) -> agui.AguiEvent:
    match event:
        case turn_events.TextStarted():
            return agui.TextMessageStart(message_id=event.message_id, role="assistant")
        case turn_events.TextDelta():
            return agui.TextMessageContent(message_id=event.message_id, delta=event.text)
        case turn_events.TextEnded():
            return agui.TextMessageEnd(message_id=event.message_id)
        case turn_events.ToolCallStarted():
            return agui.ToolCallStart(
                tool_call_id=event.call_id,
                tool_call_name=event.name,
                parent_message_id=event.parent_message_id,
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
