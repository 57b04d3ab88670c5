"""Asks a model one question as the chat would: the same rules, tools, limits and order of words.

Three things differ, and a report says so: no card stands beside the reply, so that the model has
to look lines up itself; the reply filter counts and mends nothing; nobody's moderation is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from uuid import uuid4

from realtime.agent import events
from realtime.agent.examples import Example
from realtime.agent.loop import TurnLimits, run_turn
from realtime.agent.model import AssistantMessage, ChatMessage, Model, UserMessage
from realtime.agent.prompt import Risk, system_prompt
from realtime.chat.nameable import of_place, of_result
from realtime.chat.toolbox import toolbox_for
from realtime.evaluation.checks import Finding, Spoken, check_reply
from realtime.hotlines.directory import Directory
from realtime.hotlines.places import PersonPlace, whereabouts
from realtime.hotlines.tool import TOOL_NAME
from realtime.safety.allowed import Allowed
from realtime.safety.screen import screen

LIMITS = TurnLimits(first_token_s=60, idle_s=60, turn_s=180, retries=2, backoff_s=1)
# For the vendor's abuse checks: these are no person's words to it.
ASKS_AS = "kindline-evaluation"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what came before it, and what is known of who asks."""

    text: str
    country: str | None = None
    calls_for_line: bool = False
    history: tuple[ChatMessage, ...] = ()
    examples: tuple[Example, ...] = ()


@dataclass(slots=True)
class Said:
    """What came of it; times in milliseconds; `error` is a code of the agent's errors."""

    text: str = ""
    error: str = ""
    whole_ms: int = 0
    first_token_ms: int | None = None
    usage: events.Usage | None = None
    tools: list[dict[str, object]] = field(default_factory=list)
    checks: dict[str, Finding] = field(default_factory=dict)


async def ask(
    model: Model, asked: Asked, *, directory: Directory, limits: TurnLimits = LIMITS
) -> Said:
    """Never raises for what a model does; a turn that failed says so in `error`."""
    person = PersonPlace(choice=asked.country)
    turn = run_turn(
        model=model,
        toolbox=toolbox_for(directory, person=person),
        history=history_of(asked),
        safety_identifier=ASKS_AS,
        limits=limits,
        new_id=lambda: str(uuid4()),
    )
    heard = _Heard(of_place(directory, person))
    async with aclosing(turn):
        async for event in turn:
            heard.take(event)
    return heard.said(asked)


def history_of(asked: Asked) -> list[ChatMessage]:
    """The messages as the chat would send them."""
    level = screen(asked.text).level
    place = whereabouts(PersonPlace(choice=asked.country))
    examples = asked.examples if level == "none" else ()  # as the chat does, and why: see there
    prompt = system_prompt(
        place.country,
        guessed=place.guessed,
        risk=Risk(level=level, just_now=level != "none"),
        examples=examples,
    )
    return [prompt, *asked.history, UserMessage(asked.text)]


def messages_of(history: list[dict[str, str]]) -> tuple[ChatMessage, ...]:
    """A corpus' history as the agent has it."""
    kinds: dict[str, Callable[[str], ChatMessage]] = {
        "user": UserMessage,
        "assistant": AssistantMessage,
    }
    return tuple(kinds[m["role"]](m["content"]) for m in history if m["role"] in kinds)


class _Heard:
    """Keeps what the events of a turn tell, and when they came."""

    def __init__(self, allowed: Allowed) -> None:
        self._clock = asyncio.get_running_loop().time
        self._began = self._clock()
        self._allowed = allowed
        self._texts: dict[str, list[str]] = {}
        self._could_name: dict[str, Allowed] = {}
        self._names: dict[str, str] = {}
        self._results: list[str] = []
        self._said = Said()

    def take(self, event: events.TurnEvent) -> None:
        match event:
            case events.TextStarted(message_id):
                self._texts[message_id] = []
                self._could_name[message_id] = self._allowed
            case events.TextDelta(message_id, text):
                self._texts[message_id].append(text)
                if self._said.first_token_ms is None:
                    self._said.first_token_ms = self._since()
            case events.ToolCallStarted():
                self._names[event.call_id] = event.name
            case events.ToolFinished():
                self._looked_up(event)
            case events.TurnFinished(usage):
                self._said.usage = usage
            case events.TurnFailed(code) | events.TurnBrokeOff(code):
                self._said.error = code
            case _:
                pass

    def said(self, asked: Asked) -> Said:
        self._said.whole_ms = self._since()
        spoken = [
            Spoken("".join(pieces), self._could_name[message_id])
            for message_id, pieces in self._texts.items()
        ]
        self._said.text = "\n\n".join(each.text for each in spoken if each.text.strip())
        if not self._said.error:
            self._said.checks = check_reply(
                asked=asked.text,
                spoken=spoken,
                results=self._results,
                calls_for_line=asked.calls_for_line,
            )
        return self._said

    def _looked_up(self, event: events.ToolFinished) -> None:
        name = self._names.get(event.call_id, "")
        self._said.tools.append({"name": name, "ok": event.ok})
        if name == TOOL_NAME and event.ok:
            self._results.append(event.content)
            self._allowed |= of_result(event.content)

    def _since(self) -> int:
        return round((self._clock() - self._began) * 1000)
