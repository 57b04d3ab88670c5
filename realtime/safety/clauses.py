"""A message made comparable: folded letters, words with their places, clauses; pure.

Folding is the same for patterns and messages: NFKC and more (accents are dropped as well), case,
apostrophes, letters repeated for effect, digits for letters, words spelled with gaps. Every step
is one pass, so the time grows with the length alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

# A clause longer than this is read in pieces that overlap, so that no phrase is lost at a cut.
MAX_WORDS = 40
OVERLAP = 12

_APOSTROPHES = frozenset("'’‘`´ʼ＇")
_BREAKS = frozenset(".!?;:,\n\r…。！？；：，、।|؟،؛۔—–")
_LAUGHTER = frozenset("😂🤣😆😹💀")
_LEET = str.maketrans("01345@$", "oieasas")
_MIXED = re.compile(r"(?=.*[a-z])[a-z0-9@$]*[01345@$][a-z0-9@$]*")
# s u i c i d e: at least four letters, one separator each. A fixed group, so linear.
_SPELLED = re.compile(r"(?<![^\W_])[^\W_](?:[ .*_-][^\W_]){3,}(?![^\W_])")
_VOWELS = frozenset("aeiouy")


class Word(NamedTuple):
    """A folded word and where it stood in the message."""

    text: str
    start: int
    end: int


def clauses(text: str) -> Iterator[list[Word]]:
    """The message's clauses, each a short list of words."""
    sentence: list[Word] = []
    for word in _words(_joined(text)):
        if word is not None:
            sentence.append(word)
        elif sentence:
            yield from _pieces(sentence)
            sentence = []
    yield from _pieces(sentence)


def fold(text: str) -> str:
    """A pattern's words as `clauses` would give them."""
    return " ".join(word.text for word in _words(list(enumerate(text))) if word is not None)


def _pieces(words: list[Word]) -> Iterator[list[Word]]:
    for start in range(0, max(1, len(words) - OVERLAP), MAX_WORDS - OVERLAP):
        if piece := words[start : start + MAX_WORDS]:
            yield piece


def _joined(text: str) -> list[tuple[int, str]]:
    """The characters with their places, without the gaps in words that are spelled out."""
    gaps: set[int] = set()
    for match in _SPELLED.finditer(text):
        gaps.update(range(match.start() + 1, match.end(), 2))
    return [(at, char) for at, char in enumerate(text) if at not in gaps]


def _words(characters: list[tuple[int, str]]) -> Iterator[Word | None]:
    """Words in order; None where a clause ends."""
    letters: list[str] = []
    start = end = 0
    for at, char in characters:
        folded = _fold_character(char)
        if folded is None:
            continue
        if folded not in (" ", "\n", " lol "):
            start = start if letters else at
            end = at + 1
            letters.append(folded)
            continue
        if letters:
            yield Word(_plain("".join(letters)), start, end)
            letters = []
        if folded == "\n":
            yield None
        elif folded == " lol ":
            yield Word("lol", at, at + 1)
    if letters:
        yield Word(_plain("".join(letters)), start, end)


@lru_cache(maxsize=8192)
def _fold_character(char: str) -> str | None:
    """What a character stands for: letters, a gap, an end of a clause, laughter, or nothing."""
    if char in _APOSTROPHES or unicodedata.category(char) == "Cf":
        return None
    if char in _BREAKS:
        return "\n"
    if char in _LAUGHTER:
        return " lol "
    if char in "@$":
        return char
    kept = [
        each
        for each in unicodedata.normalize("NFKD", char).casefold()
        if unicodedata.category(each)[0] in "LN" or unicodedata.category(each) == "Mc"
    ]
    if kept:
        return "".join(kept)
    return None if unicodedata.category(char) == "Mn" else " "


def _plain(word: str) -> str:
    """Without letters repeated for effect and digits in the place of letters."""
    if _MIXED.fullmatch(word):
        word = word.translate(_LEET)
    runs = [(letter, len(list(run))) for letter, run in groupby(word)]
    return "".join(
        letter * (times if times < 3 else 1 if letter in _VOWELS else 2) for letter, times in runs
    )
