"""Finds the exchanges that are nearest to what was asked.

BM25 over stemmed words and their neighbours, and the cosine of letters by threes to fives, each
rank the exchanges; an exchange's place is by the sum of the reciprocals of its ranks. With
vectors of an embeddings endpoint, their cosine is a third ranking.

How good the best are is another matter than their order: `Hit.score` tells, see `Evidence`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from realtime.corpus.searching import files, postings
from realtime.corpus.searching.postings import Array, Numbers, Places
from realtime.corpus.searching.words import Words, grams, words

# BM25's: a word said often counts at most 2.5 times one said once; three quarters by length.
K1, B = 1.5, 0.75
# Words tell more than letters, and the first places much more than the others: measured.
_WEIGHTS = {"words": 1.5, "grams": 1.0, "vectors": 1.5}
_SOFTENED = 10
_RANKED = 200  # places further down add next to nothing
# Postings a query reads, the rarest features' first: the commonest cost most, and without them
# letters find no worse (own answer among five 0.70, with all 0.69).
_BUDGET = 200_000
_GRAMS_BUDGET = 100_000
LONGEST = 2_000  # characters of a question that are looked at


@dataclass(frozen=True, slots=True)
class Hit:
    place: int  # in the index
    score: float


@dataclass(frozen=True, slots=True)
class Scores:
    """Of each exchange; `grams` and `vectors` are cosines, `words` is BM25 as a share of what an
    exchange that said all of the question's words would have."""

    words: Numbers
    grams: Numbers
    vectors: Numbers | None


class Index:
    """One that was built, memory-mapped; many threads may search it at once."""

    def __init__(self, folder: Path) -> None:
        """Raises `files.Broken` for what is no whole index of this version's format."""
        about, arrays = files.opened(folder)
        self.ids: Places = arrays["ids"]
        self.groups: Array = arrays["groups"]
        self.floor: float = about["floor"]
        self.vector_floor: float = about["vector_floor"]
        self._words = postings.opened(arrays, "words", len(self.ids))
        self._grams = postings.opened(arrays, "grams", len(self.ids))
        self._vectors: Array | None = arrays.get("vectors")

    def search(self, text: str, *, limit: int, vector: Numbers | None = None) -> list[Hit]:
        """The best for a question, best first, above the floor; of one question, one answer."""
        scores = self.scores(text, vector)
        how_good = evidence(scores)
        floor = self.floor if scores.vectors is None else self.vector_floor
        hits: list[Hit] = []
        groups: set[int] = set()
        for place in ranking(scores, at_most=_RANKED).tolist():
            group = int(self.groups[place])
            if how_good[place] >= floor and group not in groups:
                hits.append(Hit(place, float(how_good[place])))
                groups.add(group)
            if len(hits) == limit:
                break
        return hits

    def scores(
        self, text: str, vector: Numbers | None = None, *, without: int | None = None
    ) -> Scores:
        """How near each exchange is; those of the question `without` are as far as can be."""
        text = text[:LONGEST]
        scores = Scores(self._by_words(words(text)), self._by_grams(text), self._by(vector))
        if without is not None:
            own = self.groups == np.uint64(without)
            for one in (scores.words, scores.grams, scores.vectors):
                if one is not None:
                    one[own] = -1
        return scores

    def _by_words(self, asked: Words) -> Numbers:
        many = len(self.ids)
        kept, at = postings.find(self._words.hashes, asked.all.hashes)
        counts = asked.all.counts[kept].astype(np.float32)
        scores = self._words.scores(at, 2 * counts / (counts + 1), budget=max(_BUDGET, 3 * many))
        kept, at = postings.find(self._words.hashes, asked.single)
        unknown = len(asked.single) - len(at)
        said = idf(self._words.sizes(at), many).sum() + unknown * float(idf(np.zeros(1), many)[0])
        return scores / np.float32((K1 + 1) * max(said, _LEAST_SAID * np.log1p(many), 1e-9))

    def _by_grams(self, text: str) -> Numbers:
        asked = grams(text)
        kept, at = postings.find(self._grams.hashes, asked.hashes)
        weights = gram_weights(self._grams.sizes(at), asked.counts[kept], len(self.ids))
        length = np.float32(max(np.linalg.norm(weights), 1e-9))
        budget = max(_GRAMS_BUDGET, 3 * len(self.ids))
        return self._grams.scores(at, weights / length, budget=budget)

    def _by(self, vector: Numbers | None) -> Numbers | None:
        if vector is None or self._vectors is None:
            return None
        cosines: Numbers = self._vectors @ vector
        return cosines


# A question with less to say than this many words that half of all exchanges lack is judged as if
# it had said as much: "good morning" is no question, though some exchange has both words.
_LEAST_SAID = 2.8
_TELL_TOGETHER = 10


def evidence(scores: Scores) -> Numbers:
    """How much speaks for each exchange; with vectors, their cosine.

    By words: its own score, but no more than the mean of the ten best. A question of the kind
    that the corpus answers has several exchanges near; a chance word has one. Half its own score
    it has in any case: in a small corpus the very question may stand alone.
    """
    if scores.vectors is not None:
        return scores.vectors
    best = min(_TELL_TOGETHER, len(scores.words))
    together = np.partition(scores.words, -best)[-best:].mean() if best else 0.0
    held_down: Numbers = np.minimum(scores.words, np.float32(together))
    return np.maximum(held_down, scores.words / 2)


def ranking(scores: Scores, *, at_most: int) -> Places:
    """Places of exchanges, best first, at most so many."""
    fused = np.zeros(len(scores.words), np.float32)
    for name, weight in _WEIGHTS.items():
        one: Numbers | None = getattr(scores, name)
        if one is not None:
            best = _best(one, at_most)
            fused[best] += np.float32(weight) / np.arange(
                _SOFTENED + 1, _SOFTENED + 1 + len(best), dtype=np.float32
            )
    best = _best(fused, at_most)
    return best[fused[best] > 0]


def _best(scores: Numbers, many: int) -> Places:
    """Places of the greatest, best first; of equal ones, the first in the corpus."""
    if many < len(scores):
        chosen = np.sort(np.argpartition(-scores, many)[:many])
    else:
        chosen = np.arange(len(scores))
    ordered: Places = chosen[np.argsort(-scores[chosen], kind="stable")]
    return ordered[scores[ordered] > 0]


def idf(texts: Array, many: int) -> Numbers:
    """BM25's: how much it says that a text has a word which `texts` of `many` have."""
    rare: Numbers = np.log1p((many - texts + 0.5) / (texts + 0.5)).astype(np.float32)
    return rare


def gram_weights(texts: Array, counts: Array, many: int) -> Numbers:
    """TF-IDF with the logarithm of counts, before lengths are made one."""
    rare = np.log((1 + many) / (1 + texts)) + 1
    weights: Numbers = ((1 + np.log(counts)) * rare).astype(np.float32)
    return weights
