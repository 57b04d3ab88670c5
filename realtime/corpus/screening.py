"""Whether a question or an answer tells of suicide or harm; pure.

Few published answers to such questions name a line (5 of 76 in counsel-chat): nobody learns from
those. Everyday concerns of the screen, such as despair or drinking, are most of what counselling
is about: they are told as a flag, and keep no row out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, NamedTuple

from realtime.safety.message import Message
from realtime.safety.screen import MAX_CHARACTERS, judged

Risk = Literal["none", "concern", "crisis"]
_RANK: dict[Risk, int] = {"none": 0, "concern": 1, "crisis": 2}
# Concerns of the screen that are about suicide or harm, though not now, or not one's own.
_GRAVE = {"self-harm", "vanish", "history"}
# The screen passes by what is said in general or of others; a row about it is a risk row still.
_WORDS = re.compile(
    r"\bsuicid|\bself[- ]?(?:harm|injur|mutilat)|\boverdos|\bwant(?:ed|ing|s)? to die\b"
    r"|\b(?:kill|hurt|harm|cut|injur)(?:e|s|ing|ting|ed)? "
    r"(?:my|your|him|her|them|our|one)sel(?:f|ves)\b"
    r"|\b(?:end|tak|took)(?:e|s|ing|ed)? (?:my|your|his|her|their|one's) (?:own )?li(?:fe|ves)\b"
    r"|\bbetter off dead\b|\bwish \w+ (?:was|were) (?:dead|never born)\b",
    re.IGNORECASE,
)


class Screened(NamedTuple):
    """`distress`: the screen has a concern that is none of suicide or harm."""

    risk: Risk
    distress: bool


def screen_exchange(asked: str, answer: str, said_before: Iterable[str] = ()) -> Screened:
    """The worst that is found in a question, its answer and what was said before.

    An answer speaks of others and in general, which the screen was not made for: only what it
    calls a crisis counts, and plain words.
    """
    found = [_screened(text) for text in (*said_before, asked)]
    answered = _screened(answer)
    heard = answered.risk if answered.risk == "crisis" or _WORDS.search(answer) else "none"
    risk = max((*(one.risk for one in found), heard), key=_RANK.__getitem__)
    return Screened(risk, found[-1].distress)


@lru_cache(maxsize=256)  # a question stands with each of its answers
def _screened(text: str) -> Screened:
    message = Message(text[:MAX_CHARACTERS])
    level = judged(message)
    if level == "crisis":
        return Screened("crisis", distress=True)
    grave = any(
        each.match.rule.level == "crisis" or each.match.rule.category in _GRAVE
        for each in message.weighed
        if each.level != "none"
    )
    if grave or _WORDS.search(text):
        return Screened("concern", distress=True)
    return Screened("none", distress=level == "concern")
