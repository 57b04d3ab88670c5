"""A message made comparable: folded words with their places, sentence by sentence; pure.

Folding is the same for patterns and messages: NFKC and more (accents are dropped as well), case,
apostrophes, letters repeated for effect, digits for letters, words spelled with gaps. In scripts
written without gaps every character is a word. One pass, so the time grows with the length alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

_APOSTROPHES = frozenset("'’‘`´ʼ＇")
_LAUGHTER = frozenset("😂🤣😆😹💀")
_LEET = str.maketrans("01345@$", "oieasas")
# Letters that Unicode does not take apart, though people leave the marks off or use one for the
# other: Arabic and Persian keyboards have different letters for the same sound.
_TWINS = str.maketrans("ıłđøœىیےکہەة", "ildooيييكههه") | {ord("æ"): "ae"}
_STRETCH = "ـ"  # only makes an Arabic word longer
_MIXED = re.compile(r"(?=[^a-z]*[a-z])[a-z0-9@$]*")
_LONGEST = 32  # letters of a word that could mean something; the rest is not read closely
_VOWELS = frozenset("aeiouy")
_STRETCHED = re.compile(r"(.)\1\1", re.DOTALL)
_NEEDS_MORE = re.compile(r"(\S)\1\1|[\d@$]|\s\*")  # than folding its characters

# Han, kana, Thai, Lao, Burmese, Khmer: no gaps between words. (Hangul has gaps.)
_GAPLESS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_ENDS = ".!?;\n\r…。！？；।؟؛۔"
_COMMAS = ",:、،，：—–()|"
_QUOTES = '"“”„«»「」『』'
_IS_GAPLESS = re.compile(f"[{_GAPLESS}]")
_LETTER = r"[^\W_가-힣]"  # a syllable of Hangul is often a word
# s u i c i d e: at least three letters, one separator each. A fixed group, so linear.
_TOKEN = re.compile(
    rf"(?P<spelled>(?<![^\W_]){_LETTER}(?:[ .*_-]{_LETTER}){{2,}}(?![^\W_]))"
    rf"|(?P<end>[{re.escape(_ENDS)}]+)|(?P<comma>[{re.escape(_COMMAS)}]+)|(?P<quote>[{_QUOTES}])"
    rf"|(?P<sign>[{_GAPLESS}])"
    rf"|(?P<word>[^\s{re.escape(_ENDS + _COMMAS + _QUOTES)}{_GAPLESS}]+)"
)
_BANG = re.compile(r"(?<=[A-Za-z])!(?=[A-Za-z])")


class Word(NamedTuple):
    """A folded word, where it stood, whether in quotation marks and whether after a comma."""

    text: str
    start: int
    end: int
    quoted: bool = False
    fresh: bool = False


def sentences(text: str) -> Iterator[list[Word]]:
    """The message's sentences; those that hold no word are left out."""
    sentence: list[Word] = []
    quoted = fresh = False
    for token in _TOKEN.finditer(_BANG.sub("i", text)):
        kind = token.lastgroup
        if kind == "end":
            if sentence:
                yield sentence
            sentence = []
        elif kind == "quote":
            quoted, fresh = not quoted, True
        elif kind == "comma":
            fresh = True
        else:
            spelled = kind == "spelled"
            for each in _folded(token[0][::2] if spelled else token[0]):
                if len(sentence) > 2 and sentence[-1].text == sentence[-3].text == each:
                    continue  # a word said more than three times, as laughter is
                sentence.append(Word(each, token.start(), token.end(), quoted, fresh))
                fresh = False
    if sentence:
        yield sentence


def fold(text: str) -> str:
    """A pattern's words as `sentences` would give them; an asterisk at a word's end stays."""
    folded = []
    for word in text.split():
        each = _folded(word.rstrip("*"))
        folded.append(" ".join(each) + ("*" if word.endswith("*") else ""))
    return " ".join(folded)


def fold_each(ways: list[str]) -> list[str]:
    """`fold` of many, quickly: only few need more than their characters looked up."""
    folded = "|".join(ways).translate(_FOLDS).split("|")
    return [
        fold(way) if _NEEDS_MORE.search(each) else " ".join(each.split())
        for way, each in zip(ways, folded, strict=True)
    ]


def _folded(token: str) -> tuple[str, ...]:
    return _few_folded(token) if len(token) <= _LONGEST else _fold(token)


def _fold(token: str) -> tuple[str, ...]:
    words = token.translate(_FOLDS).split()
    plain = {word: _plain(word) for word in set(words)}  # laughter is one word many times
    return tuple(plain[word] for word in words if plain[word])


_few_folded = lru_cache(maxsize=16_384)(_fold)  # long ones are not kept: they would fill memory


class _Folds(dict[int, str]):
    """What a character stands for: letters, a gap, laughter, or nothing; worked out once each."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _fold_character(chr(code))
        return folded


def _is_vowel(mark: str) -> bool:
    """Of the scripts of India, where it tells "my" from "dead"; the other marks are left off."""
    return unicodedata.category(mark) == "Mc" or "VOWEL SIGN" in unicodedata.name(mark, "")


def _fold_character(char: str) -> str:
    if char in _APOSTROPHES or char == _STRETCH or unicodedata.category(char) == "Cf":
        return ""
    if char in _LAUGHTER:
        return " lol "
    if char in "@$*":
        return char
    kept = [
        each
        for each in unicodedata.normalize("NFKD", char).casefold().translate(_TWINS)
        if unicodedata.category(each)[0] in "LN" or _is_vowel(each)
    ]
    if not kept:
        return "" if unicodedata.category(char) == "Mn" else " "
    letters = "".join(kept)
    return f" {letters} " if _IS_GAPLESS.match(char) else letters


_FOLDS = _Folds({ord("|"): "|"})  # parts the ways of a pattern; in no word of a message


def _plain(word: str) -> str:
    """Without letters repeated for effect and digits in the place of letters."""
    word = word.strip("*@$") if len(word) < _LONGEST else word[: 4 * _LONGEST].strip("*@$")
    if not word.isalpha() and len(word) < _LONGEST and _MIXED.fullmatch(word):
        word = word.translate(_LEET)
    if not _STRETCHED.search(word):
        return word
    runs = [(letter, len(list(run))) for letter, run in groupby(word)]
    return "".join(
        letter * (times if times < 3 else 1 if letter in _VOWELS else 2) for letter, times in runs
    )
