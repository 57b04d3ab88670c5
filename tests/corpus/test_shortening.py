from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.corpus.shortening import shortened


@pytest.mark.parametrize(
    ("text", "most", "left"),
    [
        ("Short.", 10, "Short."),
        ("One two. Three four five.", 12, "One two."),
        ("One two. Three four five.", 8, "One two."),
        ("A. Three four five six", 15, "A. Three four…"),
        ("Three four five", 11, "Three four…"),
        ("Three four five", 12, "Three four…"),
        ("\u201cNo.\u201d Three four", 10, "\u201cNo.\u201d"),
        ("Costs 3.50 a week, no more", 14, "Costs 3.50 a…"),
        ("Unbreakable", 5, "Unbr…"),
    ],
)
def test_it_is_cut_where_a_reader_would(text: str, most: int, left: str) -> None:
    assert shortened(text, most) == left


@given(st.text(max_size=80), st.integers(2, 60))
def test_it_is_never_longer_and_nothing_is_made_up(text: str, most: int) -> None:
    left = shortened(text, most)

    assert len(left) <= most or left == text
    assert text.startswith(left.removesuffix("…"))
