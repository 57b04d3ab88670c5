"""Losses drawn: the geometry of an SVG picture, and the table that says the same. Pure.

Every number of the picture is text already: no template may write it in a language's own way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from realtime.provider.tuning_facts import Metrics
from realtime.training.figuring import Losses

WIDTH, HEIGHT = 640, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 14, 14, 40
_ROWS = 120  # of picture and table alike


@dataclass(frozen=True, slots=True)
class Tick:
    at: str
    label: str


@dataclass(frozen=True, slots=True)
class Curve:
    """`line` are the points of a polyline; `dots` are few enough to be marked one by one."""

    kind: str  # "training" or "validation": its class and its name
    line: str
    dots: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; texts, empty where nothing was told."""

    step: int
    epoch: str
    training: str
    validation: str
    best: bool


@dataclass(frozen=True, slots=True)
class Picture:
    width: int
    height: int
    left: str
    right: str
    bottom: str
    curves: tuple[Curve, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    best: tuple[str, str] | None
    across_name: str
    rows: tuple[Row, ...]
    every: int  # steps from one shown to the next; those with a validation loss are all shown


def picture(found: Losses) -> Picture | None:
    """None where no loss was told."""
    shown, every = _thinned(found)
    values = [v for m in shown for v in (m.train_loss, found.validation_of(m)) if v is not None]
    if not values:
        return None
    scale = _Scale(last=max(found.last_step, 1), highest=_ceiling(max(values)))
    best = found.best
    place = None if best is None else scale.at(best.step, found.validation_of(best) or 0.0)
    return Picture(
        width=WIDTH,
        height=HEIGHT,
        left=_text(_LEFT),
        right=_text(WIDTH - _RIGHT),
        bottom=_text(HEIGHT - _BOTTOM),
        curves=_curves(found, shown, scale),
        across=_across(found, scale),
        up=tuple(Tick(scale.y(v), f"{v:g}") for v in _levels(scale.highest)),
        best=place,
        across_name="epoch" if found.epochs else "step",
        rows=tuple(_row(found, metrics) for metrics in shown),
        every=every,
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    last: int
    highest: float

    def x(self, step: float) -> str:
        return _text(_LEFT + (WIDTH - _LEFT - _RIGHT) * step / self.last)

    def y(self, loss: float) -> str:
        high = HEIGHT - _TOP - _BOTTOM
        return _text(_TOP + high * (1 - max(0.0, loss) / self.highest))

    def at(self, step: int, loss: float) -> tuple[str, str]:
        return self.x(step), self.y(loss)


def _curves(found: Losses, shown: Sequence[Metrics], scale: _Scale) -> tuple[Curve, ...]:
    trained = [scale.at(m.step, m.train_loss) for m in shown if m.train_loss is not None]
    held = [scale.at(m.step, loss) for m in shown if (loss := found.validation_of(m)) is not None]
    curves = [_curve("training", trained), _curve("validation", held)]
    return tuple(curve for curve in curves if curve.line)


def _curve(kind: str, points: list[tuple[str, str]]) -> Curve:
    dots = tuple(points) if kind == "validation" or len(points) < 12 else ()
    return Curve(kind, " ".join(f"{x},{y}" for x, y in points), dots)


def _across(found: Losses, scale: _Scale) -> tuple[Tick, ...]:
    """Ends of epochs where they are known and few, else even steps."""
    if found.epochs and found.epochs <= 12:
        ends = range(1, found.epochs + 1)
        return tuple(Tick(scale.x(scale.last * e / found.epochs), str(e)) for e in ends)
    return tuple(Tick(scale.x(v), f"{v:g}") for v in _levels(float(scale.last)) if v)


def _levels(highest: float) -> list[float]:
    """About five round numbers from 0 up to `highest`."""
    size = _round_step(highest / 4)
    return [round(size * n, 10) for n in range(floor(highest / size + 1e-9) + 1)]


def _ceiling(value: float) -> float:
    """A little above, at a round number."""
    value = value if value > 0 else 1.0
    size = _round_step(value / 4)
    return ceil(value / size) * size


def _round_step(value: float) -> float:
    power = 10.0 ** floor(log10(value))
    return float(next(n for n in (1, 2, 2.5, 5, 10) if n * power >= value * 0.999) * power)


def _thinned(found: Losses) -> tuple[list[Metrics], int]:
    """So few steps that people can read them; the best, the last and the validated stay."""
    steps = [m for m in found.steps if m.train_loss is not None or _held(found, m)]
    every = max(1, ceil(len(steps) / _ROWS))
    held = [m for m in steps if _held(found, m)]
    few = held[:: ceil(len(held) / _ROWS) or 1]
    marked = [*steps[-1:], *([found.best] if found.best else [])]
    keep = {m.step for m in [*steps[every - 1 :: every], *few, *marked]}
    return [m for m in steps if m.step in keep], every


def _held(found: Losses, metrics: Metrics) -> bool:
    return found.validation_of(metrics) is not None


def _row(found: Losses, metrics: Metrics) -> Row:
    epoch = found.epoch_of(metrics.step)
    return Row(
        step=metrics.step,
        epoch=str(epoch) if epoch else "",
        training=_loss(metrics.train_loss),
        validation=_loss(found.validation_of(metrics)),
        best=found.best is not None and metrics.step == found.best.step,
    )


def _loss(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _text(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
