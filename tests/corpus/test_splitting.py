"""Which side of a split a question is on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.corpus.splitting import split

KEYS = [f"{n:064x}" for n in range(10_000)]
HELD = [5, 22, 28]


def held_out(**options: float | int) -> set[str]:
    return {key for key in KEYS if split(key, seed=20, **options) == "validation"}


def test_about_the_share_that_was_asked_for_is_held_out() -> None:
    assert 900 < len(held_out()) < 1_100
    assert held_out(validation=0) == set()
    assert held_out(validation=1) == set(KEYS)


def test_a_greater_share_holds_out_the_smaller_one_as_well() -> None:
    assert held_out(validation=0.1) < held_out(validation=0.2)


def test_another_seed_draws_others() -> None:
    other = {key for key in KEYS if split(key, seed=21) == "validation"}
    assert len(other & held_out()) < 200


def test_it_is_the_same_in_every_process_and_release() -> None:
    """Held-out questions that moved would have been trained on."""
    assert [n for n, key in enumerate(KEYS[:40]) if split(key, seed=20) == "validation"] == HELD


@given(st.text(max_size=64), st.integers(), st.floats(0, 1))
def test_every_question_has_a_side(key: str, seed: int, share: float) -> None:
    assert split(key, seed=seed, validation=share) in ("train", "validation")


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        split("a", seed=20, validation=share)
