"""What tells of suicide or harm is a risk row; everyday concerns are not."""

from __future__ import annotations

import pytest

from realtime.corpus.screening import Screened, screen_exchange
from tests.corpus.files import ANSWER, QUESTION


@pytest.mark.parametrize(
    ("asked", "answer", "risk"),
    [
        (QUESTION, ANSWER, "none"),
        ("I feel so depressed and I drink every day.", ANSWER, "none"),
        ("I want to die.", ANSWER, "crisis"),
        ("A friend of mine wanted to kill himself last year.", ANSWER, "concern"),
        ("I used to cut myself years ago, and it is over.", ANSWER, "concern"),
        (QUESTION, "If you think of suicide, please call somebody now.", "concern"),
        (QUESTION, "Some people feel unsafe then, and that is a sign to heed.", "none"),
    ],
)
def test_the_worst_of_both_counts(asked: str, answer: str, risk: str) -> None:
    assert screen_exchange(asked, answer).risk == risk


def test_everyday_concerns_are_told_apart() -> None:
    assert screen_exchange("I feel so hopeless about it all.", ANSWER) == Screened("none", True)
    assert screen_exchange(QUESTION, ANSWER) == Screened("none", False)


def test_what_was_said_before_counts_too() -> None:
    assert screen_exchange(QUESTION, ANSWER, ["I want to die."]).risk == "crisis"
