"""How like the messages of people in danger a message is: a small linear model; pure.

It is trained by `python -m benchmarks.linear --train` on the labelled messages of
`tests/safety/data`, and reads words, pairs of words, pieces of words and what the rules found.
A word is looked up a bounded number of times, so the time grows with the length alone.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from realtime.safety.message import Message, Sentence
from realtime.safety.rules import Level

WEIGHTS = Path(__file__).with_name("weights.json")
UNIT = 0.01  # weights are kept as whole numbers of these
BY_RULES = "R "  # how features begin that rules found: words are in small letters
_FARTHEST = 5  # words from one to the next that are still a pair
_PIECE = 4  # letters
_LONGEST = 24  # letters of a word that are taken apart

Weights = Mapping[str, float]


class Likeness(NamedTuple):
    """`score` is positive where danger is likelier than not; `sentence` speaks most for it."""

    score: float
    sentence: Sentence | None


def likeness(message: Message, ruled: Level, weights: Weights | None = None) -> Likeness:
    """Weigh a message for which the rules say `ruled`."""
    known = load() if weights is None else weights
    counted: dict[str, float] = {}
    best, most = None, -math.inf
    for sentence in message.sentences:
        heard = {feature: known[feature] for feature in features(sentence) if feature in known}
        if heard and (total := sum(heard.values())) > most:
            best, most = sentence, total
        counted |= heard
    for feature in found_by_rules(message, ruled):
        if feature in known:
            counted[feature] = known[feature]
    return Likeness(score(counted.values()), best)


def score(weights: Collection[float]) -> float:
    """Of features with these weights: longer messages have more of them."""
    return sum(weights) / math.sqrt(len(weights) + 1)


def features(sentence: Sentence) -> Iterator[str]:
    """Words, what stands together in twos and threes, pairs across a gap, and pieces of words."""
    words = ["^", *(word.text for word in sentence.words), "$"]
    for at, word in enumerate(words[1:], 1):
        yield word
        yield f"{words[at - 1]} {word}"
        if at >= 2:
            yield f"{words[at - 2]} _ {word}"
            yield f"{words[at - 2]} {words[at - 1]} {word}"
        for gap in range(3, min(at, _FARTHEST) + 1):
            yield f"{words[at - gap]} ~ {word}"
        yield from _pieces(word)


def found_by_rules(message: Message, ruled: Level) -> Iterator[str]:
    yield f"{BY_RULES}{ruled}"
    for each in message.weighed:
        rule = each.match.rule
        sign = rule.sign if each.earnest else ""
        yield f"{BY_RULES}{each.level}"
        yield f"{BY_RULES}{rule.category} {rule.level} {each.level} {sign}"


@lru_cache(maxsize=16_384)
def _pieces(word: str) -> tuple[str, ...]:
    whole = f"<{word[:_LONGEST]}>"
    return tuple(f"#{whole[at : at + _PIECE]}" for at in range(len(whole) - _PIECE + 1))


@cache
def load() -> Mapping[str, float]:
    """The weights, read once in a process."""
    kept: dict[str, int] = json.loads(WEIGHTS.read_text(encoding="utf-8"))["weights"]
    return {feature: weight * UNIT for feature, weight in kept.items()}
