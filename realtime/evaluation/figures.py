"""Shares and means with what is not known about them; pure.

Few questions say little: every figure of a report has its interval of 95 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from random import Random
from statistics import fmean, median

_Z = 1.959964
_DRAWS = 2_000
_SEED = 20


@dataclass(frozen=True, slots=True)
class Interval:
    value: float
    low: float
    high: float
    of: int

    def as_json(self) -> dict[str, float | int]:
        return {
            "value": round(self.value, 4),
            "low": round(self.low, 4),
            "high": round(self.high, 4),
            "of": self.of,
        }


def share(passed: int, of: int) -> Interval | None:
    """Wilson's interval, which holds for few and for extreme counts too; None of nothing."""
    if not of:
        return None
    p, n, z = passed / of, of, _Z
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    reach = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return Interval(p, max(0.0, middle - reach), min(1.0, middle + reach), n)


def mean(values: Sequence[float]) -> Interval | None:
    """By drawing again from the values, always the same draws; of one value its interval is it."""
    if not values:
        return None
    chance = Random(_SEED)
    drawn = sorted(fmean(chance.choices(values, k=len(values))) for _ in range(_DRAWS))
    low, high = drawn[int(0.025 * _DRAWS)], drawn[ceil(0.975 * _DRAWS) - 1]
    return Interval(fmean(values), low, high, len(values))


def paired(pairs: Sequence[tuple[float, float]]) -> Interval | None:
    """The mean of what the first has more than the second, on the same questions."""
    return mean([one - other for one, other in pairs])


def middle(values: Sequence[float]) -> float | None:
    return median(values) if values else None


def at_share(values: Sequence[float], part: float) -> float | None:
    """The value that a `part` of all are not above."""
    return sorted(values)[ceil(part * len(values)) - 1] if values else None
