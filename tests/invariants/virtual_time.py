"""An event loop whose clock jumps to the next timer: minutes of a schedule take milliseconds.

Nothing outside of the loop may be waited for, so a schedule depends on its random numbers alone.
"""

from __future__ import annotations

import asyncio
import random
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Stuck(AssertionError):
    """Everybody waits for somebody else."""


class _Selector(selectors.SelectSelector):
    """Knows of the loop's own pipe only, on which nothing ever comes."""

    def __init__(self, jump: Callable[[float], None]) -> None:
        super().__init__()
        self._jump = jump

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise Stuck
        self._jump(max(timeout, 0.0))
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._now = 0.0
        super().__init__(_Selector(self._jump))

    def time(self) -> float:
        return self._now

    def _jump(self, seconds: float) -> None:
        self._now += seconds


def run_virtually(main: Callable[[random.Random], Coroutine[Any, Any, T]], *, seed: int) -> T:
    """Run `main` to its end, with every random number of the schedule from this seed."""
    kept = random.getstate()
    random.seed(seed)  # the code under test asks the module's own generator
    try:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            return runner.run(main(random.Random(seed)))
    finally:
        random.setstate(kept)
