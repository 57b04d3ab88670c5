"""Two plain things that people say: who are you that answers, and I am under 18; pure.

`sayings/*.json` hold the patterns, for each language: `needs` (one of these is in every match, so
that most texts need no further look), `patterns`, `unless` (what in the same clause takes it back)
and examples of both kinds, which a test runs. Patterns are regular expressions over folded clauses
(`fold`: small letters without accents, no signs, one blank before and after each word); they
repeat nothing without bound, so the time grows with the length alone. `{name}` is a word class of
the language. `told` are the ways to begin what somebody else says ("my son wrote"): what follows,
and what stands in quotation marks, is not the writer's own.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("sayings")
_ENDS, _JOINTS = r".!?;\n\r…。！？；।|؟؛۔", r":：()\[\]\"“”«»„—–"
_SENTENCES, _SENTENCE = re.compile(f"[{_ENDS}{_JOINTS}]+"), re.compile(f"[{_ENDS}]+")
_JOINT = re.compile(f"[{_JOINTS}]+")
_COMMA = re.compile("[,，、،]+")  # an age stands alone: "I'm 15, my mum shouts"
# None may hold the sign that begins it: the time stays linear.
_QUOTED = re.compile(
    r"\"[^\"\n]*\"|“[^“”\n]*”|„[^„“”\n]*[“”]|«[^«»\n]*»|»[^«»\n]*«|「[^「」\n]*」|『[^『』\n]*』"
)
_YEARS_OLD = re.compile(r"(\d)\s?y(?:\.\s?|/)?o\b\.?", re.IGNORECASE)  # 15yo, 15 y.o., 15y/o
_REACH = 80  # characters of what introduces a clause
_APOSTROPHES = dict.fromkeys(map(ord, "'’‘`´ʼ＇"))


@dataclass(frozen=True, slots=True)
class Saying:
    """What says one thing in one language."""

    needs: tuple[str, ...]
    patterns: re.Pattern[str]
    unless: re.Pattern[str]
    told: re.Pattern[str]


def asks_who_answers(text: str) -> bool:
    """Whether somebody asks if a human, an AI or a professional is answering here."""
    return _said(
        read(FOLDER / "who-answers.json"), (("", part) for part in _SENTENCES.split(text))
    )


def says_under_18(text: str) -> bool:
    """Whether somebody says of themselves, and of now, that they are under 18."""
    clear = _YEARS_OLD.sub(r"\1 yo ", text)
    return _said(read(FOLDER / "under-18.json"), _clauses(clear))


@cache
def read(path: Path) -> tuple[Saying, ...]:
    """The languages of one file, read once. Raises KeyError or re.error for one that is wrong."""
    return tuple(_saying(each) for each in json.loads(path.read_text("utf-8"))["languages"])


def fold(text: str) -> str:
    """Small letters without accents, digits of any script as 0-9, words with a blank around."""
    bare = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES)).casefold()
    return f" {' '.join(''.join(map(_plain, bare)).split())} "


def _plain(char: str) -> str:
    kind = unicodedata.category(char)
    if kind == "Nd":
        return str(unicodedata.digit(char))
    if kind[0] in "LN" or kind == "Mc":
        return char
    return "" if kind in ("Mn", "Cf") else " "


def _clauses(text: str) -> Iterator[tuple[str, str]]:
    """Each clause with what introduces it: `she wrote:` a sentence, `he says,` one clause."""
    around = _QUOTED.sub("\n", text)
    own = around if any(map(str.isalnum, around)) else text
    for sentence in _SENTENCE.split(own):
        introduced = before = ""
        for part in _JOINT.split(sentence):
            for clause in _COMMA.split(part):
                yield introduced or before, clause
                before = clause.strip()
            introduced = introduced or before


def _said(sayings: tuple[Saying, ...], parts: Iterable[tuple[str, str]]) -> bool:
    # Said twice counts once: a hostile repetition costs nothing.
    clauses = dict.fromkeys((fold(before[-_REACH:]), fold(part)) for before, part in parts)
    return any(_says(saying, *clause) for saying in sayings for clause in clauses)


def _says(saying: Saying, before: str, clause: str) -> bool:
    if not any(need in clause for need in saying.needs):
        return False
    match = saying.patterns.search(clause)
    if not match or saying.unless.search(clause):
        return False
    into = clause[: match.start()].rstrip()[-_REACH:]
    return not any(saying.told.search(f"{words} ") for words in (before.rstrip(), into))


def _saying(source: dict[str, Any]) -> Saying:
    classes: dict[str, str] = source.get("classes", {})
    return Saying(
        needs=tuple(fold(need).strip() for need in source["needs"]),
        patterns=_any_of(source["patterns"], classes),
        unless=_any_of(source.get("unless", []), classes),
        told=_any_of([f"(?:{way}) ?$" for way in source.get("told", [])], classes),
    )


def _any_of(patterns: list[str], classes: dict[str, str]) -> re.Pattern[str]:
    """One expression for many; it matches nothing when there are none."""
    for _ in range(2):  # a class may name another
        for name, ways in classes.items():
            patterns = [each.replace(f"{{{name}}}", f"(?:{ways})") for each in patterns]
    return re.compile("|".join(map(_folded, patterns)) or "(?!)")


def _folded(pattern: str) -> str:
    """A pattern's letters as `fold` leaves them; its signs as they are."""
    apart = unicodedata.normalize("NFKD", pattern).casefold()
    return "".join(char for char in apart if unicodedata.category(char) != "Mn")
