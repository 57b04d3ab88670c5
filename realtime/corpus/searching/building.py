"""Builds an index of rows: in this process, or as a child that reads them from its input.

`python -m realtime.corpus.searching.building FOLDER`: one JSON object a line, as `Row` has it,
and then `{"end": <rows>}`, without which nothing is made: whoever sent them may have died.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from heapq import heappush, heapreplace
from pathlib import Path

import numpy as np

from realtime.corpus.searching import files, postings
from realtime.corpus.searching.index import K1, B, Index, evidence, gram_weights, idf
from realtime.corpus.searching.postings import Numbers, Places, Spill
from realtime.corpus.searching.words import Counts, grams, words

# A title says in one line what is asked: its words count twice.
_TITLE = 2
# In more texts than this a run of letters says nothing, and costs the most of all.
_COMMONEST = 20_000
_MANY = 1_000
_VERY_MANY = 20_000
# Four in ten questions have no good answer among other questions' (measured): these give none.
_WITHOUT = 0.4
_TRIED = 300
# What everyday messages stay under, however little a corpus has: see docs/training.md.
LEAST_FLOOR = 0.24


@dataclass(frozen=True, slots=True)
class Row:
    """An exchange to be found; `key`: of its question, hex; `vector`: float32, base64."""

    id: int
    title: str
    question: str
    answer: str
    key: str
    vector: str | None = None

    @property
    def text(self) -> str:
        return "\n".join([self.title] * _TITLE + [self.question, self.answer])

    @property
    def asked(self) -> str:
        return "\n".join(filter(None, (self.title, self.question)))

    @property
    def group(self) -> int:
        return int(self.key[:16] or "0", 16)

    def line(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)


class Incomplete(Exception):
    """The rows ended before their end."""


def build(rows: Iterable[Row], folder: Path) -> Index:
    """Make an index of the rows in a folder that is not there yet.

    It is written beside it and renamed: nobody sees half of one.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tmp-", dir=folder.parent) as work:
        made, spilled = Path(work) / "made", Path(work) / "spilled"
        made.mkdir()
        spilled.mkdir()
        tried = _write(rows, made, spilled)
        files.seal(made, {"floor": 0.0, "vector_floor": 0.0})
        files.seal(made, _floors(Index(made), tried))
        _replace(made, folder)
    return Index(folder)


def _replace(made: Path, folder: Path) -> None:
    """Put the new folder where a broken one may be: what was mapped of that stays mapped."""
    if folder.exists():
        folder.rename(made.parent / "old")
    made.rename(folder)


@dataclass(frozen=True, slots=True)
class _Tried:
    """A question that the floor is found with."""

    asked: str
    group: int
    vector: Numbers | None


def _write(rows: Iterable[Row], made: Path, spilled: Path) -> list[_Tried]:
    by_words, by_grams = Spill(spilled, "words"), Spill(spilled, "grams")
    ids: list[int] = []
    groups: list[int] = []
    lengths: list[int] = []
    vectors: list[Numbers | None] = []
    tried = _Sample()
    for row in rows:
        features = words(row.text).all
        by_words.add(features)
        by_grams.add(grams(row.text))
        lengths.append(int(features.counts.sum()))
        ids.append(row.id)
        groups.append(row.group)
        vectors.append(_vector(row))
        tried.offer(_Tried(row.asked, row.group, vectors[-1]))
    np.save(made / "ids.npy", np.array(ids, np.int64))
    np.save(made / "groups.npy", np.array(groups, np.uint64))
    _write_vectors(vectors, made)
    _write_words(by_words, np.array(lengths, np.float32), made)
    _write_grams(by_grams, made)
    return tried.kept


def _write_words(spill: Spill, lengths: Numbers, made: Path) -> None:
    many = spill.texts
    # A pair of words that one text has may be the very one that is sought; among 20,000 it is
    # nearly always chance, and they are half of the files.
    vocabulary = spill.vocabulary(fewest=2 if many > _VERY_MANY else 1, most=many)
    rare = idf(vocabulary.texts, many)
    norms = K1 * (1 - B + B * lengths / max(float(lengths.mean()) if many else 0.0, 1e-9))

    def weigh(at: Places, places: Counts, counts: Counts) -> Numbers:
        weights: Numbers = rare[at] * counts * (K1 + 1) / (counts + norms[places])
        return weights

    postings.write(spill, vocabulary, weigh, made, "words", np.float32)


