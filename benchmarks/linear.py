"""What else was tried for the screen: linear models over words, and the conversation before.

Logistic regression, trained here in pure Python on the English messages of all sources but one
and measured on that one, as a message from elsewhere would meet it.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from realtime.safety.message import Message
from realtime.safety.rules import Level
from realtime.safety.screen import screen

if TYPE_CHECKING:
    from benchmarks.screen import Row

Features = frozenset[str]
FALSE_ALARMS = 0.04  # of the messages without danger: where the models are compared
EPOCHS, RATE, SHRINK = 20, 0.3, 1e-4


def compare(sources: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    """Lines of a table: recall of each approach on each source held out."""
    english = {
        name: [row for row in rows if row["lang"] == "en"] for name, rows in sources.items()
    }
    tested = [name for name, rows in english.items() if _balanced(rows)]
    yield "| held out | rules | words | words and rules | rules or words | at crisis before |"
    yield "|---|---|---|---|---|---|"
    for name in tested:
        others = [row for other in english if other != name for row in english[other]]
        yield f"| {name} | {' | '.join(_approaches(others, english[name]))} |"


def _approaches(others: Sequence[Row], tested: Sequence[Row]) -> Iterator[str]:
    """Crisis found / none called crisis, in percent; models cut at the allowed false alarms."""
    ruled = [screen(row["text"]).level == "crisis" for row in tested]
    yield _rates(tested, ruled)
    worded = _cut(tested, _scores(others, tested, rules=False))
    yield _rates(tested, worded)
    yield _rates(tested, _cut(tested, _scores(others, tested, rules=True)))
    yield _rates(tested, [a or b for a, b in zip(ruled, worded, strict=True)])
    yield _rates(tested, [screen(row["text"], "crisis").level == "crisis" for row in tested])


def _scores(others: Sequence[Row], tested: Sequence[Row], *, rules: bool) -> list[float]:
    weights = _train(
        [(_features(row["text"], rules=rules), row["label"] == "crisis") for row in others]
    )
    return [_score(weights, _features(row["text"], rules=rules)) for row in tested]


def _features(text: str, *, rules: bool) -> Features:
    """Words and pairs of words; with `rules` also what the rules found."""
    found = {"always"}
    message = Message(text)
    for sentence in message.sentences:
        words = [word.text for word in sentence.words]
        found.update(words, map(" ".join, pairwise(words)))
        if rules:
            for match in sentence.found.matches:
                level: Level = message.weigh(sentence, match)[0]
                found.add(f"rule: {match.rule.category} {match.rule.sign} {level}")
    return frozenset(found)


def _train(examples: list[tuple[Features, bool]]) -> dict[str, float]:
    """Adagrad over shuffled examples; the same seed each time."""
    weights: dict[str, float] = defaultdict(float)
    steps: dict[str, float] = defaultdict(lambda: 1e-6)
    order = random.Random(1)
    for _ in range(EPOCHS):
        order.shuffle(examples)
        for features, crisis in examples:
            off = 1 / (1 + math.exp(-_score(weights, features))) - crisis
            for feature in features:
                slope = off / math.sqrt(len(features)) + SHRINK * weights[feature]
                steps[feature] += slope * slope
                weights[feature] -= RATE * slope / math.sqrt(steps[feature])
    return weights


def _score(weights: Mapping[str, float], features: Features) -> float:
    total = sum(weights.get(feature, 0.0) for feature in features)
    return max(-30.0, min(30.0, total / math.sqrt(len(features))))


def _cut(rows: Sequence[Row], scores: Sequence[float]) -> list[bool]:
    """Above the score that the allowed share of the messages without danger exceeds."""
    none = sorted(score for row, score in zip(rows, scores, strict=True) if row["label"] == "none")
    limit = none[math.ceil(len(none) * (1 - FALSE_ALARMS)) - 1]
    return [score > limit for score in scores]


def _rates(rows: Sequence[Row], called: Iterable[bool]) -> str:
    by_label: dict[str, list[bool]] = defaultdict(list)
    for row, crisis in zip(rows, called, strict=True):
        by_label[row["label"]].append(crisis)
    found, false = by_label["crisis"], by_label["none"]
    return f"{100 * sum(found) / len(found):.0f} / {100 * sum(false) / len(false):.1f}"


def _balanced(rows: Sequence[Row]) -> bool:
    labels = [row["label"] for row in rows]
    return labels.count("crisis") >= 20 and labels.count("none") >= 20
