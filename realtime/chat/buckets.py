"""Counting in this process, for while Redis is away. Pure: whoever asks says what time it is."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

KEYS = 10_000  # as many people and addresses are remembered; beyond, the longest quiet are not
RUNS = 64  # so many of a person's last runs are known again


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a minute, `burst` of them at once."""

    per_minute: float
    burst: int

    @property
    def interval_s(self) -> float:
        return 60 / self.per_minute

    @property
    def tolerance_s(self) -> float:
        """How far ahead of the steady pace somebody may be."""
        return self.interval_s * (self.burst - 1)

    def shared(self, fraction: float) -> Rate:
        return replace(self, per_minute=self.per_minute * fraction)


@dataclass(slots=True)
class Buckets:
    """GCRA: for each key the time at which all that was taken would be due at the steady pace."""

    _due_at: OrderedDict[str, float] = field(default_factory=OrderedDict)
    _runs: OrderedDict[str, OrderedDict[str, None]] = field(default_factory=OrderedDict)

    def wait_s(self, charged: Sequence[tuple[str, Rate]], *, now: float) -> float:
        """Take one from each bucket, or none from any and say how long to wait."""
        due = [max(self._due_at.get(key, now), now) for key, _ in charged]
        wait = max(at - rate.tolerance_s - now for at, (_, rate) in zip(due, charged, strict=True))
        if wait > 0:
            return wait
        for at, (key, rate) in zip(due, charged, strict=True):
            self._due_at[key] = at + rate.interval_s
            self._due_at.move_to_end(key)
        _trim(self._due_at, KEYS)
        return 0.0

    def knows(self, person: str, run: str) -> bool:
        return run in self._runs.get(person, ())

    def remember(self, person: str, run: str) -> None:
        runs = self._runs.setdefault(person, OrderedDict())
        runs[run] = None
        self._runs.move_to_end(person)
        _trim(runs, RUNS)
        _trim(self._runs, KEYS)


def _trim(kept: OrderedDict[str, Any], most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)
