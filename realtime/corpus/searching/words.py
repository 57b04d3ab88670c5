"""What is compared of a text: its words, their neighbours, and its letters by threes to fives.

Features are 64-bit hashes: no vocabulary is kept or shipped, and a query finds its own by
bisection in a sorted, memory-mapped array. (At 10 million features, chance makes two of them
equal once in 370,000 indexes.)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import Stemmer

Hashes: TypeAlias = npt.NDArray[np.uint64]
Counts: TypeAlias = npt.NDArray[np.uint32]

_WORD = re.compile(r"\w\w+")
# Words that stand in any text; of two that stand side by side they still make a pair.
_COMMON = (
    "a about above after again against ain all am an and any are aren as at be because been "
    "before being below between both but by can could couldn did didn do does doesn doing don "
    "down during each few for from further had hadn has hasn have haven having he her here hers "
    "herself him himself his how i if in into is isn it its itself just ll me more most my myself "
    "no nor not now of off on once only or other our ours out over own re same shan she should "
    "shouldn so some such than that the their theirs them then there these they this those "
    "through to too under until up ve very was wasn we were weren what when where which while who "
    "whom why will with won would wouldn you your yours"
)
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_ONE = np.uint64(1)
_BLANK = 32
_GRAMS = (3, 4, 5)


@dataclass(frozen=True, slots=True)
class Features:
    """Distinct hashes in ascending order, and how often each occurs."""

    hashes: Hashes
    counts: Counts


@dataclass(frozen=True, slots=True)
class Words:
    """`single`: the distinct words that say something; `all`: these, and pairs of neighbours."""

    single: Hashes
    all: Features


def words(text: str) -> Words:
    """Stem the words; pair each with its neighbour, and with the next that says something."""
    found = [_known(word) for word in _WORD.findall(_plain(text))]
    hashes = np.fromiter((one[0] for one in found), np.uint64, len(found))
    telling = hashes[np.fromiter((one[1] for one in found), np.bool_, len(found))]
    every = np.concatenate((telling, _pairs(hashes), _pairs(telling)))
    return Words(np.unique(telling), _counted(every))


def grams(text: str) -> Features:
    """Every 3, 4 and 5 letters that stand together within a word and the blanks around it.

    The same grams as scikit-learn's `char_wb` makes.
    """
    padded = f" {' '.join(_plain(text).split())} "
    letters = np.frombuffer(padded.encode("utf-32-le"), np.uint32)
    blanks = np.concatenate(([0], np.cumsum(letters == _BLANK)))
    found = [_windows(letters.astype(np.uint64), blanks, size) for size in _GRAMS]
    return _counted(np.concatenate(found))


def _plain(text: str) -> str:
    """Without capitals, and without the halves of letters that no encoding takes."""
    return text.lower().encode("utf-8", "replace").decode()


def _windows(letters: Hashes, blanks: npt.NDArray[np.int64], size: int) -> Hashes:
    """Hash the runs of `size` letters with no blank but at their ends."""
    many = len(letters) - size + 1
    if many <= 0 or len(letters) <= 2:  # only the two blanks around no word
        return np.empty(0, np.uint64)
    hashes = np.zeros(many, np.uint64)
    for at in range(size):
        hashes = hashes * _FACTOR + (letters[at : at + many] + _ONE)  # a zero would not count
    within = blanks[size - 1 : size - 1 + many] == blanks[1 : 1 + many]
    return hashes[within]


@lru_cache(maxsize=65_536)  # most words of a text were in the one before: four times as fast
def _known(word: str) -> tuple[int, bool]:
    """Hash the stem of a word; tell whether it says something."""
    stem = _stem(word)
    digest = blake2b(stem.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little"), stem not in _common


def _stem(word: str) -> str:
    # A stemmer is not safe to share between threads; one of our own costs a microsecond.
    stem: str = Stemmer.Stemmer("english", 0).stemWord(word)
    return stem


def _pairs(hashes: Hashes) -> Hashes:
    return (hashes[:-1] * _FACTOR) ^ (hashes[1:] + _FACTOR)


def _counted(hashes: Hashes) -> Features:
    distinct, counts = np.unique(hashes, return_counts=True)
    return Features(distinct, counts.astype(np.uint32))


_common = frozenset(map(_stem, _COMMON.split()))
