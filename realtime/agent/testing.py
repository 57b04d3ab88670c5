"""A model that says what a test wrote down; its own events let the test hold the reply."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from realtime.agent.events import Usage
from realtime.agent.model import (
    ModelCallArguments,
    ModelCallCompleted,
    ModelCallStarted,
    ModelEvent,
    ModelFinished,
    ModelRequest,
    ModelText,
)


@dataclass(eq=False)
class Gate:
    """The reply waits here: `reached` is set when it arrives, `opened` lets it go on."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)


Step = ModelEvent | Exception | Gate
Reply = Sequence[Step]


class ScriptedModel:
    """Play one reply per request; the requests are kept for the test to look at.

    A reply without ModelFinished is a stream that was cut; a Gate never opened is a hang.
    """

    def __init__(self, *replies: Reply, name: str = "scripted", prefill: bool = False) -> None:
        self.name = name
        self.prefill = prefill
        self.requests: list[ModelRequest] = []
        self.streaming = 0  # replies not yet closed
        self._replies = iter(replies)

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        self.requests.append(request)
        reply = next(self._replies, None)
        if reply is None:
            raise LookupError(f"request {len(self.requests)} has no reply in the script")
        self.streaming += 1
        try:
            for step in reply:
                match step:
                    case Gate():
                        step.reached.set()
                        await step.opened.wait()
                    case Exception():
                        raise step
                    case _:
                        yield step
        finally:
            self.streaming -= 1


def says(*pieces: str, usage: Usage | None = None) -> list[Step]:
    """Write a reply of text alone, one delta per piece."""
    return [*map(ModelText, pieces), ModelFinished("stop", usage)]


def call(name: str, arguments: str, *, call_id: str = "call_1", pieces: int = 2) -> list[Step]:
    """Write one call, its arguments in `pieces` deltas; no end of reply."""
    size = max(1, -(-len(arguments) // pieces))
    cut = [arguments[at : at + size] for at in range(0, len(arguments), size)]
    return [
        ModelCallStarted(call_id, name),
        *(ModelCallArguments(call_id, piece) for piece in cut),
        ModelCallCompleted(call_id),
    ]


def calls(*made: list[Step], before: Sequence[str] = (), usage: Usage | None = None) -> list[Step]:
    """Write a reply that ends in calls, with text before them if any."""
    steps: list[Step] = [*map(ModelText, before)]
    for one in made:
        steps += one
    return [*steps, ModelFinished("tool_calls", usage)]
