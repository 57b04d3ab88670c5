"""Which texts have a feature, and how much it says of each: written once, then memory-mapped.

Texts are added one by one and spilled to files by the thousand, so that 100,000 of them need no
more memory than 1,000; the second pass sorts what was spilled by feature.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from realtime.corpus.searching.words import Counts, Features, Hashes

Numbers: TypeAlias = npt.NDArray[np.float32]
Places: TypeAlias = npt.NDArray[np.int64]
Array: TypeAlias = npt.NDArray[Any]

_TOGETHER = 500_000  # features in a spilled part: 8 MB, and ten times that to sort them


@dataclass(frozen=True, slots=True)
class Part:
    """Features of some texts: `places` are numbers of texts, in ascending order."""

    hashes: Hashes
    places: npt.NDArray[np.uint32]
    counts: Counts


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The features that are kept, ascending, and in how many texts each stands."""

    hashes: Hashes
    texts: Places


def find(known: Hashes, hashes: Hashes) -> tuple[npt.NDArray[np.bool_], Places]:
    """Which are among the known, and where those that are stand."""
    if not len(known):
        return np.zeros(len(hashes), np.bool_), np.empty(0, np.int64)
    at = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
    kept = known[at] == hashes
    return kept, at[kept]


class Spill:
    """The features of all texts, as they were added."""

    def __init__(self, folder: Path, name: str) -> None:
        self.texts = 0
        self._folder = folder
        self._name = name
        self._parts = 0
        self._held: list[Features] = []
        self._many = 0

    def add(self, features: Features) -> None:
        self._held.append(features)
        self._many += len(features.hashes)
        self.texts += 1
        if self._many >= _TOGETHER:
            self._write()

    def parts(self) -> Iterator[Part]:
        """Every part, in the order of texts."""
        if self._held:
            self._write()
        for number in range(self._parts):
            yield Part(*(np.load(self._file(number, kind)) for kind in ("h", "p", "c")))

    def vocabulary(self, *, fewest: int, most: int) -> Vocabulary:
        """The features of at least `fewest` and at most `most` texts."""
        whole = Vocabulary(np.empty(0, np.uint64), np.empty(0, np.int64))
        waiting: list[Vocabulary] = []
        for part in self.parts():
            waiting.append(Vocabulary(*np.unique(part.hashes, return_counts=True)))
            if sum(len(one.hashes) for one in waiting) > len(whole.hashes):  # seldom, when large
                whole, waiting = _merged([whole, *waiting]), []
        whole = _merged([whole, *waiting])
        kept = (whole.texts >= fewest) & (whole.texts <= most)
        return Vocabulary(whole.hashes[kept], whole.texts[kept])

    def _write(self) -> None:
        sizes = [len(features.hashes) for features in self._held]
        first = self.texts - len(self._held)
        places = np.repeat(np.arange(first, self.texts, dtype=np.uint32), sizes)
        np.save(self._file(self._parts, "h"), np.concatenate([f.hashes for f in self._held]))
        np.save(self._file(self._parts, "p"), places)
        np.save(self._file(self._parts, "c"), np.concatenate([f.counts for f in self._held]))
        self._parts += 1
        self._held, self._many = [], 0

    def _file(self, number: int, kind: str) -> Path:
        return self._folder / f"{self._name}-{number}-{kind}.npy"


def _merged(parts: list[Vocabulary]) -> Vocabulary:
    hashes = np.concatenate([part.hashes for part in parts])
    texts = np.concatenate([part.texts for part in parts])
    order = np.argsort(hashes)
    hashes, texts = hashes[order], texts[order]
    firsts = np.flatnonzero(np.concatenate(([True], hashes[1:] != hashes[:-1])))
    return Vocabulary(hashes[firsts], np.add.reduceat(texts, firsts)) if len(texts) else parts[0]


# What a feature weighs in a text: of where it stands in the vocabulary, the text, and its count.
Weigh: TypeAlias = Callable[[Places, npt.NDArray[np.uint32], Counts], Numbers]


def write(
    spill: Spill, vocabulary: Vocabulary, weigh: Weigh, folder: Path, name: str, kind: type
) -> None:
    """Write the postings of the vocabulary's features; weights as `kind` (float16, float32)."""
    starts = np.concatenate(([0], np.cumsum(vocabulary.texts)))
    np.save(folder / f"{name}.hashes.npy", vocabulary.hashes)
    np.save(folder / f"{name}.starts.npy", starts)
    many = int(starts[-1])
    texts = _new(folder / f"{name}.texts.npy", np.uint32, many)
    weights = _new(folder / f"{name}.weights.npy", kind, many)
    free = starts[:-1].copy()
    for part in spill.parts():
        kept, at = find(vocabulary.hashes, part.hashes)
        order = np.argsort(at, kind="stable")
        at, places, counts = at[order], part.places[kept][order], part.counts[kept][order]
        firsts, sizes = _runs(at)
        where = free[at] + np.arange(len(at)) - np.repeat(firsts, sizes)
        texts[where] = places
        weights[where] = weigh(at, places, counts)
        free[at[firsts]] += sizes


def _runs(ordered: Places) -> tuple[Places, Places]:
    """Where each run of equal numbers starts, and how long it is."""
    firsts = np.flatnonzero(np.diff(ordered, prepend=-1))
    return firsts, np.diff(firsts, append=len(ordered))


def _new(path: Path, kind: type, many: int) -> Array:
    if not many:  # nothing can be mapped of an empty file
        np.save(path, np.empty(0, kind))
        return np.empty(0, kind)
    return np.lib.format.open_memmap(path, mode="w+", dtype=kind, shape=(many,))


@dataclass(frozen=True, slots=True)
class Postings:
    """What `write` wrote of `many` texts."""

    hashes: Hashes
    starts: Places
    texts: npt.NDArray[np.uint32]
    weights: Array
    many: int

    def sizes(self, at: Places) -> Places:
        """In how many texts the features at these places stand."""
        sizes: Places = self.starts[at + 1] - self.starts[at]
        return sizes

    def scores(self, at: Places, weights: Numbers, *, budget: int) -> Numbers:
        """Sum up what these features say of each text, the rarest first.

        Past `budget` postings the commonest features are left out: in a large index they cost
        most and say least.
        """
        order = np.argsort(self.sizes(at), kind="stable")
        begins, sizes = self.starts[at[order]], self.sizes(at[order])
        within = int(np.searchsorted(np.cumsum(sizes), budget, "right"))
        if not within:
            return np.zeros(self.many, np.float32)
        begins, sizes = begins[:within], sizes[:within]
        # Copying whole runs costs a fifth of adding them up one by one.
        runs = [
            slice(*run) for run in zip(begins.tolist(), (begins + sizes).tolist(), strict=True)
        ]
        texts = np.concatenate([self.texts[run] for run in runs])
        said = np.concatenate([self.weights[run] for run in runs])
        said = said * np.repeat(weights[order[:within]], sizes)
        return np.bincount(texts, said, minlength=self.many).astype(np.float32)


def opened(arrays: dict[str, Array], name: str, many: int) -> Postings:
    """Take the postings called `name` out of the arrays of an index of `many` texts."""
    hashes, starts, texts, weights = (
        arrays[f"{name}.{kind}"] for kind in ("hashes", "starts", "texts", "weights")
    )
    return Postings(hashes, starts, texts, weights, many)
