"""Letters that people leave the marks off, or take from another keyboard, are read alike."""

from __future__ import annotations

import pytest

from realtime.safety.clauses import fold


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
