"""No message, however made, costs more than its length: shown by counting, not by the clock."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest

from realtime.safety.screen import MAX_CHARACTERS, screen

HOSTILE = {
    "a beginning": "i want to ",
    "all triggers": "kill die suicide myself end life ",
    "denials": "i do not want ",
    "denied": "i do not want to die and ",
    "somebody else": "my friend wants to die ",
    "optional words": "want to just really so badly ",
    "spelled out": "s u i ",
    "one word": "a",
    "digits and another letter": "1111111111ж",
    "marks": "आ़्",
    "laughter": "😂",
    "ends": "!",
    "sentences": "i want. ",
    "commas": "no, i, want, ",
    "quotes": '"i want to die" she said ',
    "stars": "k*l* ",
    "numbers": "d1e 4 ",
    "scripts": "i хочу 想 want to सच ",
    "run together": "iwanttoiwantto",
}
# Different words all the time, each the beginning of many phrases.
VARIED = " ".join(
    f"{one} {two} {three}"
    for one in ("i", "my", "want", "feel", "they", "dont")
    for two in ("to", "the", "all", "never", "me", "still", "will")
    for three in ("end", "take", "be", "going", "better", "cut", "hope", "no", "last", "so")
)


@pytest.mark.parametrize("name", [*HOSTILE, "varied"])
def test_work_grows_with_the_length_alone(name: str) -> None:
    """Twice the length is at most about twice the calls."""
    unit = HOSTILE.get(name, VARIED)
    text = unit * (16_000 // len(unit) + 1)
    screen(text[:16_000])  # what is worked out once

    short, long = _calls(text[:8_000]), _calls(text[:16_000])

    assert long <= 2.3 * short + 2_000


def test_what_is_longer_than_any_message_is_not_read() -> None:
    long = "tea and cake " * MAX_CHARACTERS
    screen(long)

    assert _calls(long) <= _calls(long[:MAX_CHARACTERS]) + 10


def _calls(text: str) -> int:
    """Calls of Python functions and of those in C."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        screen(text)
    finally:
        sys.setprofile(before)
    return count
