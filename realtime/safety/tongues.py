"""What a reply may not say, and how numbers are spoken of: one file per language in `replies/`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from realtime.safety.phrasing import Automaton, folded
from realtime.safety.shadow import LETTER, shadow

FOLDER = Path(__file__).with_name("replies")


@dataclass(frozen=True, slots=True)
class Rule:
    """`outright`: its phrases hold their own negation ("I won't tell"); `quoted`: holds in quotes.

    `unless`: words in the clause that make it harmless ("you feel that ..."). `signs`: instead of
    one phrase, one of each of these kinds within two sentences.
    """

    language: str
    category: str
    unless: re.Pattern[str]
    outright: bool = False
    quoted: bool = False
    signs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sign:
    """A phrase that says nothing alone: `name` is what the `signs` of a rule call it."""

    language: str
    name: str


@dataclass(frozen=True, slots=True)
class Tongue:
    """The words of one language around what was found; `instead` by category."""

    language: str
    hints: frozenset[str]
    instead: dict[str, str]
    denials: frozenset[str]
    no_denials: re.Pattern[str]
    commas_join: bool  # what stands before a comma belongs to the clause, as in German


@dataclass(frozen=True, slots=True)
class NumberWords:
    """The words of all languages that matter around numbers, as expressions over shadows."""

    digits: dict[str, str]
    times: dict[str, int]  # double, triple
    contact: re.Pattern[str]
    direct: re.Pattern[str]  # a word of contact right before
    after: re.Pattern[str]
    unit: re.Pattern[str]
    units: tuple[str, ...]
    label: re.Pattern[str]
    since: re.Pattern[str]
    book: re.Pattern[str]  # of scripture, before chapter and verse
    postal: re.Pattern[str]  # before a postal code


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All languages together; `kinds[n]` is what pattern `n` of the automaton stands for."""

    tongues: dict[str, Tongue]
    kinds: tuple[Rule | Sign, ...]
    automaton: Automaton
    combined: tuple[Rule, ...]
    numbers: NumberWords


@cache
def load() -> Rulebook:
    """What all replies are read with, made once in a process."""
    return read([json.loads(p.read_text(encoding="utf-8")) for p in sorted(FOLDER.glob("*.json"))])


def read(sources: Sequence[dict[str, Any]]) -> Rulebook:
    everyday = [word for source in sources for word in folded(source.get("everyday", ""))]
    automaton, kinds, combined = Automaton(everyday), list[Rule | Sign](), list[Rule]()
    for source in sources:
        language, classes = source["language"], source.get("classes", {})
        for name, phrases in source.get("signs", {}).items():
            for phrase in phrases:
                automaton.add(phrase, classes, len(kinds))
                kinds.append(Sign(language, name))
        for given in source["rules"]:
            rule = _rule(language, given)
            combined += [rule] if rule.signs else []
            for phrase in given.get("phrases", ()):
                automaton.add(phrase, classes, len(kinds))
                kinds.append(rule)
    automaton.close()
    tongues = {s["language"]: _tongue(s) for s in sources if "instead" in s}
    return Rulebook(tongues, tuple(kinds), automaton, tuple(combined), _numbers(sources))


def _rule(language: str, source: dict[str, Any]) -> Rule:
    return Rule(
        language,
        source["category"],
        unless=_phrases(source.get("unless", ())),
        outright=source.get("outright", False),
        quoted=source.get("quoted", False),
        signs=tuple(source.get("signs", ())),
    )


def _tongue(source: dict[str, Any]) -> Tongue:
    return Tongue(
        source["language"],
        hints=frozenset(
            word
            for each in (source["hints"], *source["numbers"]["contact"])
            for word in folded(each)
        ),
        instead=source["instead"],
        denials=frozenset(word for each in source["denials"] for word in folded(each)),
        no_denials=_phrases(source.get("no_denials", ())),
        commas_join=source.get("commas_join", False),
    )


def _phrases(sources: Iterable[str]) -> re.Pattern[str]:
    ways = [way for source in sources for way in source.split("|")]
    each = [" ".join(map(re.escape, folded(way))) for way in ways]
    return re.compile(f"(?<= )(?:{'|'.join(each)})(?= )" if each else "(?!)")


def _numbers(sources: Sequence[dict[str, Any]]) -> NumberWords:
    parts = [source["numbers"] for source in sources]

    def every(name: str) -> list[str]:
        words = {shadow(word).plain for part in parts for word in part.get(name, ())}
        return sorted(words, key=lambda word: (-len(word), word))

    unspaced = [word for source in sources for word in source.get("unspaced", ())]
    contact = f"(?:{_whole(every('contact'))}|{_plain_or(unspaced)})"
    units, small, is_ = every("units"), _whole(every("small")), _whole(every("is"))
    return NumberWords(
        digits=_spoken(parts),
        times={shadow(w).plain: n for part in parts for w, n in part.get("times", {}).items()},
        contact=re.compile(contact),
        direct=re.compile(rf"{contact}(?:[^\w.!?\n]{{1,4}}{small}){{0,3}}[^\w.!?]{{0,5}}\Z"),
        after=re.compile(_whole(every("after"))),
        unit=re.compile(
            rf"[ -]{{0,2}}(?:{_whole(every('between'))} )?(?:{_plain_or(units)})(?!{LETTER})"
        ),
        units=tuple(units),
        label=re.compile(_whole(every("labels")) + r"[^\w]{0,3}\Z"),
        since=re.compile(_whole(every("since")) + r"\s{1,2}\Z"),
        book=re.compile(_whole(every("books")) + r"[.\s]{1,2}\Z"),
        postal=re.compile(_whole(every("postal")) + rf"(?:[\s:]{{1,2}}{is_})?[\s:]{{1,2}}\Z"),
    )


def _spoken(parts: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Words for digits: `count` begins with nought; `more` are others, with their digits."""
    digits: dict[str, str] = {}
    for part in parts:
        for value, words in enumerate(part["count"]):
            digits |= {shadow(word).plain: str(value) for word in words.split("|")}
        digits |= {shadow(word).plain: value for word, value in part.get("more", {}).items()}
    return digits


def _whole(words: Sequence[str]) -> str:
    if not words:
        return "(?!)"
    # The 24 of "24/7" is none in 124 or 24.9; "call988" is a call.
    begins, ends = r"(?:(?<!\d)(?=\d)|(?=\D))", r"(?:(?<=\d)(?![.,]?\d)|(?<=\D))"
    return rf"(?<!{LETTER}){begins}(?:{_plain_or(words)}){ends}(?!{LETTER})"


def _plain_or(words: Sequence[str]) -> str:
    return "|".join(re.escape(word) for word in words)
