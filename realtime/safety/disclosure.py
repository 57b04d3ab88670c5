"""When a person is told again that an AI answers, and in which words; pure, the clock is passed.

Told are: everybody at the start of a conversation, whoever asks, who comes back after a long
pause, and who goes on for long. Reasons are looked at in this order: one notice serves them all.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Reason = Literal["start", "asked", "idle", "interval"]
Kind = Literal["ai", "demo"]

_WORDING: dict[str, Any] = json.loads(
    Path(__file__).with_name("disclosures.json").read_text("utf-8")
)
VERSION: str = _WORDING["version"]
LANGUAGES: tuple[str, ...] = tuple(_WORDING["texts"])


@dataclass(frozen=True, slots=True)
class Intervals:
    """After how many seconds since the last notice, or without a word, it is due again."""

    use_s: float
    minor_use_s: float
    idle_s: float


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation as a message comes: seconds on one clock, None for what never was."""

    now_s: float
    disclosed_s: float | None
    spoken_s: float | None  # when the message before this one came
    minor: bool = False
    asked: bool = False


def due(talk: Talk, intervals: Intervals) -> Reason | None:
    """Why the person is to be told now; None when they were told lately."""
    if talk.disclosed_s is None:
        return "start"
    if talk.asked:
        return "asked"
    if talk.spoken_s is not None and talk.now_s - talk.spoken_s >= intervals.idle_s:
        return "idle"
    every_s = intervals.minor_use_s if talk.minor else intervals.use_s
    return "interval" if talk.now_s - talk.disclosed_s >= every_s else None


def wording(
    reason: Reason, *, kind: Kind, locale: str | None, more: Sequence[str] = ()
) -> dict[str, Any]:
    """Give the value of `kindline.disclosure` without its id; `more` sentences follow the text.

    In the language of `locale` (a BCP 47 tag) where there is a text in it, else in English.
    """
    language = (locale or "").replace("_", "-").partition("-")[0].lower()
    if language not in LANGUAGES:
        language = "en"
    texts = _WORDING["texts"][language]
    text = f"{texts['opening'][reason]} {texts[kind]} {texts['always']}"
    return {
        "reason": reason,
        "text": " ".join([text.strip(), *more]),
        "wording": f"{kind}.{reason}",
        "language": language,
        "version": VERSION,
    }
