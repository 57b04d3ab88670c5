"""Says whether a message tells of danger; pure, standard library only, linear time.

Rules about meaning: what is spoken of, by whom, when, and whether it is denied, quoted or a joke.
It will miss people, and it only ever adds help: nothing is withheld by it.
How well it does: `docs/safety.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from realtime.safety.classifier import Weights, likeness
from realtime.safety.message import Message, Sentence
from realtime.safety.rules import Level

# What is longer is refused anyway; its beginning is read, so that the refusal can help.
MAX_CHARACTERS = 16_384
_RANK: dict[Level, int] = {"none": 0, "concern": 1, "crisis": 2}
# Signs that somebody prepares: one of these is crisis beside a sign of another kind.
_PREPARING = frozenset({"farewell", "settling", "decided", "means"})
_NEAR = 2  # sentences between two signs that are read together
_SIGNS = 40  # signs of one message that are read
# Scores of the model: above the first it says crisis, and not below the last where the rules do.
CRISIS, CONCERN, AGAINST = 0.2, -0.2, -0.5
PUT_ASIDE = 1.8  # higher where somebody speaks of others, of the past, or denies it


@dataclass(frozen=True, slots=True)
class Screening:
    """`span`: where in the message the words stand that decided."""

    level: Level = "none"
    category: str | None = None
    span: tuple[int, int] | None = None


NOTHING = Screening()


def screen(text: str, before: Level = "none") -> Screening:
    """Judge one message, by what the rules find in it and by how like others in danger it is.

    `before`: the level of the conversation so far; at crisis, a single sign counts.
    """
    message = Message(text[:MAX_CHARACTERS])
    by_rules = ruled(message, before)
    like = likeness(message, by_rules.level)
    level = _level(message, by_rules.level, like.score)
    if level == by_rules.level:
        return by_rules
    category = by_rules.category or "likeness"
    return Screening(level, category, by_rules.span or _span(like.sentence))


def judged(message: Message, *, weights: Weights | None = None, rules: bool = True) -> Level:
    """The level with these weights; without `rules` by the score alone."""
    found = ruled(message, "none").level
    score = likeness(message, found, weights).score
    return _level(message, found if rules else "none", score)


def _level(message: Message, by_rules: Level, score: float) -> Level:
    """The score alone may say crisis; where the rules do, it must not speak against it.

    It knows little of who is spoken of: what the rules found and put aside needs more.
    """
    if by_rules == "crisis" and score > AGAINST:
        return "crisis"
    put_aside = any(each.match.rule.level == "crisis" != each.level for each in message.weighed)
    more = PUT_ASIDE if put_aside else 0.0
    if score > CRISIS + more:
        return "crisis"
    return "concern" if by_rules != "none" or score > CONCERN + more else "none"


def _span(sentence: Sentence | None) -> tuple[int, int] | None:
    return None if sentence is None else (sentence.words[0].start, sentence.words[-1].end)


def ruled(message: Message, before: Level) -> Screening:
    """What the rules say: the gravest sentence, or what its signs come to together."""
    worst = NOTHING
    signs: list[_Sign] = []
    for place, match, level, earnest in message.weighed:
        span = message.sentences[place].span(match)
        if rises(level, above=worst.level):
            worst = Screening(level, match.rule.category, span)
        if earnest and match.rule.sign:
            signs.append(_Sign(match.rule.sign, place, span))
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
