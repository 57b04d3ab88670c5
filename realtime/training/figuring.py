"""What the losses of a job say: pure.

Validation means questions the model was not trained on. Where a server gives the loss on the
whole of them (`full_valid_loss`), the noisier one on a batch is not looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Literal

from realtime.provider.tuning_facts import FIGURES, Metrics

Validation = Literal["full_valid_loss", "valid_loss"]
MEMORY_ONLY = "This figure measures memory only"
WHY_MEMORY = (
    f"{MEMORY_ONLY}: no question was held out, so it does not say how the model answers others."
)
# Steps whose training losses are taken together: one step's is one batch's luck; and at most this
# share of all steps, for some servers tell one an epoch.
_FEW, _SHARE = 10, 30


@dataclass(frozen=True, slots=True)
class Losses:
    """`steps` in order; `best` is the step of least validation loss; None where none was told."""

    steps: tuple[Metrics, ...]
    validation: Validation | None
    best: Metrics | None
    last: Metrics | None  # the last with any loss of training
    epochs: int | None
    last_step: int

    def validation_of(self, metrics: Metrics) -> float | None:
        return None if self.validation is None else getattr(metrics, self.validation)

    def epoch_of(self, step: int) -> int | None:
        """Counted from 1; None where nobody said how many epochs there are."""
        if not self.epochs or not self.last_step:
            return None
        return max(1, ceil(step * self.epochs / self.last_step))

    def training_at(self, step: int) -> tuple[float, int] | None:
        """The mean training loss of the few steps up to this one, and of how many it is."""
        told = [(m.step, m.train_loss) for m in self.steps if m.train_loss is not None]
        few = [loss for at, loss in told if at <= step]
        few = few[-max(1, min(_FEW, len(told) // _SHARE)) :]
        return (sum(few) / len(few), len(few)) if few else None

    def place(self, metrics: Metrics) -> str:
        epoch = self.epoch_of(metrics.step)
        return f"epoch {epoch}, step {metrics.step}" if epoch else f"step {metrics.step}"


def losses(steps: Sequence[Metrics], *, epochs: int | None, over: bool = True) -> Losses:
    """`over` False: the last step told is not the last there will be, so epochs stay unknown."""
    ordered = tuple(sorted(steps, key=lambda one: one.step))
    validation = _validation(ordered)
    held = [m for m in ordered if validation and getattr(m, validation) is not None]
    trained = [m for m in ordered if m.train_loss is not None]
    return Losses(
        steps=ordered,
        validation=validation,
        best=min(held, key=lambda m: getattr(m, str(validation))) if held else None,
        last=trained[-1] if trained else None,
        epochs=epochs if over else None,
        last_step=ordered[-1].step if ordered else 0,
    )


def together(points: Sequence[Metrics]) -> list[Metrics]:
    """One for each step; of a figure told twice, the later one counts."""
    found: dict[int, Metrics] = {}
    for point in points:
        told = {n: v for n in FIGURES if (v := getattr(point, n)) is not None}
        found[point.step] = replace(found.get(point.step, Metrics(point.step)), **told)
    return [found[step] for step in sorted(found)]


def in_words(found: Losses) -> list[str]:
    """What a person should know of them, in whole sentences."""
    if found.last is None and found.best is None:
        return ["The server has told no loss yet."]
    if found.best is None:
        assert found.last is not None
        return [f"Training loss {_training(found, found.last)} at the end. {WHY_MEMORY}"]
    sentences = [_least(found, found.best)]
    held = [m for m in found.steps if found.validation_of(m) is not None]
    if held[-1].step > found.best.step:
        sentences.append(_since(found, held[-1]))
    return sentences


def _least(found: Losses, best: Metrics) -> str:
    said = f"Validation loss was least at {found.place(best)}: {_validated(found, best)}"
    if found.training_at(best.step) is None:
        return f"{said}."
    return f"{said}, against {_training(found, best)} in training: {_gap(found, best)}."


def _since(found: Losses, last: Metrics) -> str:
    said = f"{_validated(found, last)} at {found.place(last)}"
    if found.training_at(last.step) is None:
        return f"Since then others are answered worse: {said}."
    return (
        "Since then the model learnt its rows by heart and answers others worse: "
        f"{said}, against {_training(found, last)} in training, {_gap(found, last)}."
    )


def _validated(found: Losses, metrics: Metrics) -> str:
    return f"{found.validation_of(metrics):.3f}"


def _training(found: Losses, metrics: Metrics) -> str:
    mean, count = found.training_at(metrics.step) or (0.0, 1)
    return f"{mean:.3f}" + (f" (mean of {count} steps)" if count > 1 else "")


def _gap(found: Losses, metrics: Metrics) -> str:
    mean, _ = found.training_at(metrics.step) or (0.0, 1)
    gap = (found.validation_of(metrics) or 0.0) - mean
    if gap < 0.05:
        return "no gap to speak of"
    size = "a small gap" if gap < 0.3 else "a gap" if gap < 0.8 else "a wide gap"
    return f"{size} of {gap:.2f}"


def _validation(steps: Sequence[Metrics]) -> Validation | None:
    names: tuple[Validation, ...] = ("full_valid_loss", "valid_loss")
    return next((n for n in names if any(getattr(m, n) is not None for m in steps)), None)
