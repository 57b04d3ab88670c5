"""The search of exchanges: how long a question takes, and what its files and their making cost.

Rows are made up: words by Zipf's law of syllables, as long as counsellors' are. A child builds, so
that its memory is its own.
"""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

from benchmarks.figures import quantile, show
from realtime.corpus.searching import files
from realtime.corpus.searching.building import Row, build
from realtime.corpus.searching.index import Index
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer

SIZES = (3_512, int(os.environ.get("BENCH_ROWS", "100000")))
_QUESTIONS = 300
_WORDS = 20_000
_SYLLABLES = [c + v for c in "bdfghklmnprstvwz" for v in ("a", "e", "i", "o", "u", "ea", "ou")]


async def measure(_: AppServer, __: ThreadedOpenAIServer) -> None:
    with tempfile.TemporaryDirectory(prefix="kindline-bench-") as work:
        for size in SIZES:
            _measure(size, Path(work) / str(size))


def _measure(size: int, folder: Path) -> None:
    began = time.perf_counter()
    child = [sys.executable, "-m", "benchmarks.searching", str(size), str(folder)]
    told = subprocess.run(child, check=True, capture_output=True, text=True).stdout.split()
    took = time.perf_counter() - began - float(told[0])
    index = Index(folder)
    asked = _questions()
    times = [_time_of(index, text) for text in asked]
    began = time.process_time()
    for text in asked:
        index.search(text, limit=6)
    processor = (time.process_time() - began) / len(asked)
    show(
        f"search of {size:,} rows",
        p50_ms=1_000 * quantile(times, 0.5),
        p95_ms=1_000 * quantile(times, 0.95),
        most_ms=1_000 * max(times),
        processor_ms=1_000 * processor,
        build_s=took,
        builder_MB=float(told[1]),
        files_MB=files.size_of(folder) / 1e6,
    )


def _time_of(index: Index, text: str) -> float:
    began = time.perf_counter()
    index.search(text, limit=6)
    return time.perf_counter() - began


def _questions() -> list[str]:
    chance = random.Random(2)
    words = _Words(chance)
    return [words.text(100) for _ in range(_QUESTIONS)]


def rows(many: int) -> Iterator[Row]:
    chance = random.Random(1)
    words = _Words(chance)
    for number in range(many):
        key = f"{chance.getrandbits(64):016x}"
        yield Row(number, words.text(10), words.text(85), words.text(150), key)


class _Words:
    """The same words whatever the chance; of them, the first are said most."""

    def __init__(self, chance: random.Random) -> None:
        made = random.Random(0)
        self._all = [
            "".join(made.choices(_SYLLABLES, k=made.randint(1, 4))) for _ in range(_WORDS)
        ]
        self._shares = list(accumulate(1 / (rank + 3) for rank in range(_WORDS)))
        self._chance = chance

    def text(self, about: int) -> str:
        many = max(1, int(self._chance.lognormvariate(0, 0.6) * about))
        return " ".join(self._chance.choices(self._all, cum_weights=self._shares, k=many))


def _build(many: int, folder: Path) -> None:
    began = time.perf_counter()
    for _ in rows(many):
        pass
    making = time.perf_counter() - began
    build(rows(many), folder)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000
    # The rows were made twice: the time of one making is the index's no more than the other's.
    sys.stdout.write(f"{2 * making:.3f} {most:.0f}\n")


if __name__ == "__main__":
    _build(int(sys.argv[1]), Path(sys.argv[2]))
