"""How figures are made and printed."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed; nan without any."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def show(what: str, **figures: str | float | int) -> None:
    told = "  ".join(f"{name.replace('_', ' ')} {_plain(f)}" for name, f in figures.items())
    sys.stdout.write(f"{what:<34} {told}\n")
    sys.stdout.flush()


def _plain(figure: str | float | int) -> str:
    return f"{figure:.1f}" if isinstance(figure, float) else str(figure)
