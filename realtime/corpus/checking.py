"""Measures how well this installation's exchanges are found, by the method that serves."""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from realtime.corpus import embedding, indexing
from realtime.corpus.models import Exchange
from realtime.corpus.queries import exchanges_to_search
from realtime.corpus.searching.building import Row, as_text, build, midway
from realtime.corpus.searching.measuring import Asked, Share, Topics, own_answer, topic

METHOD = "BM25 of stems and pairs + TF-IDF of letters 3-5, reciprocal rank"


class NothingToCheck(Exception):
    """No exchange may be learnt from."""


@dataclass(frozen=True, slots=True)
class Check:
    method: str
    rows: int
    answers: int
    questions: int
    own: dict[int, Share]
    topics: Topics
    floor: float

    def as_json(self) -> dict[str, Any]:
        """One flat object for programs; intervals are of 95 %."""
        shares = {f"own_answer_at_{k}": share for k, share in self.own.items()}
        shares["topic_at_1"] = self.topics.first
        return {
            **{name: round(share.value, 4) for name, share in shares.items()},
            "intervals": {
                name: [round(end, 4) for end in share.interval] for name, share in shares.items()
            },
            "topic_at_1_above_floor": round(self.topics.above.value, 4),
            "topic_at_1_below_floor": round(self.topics.below.value, 4),
            "questions_above_floor": self.topics.above.of,
            "questions_with_topic": self.topics.first.of,
            "floor": round(self.floor, 4),
            "rows": self.rows,
            "answers": self.answers,
            "questions": self.questions,
            "method": self.method,
        }


def check(*, source_ids: list[int] | None = None) -> Check:
    """Measure on all that is learnt from, or on these imports alone. Raises NothingToCheck."""
    found = exchanges_to_search()
    if source_ids is not None:
        found = found.filter(source_id__in=source_ids)
    rows = list(found)
    if not rows:
        raise NothingToCheck
    vectors = _Vectors(rows)
    asked = _asked(rows, vectors)
    with tempfile.TemporaryDirectory(prefix="kindline-check-") as work:
        own = own_answer(asked, {r.answer: vectors.of_answer(r) for r in rows}, Path(work))
        index = build((_row(row, vectors) for row in rows), Path(work) / "all")
        topics = topic(asked, index, [set(row.topics) for row in rows])
    method = f"{METHOD}; vectors of {vectors.model}" if vectors.model else METHOD
    floor = index.vector_floor if vectors.model else index.floor
    answers = len({row.answer for row in rows})
    return Check(method, len(rows), answers, len(asked), own, topics, floor)


class _Vectors:
    """Those that are kept, where this installation searches with any."""

    def __init__(self, rows: Iterable[Exchange]) -> None:
        its = indexing.method_now()["embeddings"]
        self.model: str | None = its["model"] if its else None
        self._kept: dict[str, array[float]] = {}
        for some in embedding.together(rows) if its else ():
            self._kept |= embedding.vectors_of(
                {text for row in some for text in (row.asked, row.answer)},
                model=its["model"],
                dimensions=its["dimensions"],
            )

    def of_question(self, row: Exchange) -> array[float] | None:
        return self._kept.get(row.asked)

    def of_answer(self, row: Exchange) -> str | None:
        vector = self._kept.get(row.answer)
        return None if vector is None else as_text(vector)

    def of_both(self, row: Exchange) -> str | None:
        question, answer = self._kept.get(row.asked), self._kept.get(row.answer)
        return None if question is None or answer is None else midway(question, answer)


def _row(row: Exchange, vectors: _Vectors) -> Row:
    return Row(row.pk, row.title, row.question, row.answer, row.question_key, vectors.of_both(row))


def _asked(rows: Iterable[Exchange], vectors: _Vectors) -> list[Asked]:
    by_key: dict[str, Asked] = {}
    for row in rows:
        vector = vectors.of_question(row)
        one = by_key.setdefault(
            row.question_key,
            Asked(row.question_key, row.asked, None if vector is None else np.asarray(vector)),
        )
        one.answers.add(row.answer)
        one.topics.update(row.topics)
    return list(by_key.values())