def _write_grams(spill: Spill, made: Path) -> None:
    many = spill.texts
    vocabulary = spill.vocabulary(fewest=2 if many > _MANY else 1, most=_COMMONEST)
    squares = np.zeros(many, np.float64)
    for part in spill.parts():
        kept, at = postings.find(vocabulary.hashes, part.hashes)
        weights = gram_weights(vocabulary.texts[at], part.counts[kept], many)
        squares += np.bincount(part.places[kept], weights**2, minlength=many)
    lengths = np.sqrt(np.maximum(squares, 1e-12)).astype(np.float32)

    def weigh(at: Places, places: Counts, counts: Counts) -> Numbers:
        weights: Numbers = gram_weights(vocabulary.texts[at], counts, many) / lengths[places]
        return weights

    postings.write(spill, vocabulary, weigh, made, "grams", np.float16)


def _write_vectors(vectors: list[Numbers | None], made: Path) -> None:
    """One line a row; a row whose vector nobody has made yet is near to nothing."""
    width = next((len(vector) for vector in vectors if vector is not None), 0)
    if width:
        nothing = np.zeros(width, np.float32)
        np.save(made / "vectors.npy", [nothing if v is None else v for v in vectors])


def _vector(row: Row) -> Numbers | None:
    if row.vector is None:
        return None
    return np.frombuffer(base64.b64decode(row.vector), np.dtype("<f4")).astype(np.float32)


def midway(first: Sequence[float], second: Sequence[float]) -> str:
    """The direction between two, as a row's `vector`."""
    between = np.asarray(first, np.float32) + np.asarray(second, np.float32)
    length = np.float32(max(np.linalg.norm(between), 1e-9))
    return as_text(between / length)


def as_text(vector: Sequence[float] | Numbers) -> str:
    """As a row's `vector`."""
    return base64.b64encode(np.asarray(vector).astype("<f4").tobytes()).decode()


class _Sample:
    """Questions by chance, the same of the same rows: those with the smallest keys."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int]] = []
        self._by_group: dict[int, _Tried] = {}

    def offer(self, one: _Tried) -> None:
        if one.group in self._by_group:
            return
        if len(self._heap) < _TRIED:
            heappush(self._heap, (-one.group, one.group))
        elif one.group < self._heap[0][1]:
            del self._by_group[heapreplace(self._heap, (-one.group, one.group))[1]]
        else:
            return
        self._by_group[one.group] = one

    @property
    def kept(self) -> list[_Tried]:
        return list(self._by_group.values())


def _floors(index: Index, tried: list[_Tried]) -> dict[str, float]:
    """The scores under which four in ten questions' best find among other questions is."""
    by_words, by_vectors = [], []
    for one in tried:
        scores = index.scores(one.asked, one.vector, without=one.group)
        by_words.append(float(evidence(replace(scores, vectors=None)).max()))
        if scores.vectors is not None:
            by_vectors.append(float(evidence(scores).max()))
    words_floor = float(np.quantile(by_words, _WITHOUT)) if by_words else 0.0
    vectors_floor = float(np.quantile(by_vectors, _WITHOUT)) if by_vectors else 1.0
    return {"floor": max(words_floor, LEAST_FLOOR), "vector_floor": vectors_floor}


def rows_of(lines: Iterable[str]) -> Iterator[Row]:
    """Read what `Row.line` wrote. Raises Incomplete."""
    many = 0
    for line in lines:
        told = json.loads(line)
        if "end" in told:
            if told["end"] != many:
                raise Incomplete(f"{many} rows of {told['end']}")
            return
        yield Row(**told)
        many += 1
    raise Incomplete(f"no end after {many} rows")


def main(folder: str) -> None:
    os.nice(10)  # replies come first
    build(rows_of(sys.stdin), Path(folder))


def clear(parent: Path, *, keep: str) -> None:
    """Remove every index but one; what a server has mapped stays until it lets go."""
    for path in parent.iterdir():
        if path.is_dir() and path.name != keep:
            shutil.rmtree(path, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1])
