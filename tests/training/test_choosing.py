"""Which pairs train and which validate; nothing here needs a database."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.corpus.splitting import split
from realtime.training.choosing import Choice, answers_a_question, choose, repeated
from tests.training.rows import pair

PAIRS = [pair(n, question=n // 2) for n in range(400)]
ALL = Choice(sample=None)


def test_the_same_seed_takes_the_same_rows_in_whatever_order_they_come() -> None:
    one, other = choose(PAIRS, Choice()), choose(PAIRS[::-1], Choice())
    assert one.train == other.train
    assert one.validation == other.validation
    assert choose(PAIRS, Choice(seed=21)).train != one.train


def test_the_sample_trains_and_a_ninth_of_it_more_validates() -> None:
    chosen = choose(PAIRS, Choice(sample=90))
    assert (len(chosen.train), len(chosen.validation)) == (90, 10)
    whole = choose(PAIRS, ALL)
    assert len(whole.train) + len(whole.validation) == 400


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**40),
    st.floats(0, 0.5),
    st.lists(st.integers(0, 30), max_size=80),
)
def test_no_question_is_on_both_sides(seed: int, share: float, questions: list[int]) -> None:
    pairs = [pair(n, question=question) for n, question in enumerate(questions)]
    chosen = choose(pairs, Choice(sample=None, seed=seed, validation=share))
    assert not repeated(chosen.train, chosen.validation)


def test_what_is_held_out_stays_so_whatever_is_drawn() -> None:
    """Evaluation asks these questions of every model: no sample may hold one."""
    held = {p.question_key for p in choose(PAIRS, ALL).validation}
    for seed in range(5):
        drawn = choose(PAIRS, Choice(seed=seed)).train
        assert not held & {p.question_key for p in drawn}


def test_a_row_more_leaves_the_others_where_they_are() -> None:
    before = choose(PAIRS[1:], ALL)
    after = choose(PAIRS, ALL)
    assert set(before.train) <= set(after.train)
    assert set(before.validation) <= set(after.validation)


def test_a_question_gives_at_most_three_answers() -> None:
    crowd = [pair(n, question=7) for n in range(47)]
    chosen = choose([*crowd, pair(99)], ALL)
    taken = [*chosen.train, *chosen.validation]
    assert answers_a_question(taken) == {"1": 1, "3": 1}
    assert ("at most 3 answers a question", 48, 4) in chosen.steps


def test_of_a_conversation_its_last_turn_is_taken_which_holds_the_others() -> None:
    said = ({"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi."})
    turns = [pair(1, row=5, turn=0), pair(2, row=5, turn=1, history=said), pair(3, row=6)]
    for given_ in (turns, turns[::-1]):
        chosen = choose(given_, ALL)
        assert {p.id for p in [*chosen.train, *chosen.validation]} == {2, 3}


def test_the_same_words_are_taken_once_and_empty_ones_never() -> None:
    twice = [pair(1), replace(pair(1), id=2, row=2, source=9)]
    chosen = choose([*twice, pair(3, answer=" \n"), pair(4, asked="")], ALL)
    assert [p.id for p in [*chosen.train, *chosen.validation]] == [1]


def test_flagged_and_reviewed_rows_stay_out_where_that_is_asked() -> None:
    rows = [pair(1, flagged=0.5), pair(2, flagged=0.49), pair(3, reviewed=True), pair(4)]
    assert len(choose(rows, ALL).train + choose(rows, ALL).validation) == 4
    strict = replace(ALL, with_reviewed=False, without_flagged=True)
    chosen = choose(rows, strict)
    assert {p.id for p in [*chosen.train, *chosen.validation]} == {2, 4}
    assert ("not from reviews here", 4, 3) in chosen.steps
    assert ("not flagged by moderation", 3, 2) in chosen.steps


@pytest.mark.parametrize("share", [0, 0.05, 0.1, 0.3])
def test_what_models_are_compared_with_is_never_trained_on(share: float) -> None:
    chosen = choose(PAIRS, Choice(sample=None, validation=share))
    compared = {p.question_key for p in PAIRS if split(p.question_key) == "validation"}
    assert compared.isdisjoint(p.question_key for p in chosen.train)
    assert bool(chosen.validation) == bool(share)
    left_out = len(PAIRS) - len(chosen.train) - len(chosen.validation)
    assert bool(left_out) == (share < 0.1)
    assert ("not held out for evaluation", len(PAIRS), len(PAIRS) - left_out) in chosen.steps


@pytest.mark.parametrize(
    "odd", [{"sample": 0}, {"validation": 0.6}, {"validation": -0.1}, {"cap": 0}]
)
def test_odd_choices_are_refused(odd: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"sample|validation|cap"):
        Choice(**odd)  # type: ignore[arg-type]
