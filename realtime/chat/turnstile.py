"""One thread beside the event loop, for work of many people: so much of each, and in all."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Turnstile:
    """`of_one` and `in_all` bound the sizes of what waits or is being done; in order, at most so
    much of others is before anybody's.
    """

    thread: ThreadPoolExecutor
    of_one: int
    in_all: int
    _inside: Counter[int] = field(default_factory=Counter)  # sizes, by person

    async def run(self, work: Callable[[], T], *, person: int, size: int) -> T | None:
        """What `work` gives; None, and at once, where there is no room for it."""
        if self._inside[person] + size > self.of_one or self._inside.total() + size > self.in_all:
            return None
        self._inside[person] += size
        try:
            return await asyncio.get_running_loop().run_in_executor(self.thread, work)
        finally:
            self._inside[person] -= size
            self._inside += Counter()  # forgets who has nothing here
