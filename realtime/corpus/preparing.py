"""From an exchange as written to a row as kept; pure, and what a second process does."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from realtime.corpus import cleaning
from realtime.corpus.cleaning import clean
from realtime.corpus.flagging import DISTRESS, FLAGS, OWN_PRACTICE, SIGNED, excluded, flags_of
from realtime.corpus.loading.reading import Numbered
from realtime.corpus.loading.shapes import Raw, Turn
from realtime.corpus.screening import Risk, screen_exchange
from realtime.corpus.signing import still_named, unsigned

# Raise it when the same file would give other rows: it is then read anew.
RULES = 1
_ORDER = (*FLAGS, *cleaning.MENDED)
_NO_LETTER = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Row:
    """An exchange as it is kept; fields are those of the model."""

    row: int
    turn: int
    title: str
    question: str
    answer: str
    history: tuple[Turn, ...]
    topics: tuple[str, ...]
    upvotes: int | None
    link: str
    question_key: str
    text_key: str
    risk: Risk
    flags: tuple[str, ...]
    usable: bool


def prepare(chunk: Sequence[Numbered]) -> list[Row]:
    """Clean, flag and screen some exchanges."""
    return [row_of(number, raw) for number, raw in chunk]


def row_of(number: int, raw: Raw) -> Row:
    title, question, answer = clean(raw.title), clean(raw.question), clean(raw.answer)
    history = tuple(_turn(turn, raw.writer) for turn in raw.history)
    said, signed = unsigned(answer.text, raw.writer)
    asked = f"{title.text}\n{question.text}".strip()
    before = [turn["content"] for turn in history]
    screened = screen_exchange(asked, said, before)
    found = {*title.faults, *question.faults, *answer.faults}
    found |= set(flags_of(asked, said, before))
    found |= {SIGNED} if signed else set()
    found |= {OWN_PRACTICE} if still_named(said, raw.writer) else set()
    found |= {DISTRESS} if screened.distress else set()
    flags = tuple(flag for flag in _ORDER if flag in found)
    opening = clean(raw.opening).text if raw.opening else asked
    return Row(
        row=number,
        turn=raw.turn,
        title=" ".join(title.text.split()),
        question=question.text,
        answer=said,
        history=history,
        topics=raw.topics,
        upvotes=raw.upvotes,
        link=raw.link,
        question_key=key_of(opening),
        text_key=key_of(title.text, question.text, said, *(one["content"] for one in history)),
        risk=screened.risk,
        flags=flags,
        usable=not excluded(flags),
    )


def _turn(turn: Turn, writer: str) -> Turn:
    text = clean(turn["content"]).text
    said = unsigned(text, writer)[0] if turn["role"] == "assistant" else text
    return {**turn, "content": said}


def key_of(*texts: str) -> str:
    """SHA-256 (hex) of texts' letters and figures alone: blanks, breaks and case tell nothing."""
    return hashlib.sha256("\0".join(map(_plain, texts)).encode()).hexdigest()


def _plain(text: str) -> str:
    return _NO_LETTER.sub("", unicodedata.normalize("NFKC", text).casefold())
