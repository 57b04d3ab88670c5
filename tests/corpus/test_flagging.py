"""What speaks against learning from an answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.corpus.flagging import EXCLUDING, FLAGS, excluded, flags_of
from tests.corpus.files import ANSWER, QUESTION

FLAGGED = [
    ("see https://example.org/a", "link"),
    ("see www.example.org", "link"),
    ("it is on Example.org.", "link"),
    ("call 555-010-0199 now", "phone"),
    ("call (555) 010-0199", "phone"),
    ("call 1-800-555-0199", "phone"),
    ("call +44 1632 960001", "phone"),
    ("call 1-800-NO-LINES", "phone"),
    ("write to jo@example.org", "email"),
    ("read it on my website", "own_practice"),
    ("in my new book I say so", "own_practice"),
    ("feel free to contact me", "own_practice"),
    ("make an appointment with me", "own_practice"),
    ("I offer online counseling", "own_practice"),
    ("ask about Zoloft", "medication"),
]
PLAIN = [
    "Call her, e.g. at 5.30 p.m., in 2019-2020, with $100.000 or 1,000.",
    "It took me out. Of my life I say: people call me kind, and in my office I see that.",
    "A friend may contact you. Meet with him, not with me in mind.",
]


@pytest.mark.parametrize(("said", "flag"), FLAGGED)
def test_an_answer_is_flagged(said: str, flag: str) -> None:
    assert flag in flags_of(QUESTION, f"{ANSWER} Then {said}.")


@pytest.mark.parametrize("said", PLAIN)
def test_plain_answers_are_not(said: str) -> None:
    assert flags_of(QUESTION, f"{ANSWER} {said}") == []


@pytest.mark.parametrize(
    ("said", "flag"),
    [("Her number is 212-555-0187", "phone"), ("Mail ann@home.example", "email"),
     ("She writes at www.example.com", "link")],
)  # fmt: skip
def test_a_contact_is_flagged_in_the_question_and_in_what_was_said_before(
    said: str, flag: str
) -> None:
    assert flags_of(f"{QUESTION} {said}", ANSWER) == [flag]
    assert flags_of(QUESTION, ANSWER, ["Hello.", said]) == [flag]


def test_lengths_and_emptiness_are_flagged() -> None:
    assert flags_of(QUESTION, "Certainly.") == ["too_short"]
    assert flags_of(QUESTION, "x" * 80) == []
    assert flags_of(QUESTION, "x" * 4_001) == ["too_long"]
    assert flags_of("", ANSWER) == ["empty"]
    assert flags_of(QUESTION, "") == ["empty"]


def test_only_some_flags_keep_a_row_out() -> None:
    assert excluded(["medication", "link"])
    assert not excluded(["medication", "signed_by_name", "distress", "glued"])
    assert {"link", "phone", "email", "own_practice"} <= set(EXCLUDING)


@given(st.text(max_size=300), st.text(max_size=300))
def test_it_never_raises(asked: str, answer: str) -> None:
    assert set(flags_of(asked, answer)) <= set(FLAGS)
