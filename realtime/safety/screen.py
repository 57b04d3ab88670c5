"""Says whether a message tells of danger; pure, standard library only, linear time.

Rules about meaning: what is spoken of, by whom, when, and whether it is denied, quoted or a joke.
It will miss people, and it only ever adds help: nothing is withheld by it.
How well it does: `docs/safety.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from realtime.safety.message import Message
from realtime.safety.rules import Level

# What is longer is refused anyway; its beginning is read, so that the refusal can help.
MAX_CHARACTERS = 16_384
_RANK: dict[Level, int] = {"none": 0, "concern": 1, "crisis": 2}
# Signs that somebody prepares: one of these is crisis beside a sign of another kind.
_PREPARING = frozenset({"farewell", "settling", "decided", "means"})
_NEAR = 2  # sentences between two signs that are read together
_SIGNS = 40  # signs of one message that are read


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
    signs: list[_Sign] = []
    for place, sentence in enumerate(message.sentences):
        for match in sentence.found.matches:
            signals = match.rule.sign and len(signs) < _SIGNS
            if not signals and not rises(match.rule.level, above=worst.level):
                continue
            level, earnest = message.weigh(sentence, match)
            if rises(level, above=worst.level):
                worst = Screening(level, match.rule.category, sentence.span(match))
            if earnest and match.rule.sign:
                signs.append(_Sign(match.rule.sign, place, sentence.span(match)))
        if worst.level == "crisis":
            return worst
    return _together(signs, before) or worst


def rises(level: Level, *, above: Level) -> bool:
    return _RANK[level] > _RANK[above]


class _Sign(NamedTuple):
    kind: str
    sentence: int
    span: tuple[int, int]


def _together(signs: list[_Sign], before: Level) -> Screening | None:
    """Crisis when a sign that somebody prepares has one of another kind near it."""
    for sign, after in combinations(signs[:_SIGNS], 2):
        near = after.sentence - sign.sentence <= _NEAR and sign.kind != after.kind
        if near and not _PREPARING.isdisjoint((sign.kind, after.kind)):
            return Screening("crisis", "signs", sign.span)
    if signs and before == "crisis":
        return Screening("crisis", "signs", signs[0].span)
    return None
