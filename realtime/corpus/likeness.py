"""Finds texts that are nearly the same among very many, by MinHash; numpy, and no database.

Half a kilobyte a text, and no comparison of all with all: what shares a band of the signature
with the first of its kind is compared with that one alone.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

Signature = NDArray[np.uint32]

# Of the runs of three words in two texts, the share that both have: about a cosine of 0.9.
ALIKE = 0.7
_ROWS = 8  # of a band: 16 bands find 95 of 100 pairs that share four fifths
_BANDS = 16
_SIZE = _ROWS * _BANDS
_WORDS = re.compile(r"\w+")
_DRAWN = np.random.default_rng(20)
_FACTORS = _DRAWN.integers(1, 2**63, _SIZE, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_TERMS = _DRAWN.integers(0, 2**63, _SIZE, dtype=np.uint64)
_PLACES = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)


def signature(text: str) -> Signature:
    """128 figures; the share of places where two agree is how alike their texts are."""
    words = [zlib.crc32(word.encode()) for word in _WORDS.findall(text.casefold())]
    padded = np.array([*words, *[0] * max(0, 3 - len(words))], dtype=np.uint64)
    runs = sum(padded[at : len(padded) - 2 + at] * _PLACES[at] for at in range(3))
    runs = np.unique(np.asarray(runs, dtype=np.uint64) >> np.uint64(20))
    hashed = (runs[:, None] * _FACTORS + _TERMS) >> np.uint64(32)
    least: Signature = hashed.min(axis=0).astype(np.uint32)
    return least


def groups(texts: Iterable[tuple[int, str]]) -> list[list[int]]:
    """Ids of texts that are nearly the same, groups of two or more, smallest id first."""
    ids, table = list[int](), list[bytes]()
    for number, text in texts:
        ids.append(number)
        table.append(signature(text).tobytes())
    if not ids:
        return []
    signatures = np.frombuffer(b"".join(table), dtype=np.uint32).reshape(len(ids), _SIZE)
    leader = list(range(len(ids)))
    for first, other in _alike(signatures):
        a, b = _leader(leader, first), _leader(leader, other)
        leader[max(a, b)] = min(a, b)
    found: dict[int, list[int]] = {}
    for place, number in enumerate(ids):
        found.setdefault(_leader(leader, place), []).append(number)
    return [sorted(group) for group in found.values() if len(group) > 1]


def _alike(signatures: NDArray[np.uint32]) -> Iterator[tuple[int, int]]:
    """Pairs of places, of which the first has a band in common with the second."""
    for band in range(_BANDS):
        part = np.ascontiguousarray(signatures[:, band * _ROWS : (band + 1) * _ROWS])
        keys = part.view([("", np.uint32)] * _ROWS).ravel()
        _, first, place = np.unique(keys, return_index=True, return_inverse=True)
        leaders = first[place.ravel()]
        others = np.flatnonzero(leaders != np.arange(len(keys)))
        for at in range(0, len(others), 4096):
            some = others[at : at + 4096]
            same = (signatures[some] == signatures[leaders[some]]).mean(axis=1) >= ALIKE
            yield from zip(leaders[some][same].tolist(), some[same].tolist(), strict=True)


def _leader(leader: list[int], place: int) -> int:
    while leader[place] != place:
        leader[place] = leader[leader[place]]
        place = leader[place]
    return place
