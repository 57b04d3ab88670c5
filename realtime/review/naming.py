"""People's names in a text, where something introduces them; pure.

A name that was found once is found wherever it stands: a text that says "my husband John" says
John's name again. Rules cannot know a name that nothing introduces: a person reads after them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from realtime.review.naming_words import (
    CLOSING,
    GO_ON,
    GREETING,
    HINDI_TITLES,
    NOBODY,
    RELATION,
    SURE,
    TITLES,
    WORDS_TOO,
)
from realtime.review.spans import Found

_LATIN = [chr(code) for code in range(0x41, 0x250)]
UPPER = "".join(char for char in _LATIN if char.isupper())
LOWER = "".join(char for char in _LATIN if char.islower())
WORD = r"[\u0900-\u0963\u0970-\u097f]+"
_PART = (
    rf"[{UPPER}](?:[{UPPER}{LOWER}]|[’'][{UPPER}])*(?:-[{UPPER}][{LOWER}]+)*(?![{UPPER}{LOWER}\d])"
)
_OF = r"(?:de la|de|da|do|dos|del|van der|van|von|zu|bin|al|el)"
_MORE = rf"(?:\s(?:{_OF}\s)?{_PART}|\s[{UPPER}]\.)"
_FULL = rf"(?:{_PART}|[{UPPER}]\.\s?{_PART}){_MORE}{{0,3}}"
_ANY = rf"[{UPPER}{LOWER}][{UPPER}{LOWER}’'-]*{_MORE}{{0,3}}"  # after words that leave no doubt

_INTRODUCED = (
    re.compile(rf"(?i:\b(?:{SURE}))\s(?P<any>{_ANY})"),
    re.compile(rf"{RELATION}(?P<name>{_FULL})"),
    re.compile(rf"(?<!\w)(?:{TITLES})\s(?P<name>{_FULL})"),
    re.compile(
        r"(?i:\b(?:i am|i[’']m|this is|je suis|c[’']est|soy|sou(?: [oa])?|hier ist|aqui é [oa]))"
        rf"\s(?P<name>{_FULL})(?!\s[{LOWER}]+ing\b)"
    ),
    re.compile(
        rf"(?im:(?:^|[.!?]\s)(?:{GREETING}))[ ,](?P<name>(?-i:{_FULL}))(?=\s?[,.!:\n–-]|\s?$)"
    ),
    re.compile(
        rf"\b(?i:named|called|namens|genannt|nommée?|llamad[oa]|chamad[oa])\s(?P<name>{_FULL})"
    ),
    re.compile(
        rf"(?i:(?:^|\n|[.!?]\s|\s)(?:{CLOSING}))\s?[,.!~–—-]{{0,3}}\s*\n?\s*(?P<name>{_FULL})\W*\Z"
    ),
    re.compile(rf"\n\s*[-–—~]*\s*(?P<name>{_FULL})\W*\Z"),
    re.compile(rf"[-–—~]\s?(?P<name>{_FULL})\W*\Z"),
    re.compile(
        rf"(?:मेरा|मेरी|मेरे|उसका|उनका|का)\s+(?:पूरा\s+)?नाम\s+(?P<hindi>{WORD}(?:\s{WORD})??)(?=\s+(?:है|था|हैं)|[,।.\n]|$)"
    ),
    re.compile(rf"(?P<hindi>{WORD})\s+नाम\s+(?:है|का|की|के)"),
    re.compile(rf"(?<![\u0900-\u097f])(?:{HINDI_TITLES})\s+(?P<hindi>{WORD})"),
    re.compile(rf"(?P<hindi>{WORD})\s+जी(?![\u0900-\u097f])"),
)

_SENTENCE = re.compile(r"(?:\A|[.!?…\n]\s*[\"'“(]?)\Z")
_GOES_ON = re.compile(rf"\s(?i:{GO_ON})\b")


def names(text: str, known: Iterable[str] = ()) -> Iterator[Found]:
    """Names that are introduced here, and wherever these and the known ones stand."""
    found = list(_introduced(text))
    yield from found
    words = {word for span in found for word in _words(text[span.start : span.end])}
    yield from _again(text, frozenset(words).union(known))


def names_in(text: str) -> frozenset[str]:
    """The words of the names that are introduced here, to find them in another text too."""
    return frozenset(
        word for span in _introduced(text) for word in _words(text[span.start : span.end])
    )


def _introduced(text: str) -> Iterator[Found]:
    for pattern in _INTRODUCED:
        for match in pattern.finditer(text):
            start, end = _own(match, text)
            if start < end:
                yield Found(start, end, "name")


def _own(match: re.Match[str], text: str) -> tuple[int, int]:
    """The span of a match without what names nobody: of "John I am" only John."""
    group = str(match.lastgroup)
    start, end = match.span(group)
    for word in re.finditer(r"\S+", text[start:end]):
        if word[0].strip(".,’'").casefold() in NOBODY:
            end = start + len(text[start : start + word.start()].rstrip())
            break
    return start, end


def _words(name: str) -> Iterator[str]:
    """What of a name is looked for again: as it was written, and with a capital."""
    for word in re.findall(rf"[{UPPER}{LOWER}]{{2,}}|{WORD}", name):
        if word[0].isupper() or (len(word) > 2 and word not in WORDS_TOO):
            yield word
        if word[0].islower():
            yield word.title()


def _again(text: str, words: frozenset[str]) -> Iterator[Found]:
    if not words:
        return
    ways = "|".join(map(re.escape, sorted(words, key=lambda word: (-len(word), word))))
    for match in re.finditer(rf"(?<![\w\u0900-\u0963])(?:{ways})(?![\w\u0900-\u0963])", text):
        if not _is_a_word(text, match):
            yield Found(match.start(), match.end(), "name")


def _is_a_word(text: str, match: re.Match[str]) -> bool:
    """The Will of "Will it get better?", whoever else is called so."""
    if match[0].casefold() not in WORDS_TOO or not _GOES_ON.match(text, match.end()):
        return False
    return _SENTENCE.search(text[max(0, match.start() - 8) : match.start()]) is not None
