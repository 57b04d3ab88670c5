"""Says whether a message tells of danger; pure, standard library only, linear time.

Rules about meaning: what is spoken of, by whom, when, and whether it is denied, quoted or a joke.
It will miss people, and it only ever adds help: nothing is withheld by it.
How well it does: `docs/safety.md`.
"""

from __future__ import annotations

from dataclasses import dataclass

from realtime.safety.message import Message
from realtime.safety.rules import Level

# What is longer is refused anyway; its beginning is read, so that the refusal can help.
MAX_CHARACTERS = 16_384
_RANK: dict[Level, int] = {"none": 0, "concern": 1, "crisis": 2}
# Signs that somebody prepares: one of these is crisis beside a sign of another kind.
_PREPARING = frozenset({"farewell", "settling", "decided", "means"})


@dataclass(frozen=True, slots=True)
class Screening:
    """`span`: where in the message the words stand that decided."""

    level: Level = "none"
    category: str | None = None
    span: tuple[int, int] | None = None


NOTHING = Screening()


def screen(text: str, before: Level = "none") -> Screening:
    """Judge one message: the gravest of its sentences, or what its signs come to together.

    `before`: the level of the conversation so far; at crisis, a single sign counts.
    """
    message = Message(text[:MAX_CHARACTERS])
    worst = NOTHING
    signs: dict[str, tuple[int, int]] = {}
    for sentence in message.sentences:
        for match in sentence.found.matches:
            level, earnest = message.weigh(sentence, match)
            if rises(level, above=worst.level):
                worst = Screening(level, match.rule.category, sentence.span(match))
            if earnest and match.rule.sign:
                signs.setdefault(match.rule.sign, sentence.span(match))
        if worst.level == "crisis":
            return worst
    return _together(signs, before) or worst


def rises(level: Level, *, above: Level) -> bool:
    return _RANK[level] > _RANK[above]


def _together(signs: dict[str, tuple[int, int]], before: Level) -> Screening | None:
    preparing = [span for sign, span in signs.items() if sign in _PREPARING]
    if preparing and len(signs) > 1:
        return Screening("crisis", "signs", preparing[0])
    if signs and before == "crisis":
        return Screening("crisis", "signs", next(iter(signs.values())))
    return None
