"""What a synthetic thread is made of, and the words to write one down with."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import Enum

from realtime.agent.errors import ModelUnavailable
from realtime.agent.model import ModelText
from realtime.agent.testing import Gate, Reply, Step, call, calls, says


class Ending(Enum):
    """What becomes of a reply: played to its end, stopped by the person, or lost by its server."""

    PLAYED = "played"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A message and what the model plays for it, one reply per request.

    `again`: the message before, asked once more. `card`: help is shown before any answer.
    `after_min`: minutes since the exchange before.
    """

    asked: str
    replies: tuple[Reply, ...]
    ending: Ending = Ending.PLAYED
    again: bool = False
    card: bool = False
    after_min: int = 4

    @property
    def held_words(self) -> str:
        """The words of a reply that is cut; they are durable before it is."""
        return "".join(step.text for step in self.replies[-1] if isinstance(step, ModelText))


@dataclass(frozen=True, kw_only=True)
class Talk:
    """A synthetic thread: `name` says what it shows, `days_ago` when it began."""

    name: str
    days_ago: float
    exchanges: tuple[Exchange, ...]
    country: str | None = None
    locale: str = "en-GB"


def answered(asked: str, reply: str, *, after_min: int = 4) -> Exchange:
    """An exchange of words alone."""
    return Exchange(asked=asked, replies=(spoken(reply),), after_min=after_min)


def spoken(text: str) -> Reply:
    """A reply of words alone."""
    return says(*_words(text))


def looked_up(text: str, *asked: dict[str, object]) -> Reply:
    """A reply that ends in calls of the directory, one for each of `asked`."""
    made = [
        call("find_hotlines", json.dumps(arguments), call_id=f"call_{number}")
        for number, arguments in enumerate(asked, start=1)
    ]
    return calls(*made, before=_words(text))


def held(text: str) -> Reply:
    """A reply that comes to a halt after `text`, until somebody cuts it."""
    steps: list[Step] = [ModelText(word) for word in _words(text)]
    return [*steps, Gate()]


def unavailable() -> Reply:
    """No reply: the model cannot be reached."""
    return [ModelUnavailable("staged for the demo")]


def _words(text: str) -> list[str]:
    return re.findall(r"\S+\s*", text)
