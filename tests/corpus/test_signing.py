"""Signatures are taken off, and those who answered are not told of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.corpus.signing import names_of, still_named, unsigned
from tests.corpus.files import ANSWER

WRITER = "Jo Anne Quince, LPC, NCCMarriage & Family Therapist"
SIGNED = [
    ("Be well. Joanna Quince, LMHC", "", "Be well."),
    ("Be well,Joanna B. Quince, DBH, LPC, NCC", "", "Be well"),
    ("Be well. Dr. Joanna Quince, Ph.D.", "", "Be well."),
    ("Be well. -Anne", WRITER, "Be well."),
    ("Best wishes,\nAnne Quince", WRITER, "Best wishes"),
    ("Best wishes, Dr. Anne Quince~", WRITER, "Best wishes"),
    ("Be well! Quince, M.S., LPC", "Quince, LPC", "Be well!"),
]
UNSIGNED = [
    ("Talk with Anne about it and see what she says.", WRITER),
    ("Then ask Anne", WRITER),
    ("Be well. -Anne", ""),
    ("Be well. -Anne", "Licensed Counselor"),
    ("It is called PTSD, and CBT helps.", WRITER),
    ("", WRITER),
]


@pytest.mark.parametrize(("end", "writer", "left"), SIGNED)
def test_a_signature_is_taken_off(end: str, writer: str, left: str) -> None:
    assert unsigned(f"{ANSWER} {end}", writer) == (f"{ANSWER} {left}", True)


@pytest.mark.parametrize(("end", "writer"), UNSIGNED)
def test_what_is_none_stays(end: str, writer: str) -> None:
    assert unsigned(f"{ANSWER} {end}", writer) == (f"{ANSWER} {end}", False)


def test_names_are_those_before_the_degrees() -> None:
    assert names_of(WRITER) == ["Anne", "Quince"]
    assert names_of("") == []


def test_a_name_that_is_left_is_told() -> None:
    assert still_named("I am Anne B. Quince and say so.", WRITER)
    assert not still_named("Anne said so.", WRITER)


@given(st.text(max_size=300), st.text(max_size=60))
def test_nothing_is_ever_added(answer: str, writer: str) -> None:
    left, signed = unsigned(answer, writer)
    assert answer.startswith(left)
    assert signed or left == answer
