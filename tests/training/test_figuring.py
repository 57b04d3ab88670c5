"""What losses say, in words and drawn."""

from __future__ import annotations

import pytest

from realtime.provider.tuning_facts import Metrics
from realtime.training.curves import picture
from realtime.training.figuring import Losses, in_words, losses, together


def told(
    *steps: tuple[int, float | None, float | None], epochs: int | None = None, batch: bool = False
) -> Losses:
    """Steps with their training and validation losses."""
    name = "valid_loss" if batch else "full_valid_loss"
    metrics = [Metrics(at, train_loss=loss, **{name: held}) for at, loss, held in steps]
    return losses(metrics, epochs=epochs)


def test_the_best_is_where_validation_was_least_not_where_training_was() -> None:
    found = told((10, 1.0, 1.5), (20, 0.6, 1.2), (30, 0.3, 1.9), epochs=3)

    assert found.best is not None
    assert found.best.step == 20
    least, since = in_words(found)
    assert least == (
        "Validation loss was least at epoch 2, step 20: 1.200, against 0.600 in training: "
        "a gap of 0.60."
    )
    assert "by heart" in since
    assert "1.900 at epoch 3, step 30, against 0.300 in training, a wide gap of 1.60." in since


@pytest.mark.parametrize(
    ("held", "words"),
    [(0.5, "no gap to speak of"), (0.7, "a small gap of 0.20"), (1.1, "a gap of 0.60")],
)
def test_the_gap_is_told_in_words(held: float, words: str) -> None:
    [least] = in_words(told((1, 0.5, held)))

    assert words in least


def test_the_loss_on_all_held_out_rows_counts_before_that_on_a_few() -> None:
    whole = Metrics(2, train_loss=0.5, valid_loss=0.1, full_valid_loss=1.4)
    found = losses([Metrics(1, train_loss=0.6, valid_loss=0.2), whole], epochs=None)

    assert (found.validation, found.best) == ("full_valid_loss", whole)


def test_without_validation_memory_alone_is_measured() -> None:
    [said] = in_words(told((1, 0.9, None), (2, 0.43, None)))

    assert said.startswith("Training loss 0.430 at the end. This figure measures memory only")


def test_without_any_loss_nothing_is_said_of_it() -> None:
    assert in_words(losses([Metrics(1, train_accuracy=0.5)], epochs=3)) == [
        "The server has told no loss yet."
    ]
    assert picture(losses([], epochs=3)) is None


def test_validation_alone_is_told_too() -> None:
    assert in_words(told((1, None, 1.2), (2, None, 1.4))) == [
        "Validation loss was least at step 1: 1.200.",
        "Since then others are answered worse: 1.400 at step 2.",
    ]


def test_many_steps_are_taken_together() -> None:
    steps = [(at, 1.0 if at % 2 else 0.0, 0.5 if at == 300 else None) for at in range(1, 301)]

    assert "against 0.500 (mean of 10 steps) in training" in in_words(told(*steps))[0]


@pytest.mark.parametrize(("step", "epoch"), [(1, 1), (10, 1), (11, 2), (30, 3)])
def test_a_step_belongs_to_an_epoch(step: int, epoch: int) -> None:
    assert told((30, 0.5, None), epochs=3).epoch_of(step) == epoch


def test_of_a_job_that_runs_no_epoch_is_known() -> None:
    assert losses([Metrics(5, train_loss=1.0)], epochs=3, over=False).epoch_of(5) is None


def test_figures_of_a_step_from_several_places_come_together() -> None:
    parts = [Metrics(2, train_loss=0.5), Metrics(1, valid_loss=1.0), Metrics(2, valid_loss=0.9)]

    assert together([*parts, Metrics(2, train_loss=0.4)]) == [
        Metrics(1, valid_loss=1.0),
        Metrics(2, train_loss=0.4, valid_loss=0.9),
    ]


def test_the_picture_and_the_table_say_the_same() -> None:
    drawn = picture(told((10, 1.0, 1.5), (20, 0.5, 1.2), epochs=2))

    assert drawn is not None
    assert [
        (row.step, row.epoch, row.training, row.validation, row.best) for row in drawn.rows
    ] == [
        (10, "1", "1.000", "1.500", False),
        (20, "2", "0.500", "1.200", True),
    ]
    training, validation = drawn.curves
    assert training.line == "336,96 626,178"
    assert drawn.best == validation.dots[1]
    assert [tick.label for tick in drawn.across] == ["1", "2"]
    assert [tick.label for tick in drawn.up] == ["0", "0.5", "1", "1.5"]


def test_higher_losses_are_drawn_higher_and_later_steps_further_right() -> None:
    drawn = picture(told((1, 3.0, None), (2, 2.0, None), (3, 0.0, None)))

    assert drawn is not None
    places = [tuple(map(float, at.split(","))) for at in drawn.curves[0].line.split()]
    assert places == sorted(places)
    assert places[-1][1] == float(drawn.bottom)


def test_of_thousands_of_steps_a_few_are_drawn_with_all_that_matter() -> None:
    steps = [(at, 1 / at, 0.2 if at in (777, 1500) else None) for at in range(1, 5001)]

    drawn = picture(told(*steps))

    assert drawn is not None
    shown = [row.step for row in drawn.rows]
    assert len(shown) <= 125
    assert {777, 1500, 5000} <= set(shown)
    assert drawn.every == 42
    assert drawn.across_name == "step"


def test_losses_of_nothing_are_drawn_all_the_same() -> None:
    drawn = picture(told((0, 0.0, 0.0)))

    assert drawn is not None
    assert drawn.best is not None
