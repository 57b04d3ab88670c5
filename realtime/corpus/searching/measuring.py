"""How well exchanges are found, measured on questions whose answers are known.

Own answer: only answers are searched; does a question find one that was written for it? Topic:
all is searched as it serves, without the question's own exchanges; is the first on its topic?
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from realtime.corpus.searching.building import Row, build
from realtime.corpus.searching.index import Index, evidence, ranking
from realtime.corpus.searching.postings import Numbers

_Z = 1.96  # 95 %
_RANKED = 200


@dataclass(slots=True)
class Asked:
    """A question, what was answered to it, and what it is about."""

    key: str
    text: str
    vector: Numbers | None = None
    answers: set[str] = field(default_factory=set)
    topics: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        return self.hits / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's, 95 %: questions are drawn, not rows."""
        if not self.of:
            return 0.0, 1.0
        middle = (self.value + _Z * _Z / (2 * self.of)) / (1 + _Z * _Z / self.of)
        spread = self.value * (1 - self.value) / self.of + _Z * _Z / (4 * self.of * self.of)
        half = _Z * math.sqrt(spread) / (1 + _Z * _Z / self.of)
        return max(0.0, middle - half), min(1.0, middle + half)


def own_answer(
    asked: Sequence[Asked],
    answers: dict[str, str | None],
    work: Path,
    *,
    at: Iterable[int] = (1, 5, 10),
) -> dict[int, Share]:
    """Which share finds an own answer among the first 1, 5, 10 of all these answers.

    `answers`: each distinct one, with its vector (base64) where there is one. `work`: a folder
    for the index of answers alone.
    """
    places = {answer: place for place, answer in enumerate(answers)}
    rows = (
        Row(id=place, title="", question="", answer=answer, key=_key(answer), vector=vector)
        for place, (answer, vector) in enumerate(answers.items())
    )
    index = build(rows, work / "answers")
    ranks = [_first_own(index, one, {places[answer] for answer in one.answers}) for one in asked]
    return {most: Share(sum(rank < most for rank in ranks), len(ranks)) for most in at}


def _first_own(index: Index, asked: Asked, own: set[int]) -> float:
    found = ranking(index.scores(asked.text, asked.vector), at_most=_RANKED).tolist()
    return next((rank for rank, place in enumerate(found) if place in own), math.inf)


@dataclass(frozen=True, slots=True)
class Topics:
    """`above`, `below`: of the questions whose best is above the floor, and of the others."""

    first: Share
    above: Share
    below: Share


def topic(asked: Sequence[Asked], index: Index, topics: Sequence[set[str]]) -> Topics:
    """Which share of the questions with a topic finds an exchange on it first.

    `topics`: of each exchange of the index, in its order.
    """
    told = {True: [0, 0], False: [0, 0]}
    for one in asked:
        if not one.topics:
            continue
        scores = index.scores(one.text, one.vector, without=int(one.key[:16], 16))
        best = ranking(scores, at_most=1)
        floor = index.floor if scores.vectors is None else index.vector_floor
        good = bool(len(best)) and float(evidence(scores)[best[0]]) >= floor
        told[good][0] += bool(len(best) and topics[best[0]] & one.topics)
        told[good][1] += 1
    above, below = Share(*told[True]), Share(*told[False])
    return Topics(Share(above.hits + below.hits, above.of + below.of), above, below)


def _key(answer: str) -> str:
    return sha256(answer.encode("utf-8", "replace")).hexdigest()
