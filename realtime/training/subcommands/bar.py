from __future__ import annotations

import sys


class Bar:
    """A progress bar on a terminal; elsewhere nothing is written. `unit`: of what is counted."""

    def __init__(self, unit: str = " rows") -> None:
        self._unit = unit

    def __enter__(self) -> Bar:
        from tqdm import tqdm

        self._bar = tqdm(unit=self._unit, file=sys.stderr, disable=None, leave=False)
        return self

    def moved(self, done: int, of: int) -> None:
        self._bar.total = of
        self._bar.update(done - self._bar.n)

    def __exit__(self, *_: object) -> None:
        self._bar.close()
