"""Cleans and screens exchanges side by side, as many as there are processors, in their order.

The screen is what takes the time of an import: some milliseconds for a page of text.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice

from realtime.corpus.loading.reading import Numbered
from realtime.corpus.preparing import Row, prepare

_CHUNK = 100
_FEW = 1_000  # rows that are done before other processes have begun


def prepared(exchanges: Iterable[Numbered], *, rows: int) -> Iterator[Row]:
    """Rows in the order of their exchanges; never more than some chunks of them in memory."""
    chunks = _chunked(exchanges)
    workers = min(4, os.cpu_count() or 1)
    if rows < _FEW or workers == 1:
        for chunk in chunks:
            yield from prepare(chunk)
        return
    # Spawned: a fork would share this process's connection to the database.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        waiting: deque[Future[list[Row]]] = deque()
        for chunk in chunks:
            waiting.append(pool.submit(prepare, chunk))
            if len(waiting) > 2 * workers:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _chunked(exchanges: Iterable[Numbered]) -> Iterator[list[Numbered]]:
    every = iter(exchanges)
    while chunk := list(islice(every, _CHUNK)):
        yield chunk
