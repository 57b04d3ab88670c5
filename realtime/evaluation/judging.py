"""Asks a judge for one rating."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from uuid import uuid4

from realtime.agent import events
from realtime.agent.loop import TurnLimits, run_turn
from realtime.agent.model import Model, SystemMessage, UserMessage
from realtime.agent.tools import Toolbox
from realtime.evaluation import rubric
from realtime.evaluation.rubric import Score

ASKS_AS = "kindline-evaluation"


@dataclass(frozen=True, slots=True)
class Judged:
    """`unreached`: the judge said nothing at all, so that asking on may be in vain."""

    scores: dict[str, Score] | None = None
    failure: str = ""
    tokens: tuple[int, int] | None = None
    unreached: bool = False


async def judge(model: Model, asked: str, answer: str, *, limits: TurnLimits) -> Judged:
    """Rate one answer; whatever a judge says, nothing is raised for it."""
    turn = run_turn(
        model=model,
        toolbox=Toolbox([]),
        history=[SystemMessage(rubric.instructions()), UserMessage(rubric.task(asked, answer))],
        safety_identifier=ASKS_AS,
        limits=limits,
        new_id=lambda: str(uuid4()),
    )
    said, failed, usage = list[str](), "", None
    async with aclosing(turn):
        async for event in turn:
            match event:
                case events.TextDelta():
                    said.append(event.text)
                case events.TurnFinished():
                    usage = event.usage
                case events.TurnFailed() | events.TurnBrokeOff():
                    failed = event.code
                case _:
                    pass
    tokens = None if usage is None else (usage.input_tokens, usage.output_tokens)
    if failed:
        return Judged(failure=failed, tokens=tokens, unreached=True)
    try:
        return Judged(scores=rubric.read("".join(said)), tokens=tokens)
    except rubric.Unreadable as error:
        return Judged(failure=f"unreadable: {error}", tokens=tokens)
