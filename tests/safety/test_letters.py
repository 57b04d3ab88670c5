"""Letters that people leave the marks off, or take from another keyboard, are read alike."""

from __future__ import annotations

import pytest

from realtime.safety.clauses import fold, sentences


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("art\u0131k İNTİHAR", "artik intihar"),
        ("skończyć łódź", "skonczyc lodz"),
        ("Đừng sống", "dung song"),
        ("dø æble", "do aeble"),
        ("می‌خوام کسی", "ميخوام كسي"),
        ("على الحياة", "علي الحياه"),
        ("انتـــحار", "انتحار"),
    ],
)
def test_letters_with_and_without_their_marks_are_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_words_of_one_hangul_syllable_are_no_word_spelled_with_gaps() -> None:
    [korean] = sentences("약 몇 알")
    [english] = sentences("d i e")

    assert len(korean) == 3
    assert len(english) == 1
