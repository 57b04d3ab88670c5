"""Running one turn in a test."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, Field

from realtime.agent.events import TextDelta, ToolFinished, TurnEvent
from realtime.agent.loop import History, TurnLimits, run_turn
from realtime.agent.model import ChatMessage, Model, ToolCall, UserMessage
from realtime.agent.tools import Tool, Toolbox
from realtime.agent.turn import OpenText

QUICK = TurnLimits(backoff_s=0.001)


class Place(BaseModel):
    """Where to look."""

    country: str = Field(description="ISO code", max_length=2)


async def look_up(arguments: Place) -> str:
    return json.dumps({"found": arguments.country})


HELLO = (UserMessage("Hello"),)


def find(run: Callable[[Place], Awaitable[str]] = look_up) -> Tool:
    return Tool("find", "Find a line.", Place, run)


@dataclass
class HeldTool:
    """A tool that says when it began and waits until the test lets it go."""

    began: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: bool = False

    async def __call__(self, arguments: Place) -> str:
        self.began.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return await look_up(arguments)


def talk(
    model: Model,
    *tools: Tool,
    limits: TurnLimits = QUICK,
    history: History = HELLO,
    said: Sequence[ChatMessage] = (),
    pending: Sequence[ToolCall] = (),
    open_text: OpenText | None = None,
) -> AsyncGenerator[TurnEvent, None]:
    ids = itertools.count(1)
    return run_turn(
        model=model,
        toolbox=Toolbox(tools),
        history=history if callable(history) else tuple(history),
        safety_identifier="abc123",
        limits=limits,
        new_id=lambda: f"id{next(ids)}",
        said=said,
        pending=pending,
        open_text=open_text,
    )


async def played(model: Model, *tools: Tool, limits: TurnLimits = QUICK) -> list[TurnEvent]:
    return [event async for event in talk(model, *tools, limits=limits)]


def text(events: Iterable[TurnEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def results(events: Iterable[TurnEvent]) -> list[ToolFinished]:
    return [event for event in events if isinstance(event, ToolFinished)]
