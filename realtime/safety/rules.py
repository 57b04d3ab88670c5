"""The rules of one language, read from its file in `patterns/`; pure once they are loaded."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from realtime.safety.clauses import fold
from realtime.safety.phrases import Phrase, any_of, compiled

Level = Literal["none", "concern", "crisis"]
FOLDER = Path(__file__).with_name("patterns")


@dataclass(frozen=True, slots=True)
class Rule:
    """`alone`: the whole clause; `anywhere`: a part of it, for scripts without gaps.

    `as_is`: holds whoever is spoken of and whatever is denied, as in "no reason to live".
    """

    level: Level
    category: str
    phrases: tuple[Phrase, ...]
    alone: frozenset[str]
    anywhere: tuple[str, ...]
    as_is: bool


@dataclass(frozen=True, slots=True)
class Language:
    """The rules and the words around a match that change what it means."""

    name: str
    rules: tuple[Rule, ...]
    by_word: dict[str, tuple[tuple[Rule, Phrase], ...]]
    alone: dict[str, Rule]
    anywhere: tuple[tuple[Rule, str], ...]
    harmless: re.Pattern[str]
    denials: re.Pattern[str]
    no_denials: re.Pattern[str]
    me: re.Pattern[str]
    others: re.Pattern[str]
    topics: re.Pattern[str]
    past: re.Pattern[str]
    present: re.Pattern[str]
    jests: re.Pattern[str]
    earnest: re.Pattern[str]
    joints: frozenset[str]


def load() -> tuple[Language, ...]:
    return tuple(
        read(json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(FOLDER.glob("*.json"))
    )


def read(source: dict[str, Any]) -> Language:
    classes: dict[str, str] = source.get("classes", {})
    rules = tuple(_rule(rule, classes) for rule in source["rules"])
    cues = source.get("cues", {})
    by_word: dict[str, list[tuple[Rule, Phrase]]] = {}
    for rule in rules:
        for phrase in rule.phrases:
            for word in phrase.anchors:
                by_word.setdefault(word, []).append((rule, phrase))
    return Language(
        name=source["language"],
        rules=rules,
        by_word={word: tuple(pairs) for word, pairs in by_word.items()},
        alone={line: rule for rule in rules for line in rule.alone},
        anywhere=tuple((rule, stem) for rule in rules for stem in rule.anywhere),
        joints=frozenset(map(fold, cues.get("joints", ()))),
        **{
            cue: any_of(cues.get(cue, ()), classes)
            for cue in (
                "harmless",
                "denials",
                "no_denials",
                "me",
                "others",
                "topics",
                "past",
                "present",
                "jests",
                "earnest",
            )
        },
    )


def _rule(source: dict[str, Any], classes: dict[str, str]) -> Rule:
    return Rule(
        level=source["level"],
        category=source["category"],
        phrases=tuple(compiled(phrase, classes) for phrase in source.get("phrases", ())),
        alone=frozenset(map(fold, source.get("alone", ()))),
        anywhere=tuple(map(fold, source.get("anywhere", ()))),
        as_is=source.get("as_is", False),
    )
