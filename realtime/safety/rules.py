"""The rules of one language, read from its file in `patterns/`; pure once they are loaded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from realtime.safety.clauses import fold
from realtime.safety.phrases import Phrase
from realtime.safety.reader import Reader

Level = Literal["none", "concern", "crisis"]
Cue = Literal[
    "harmless",  # takes the meaning from every match it touches
    "denials",  # up to six words before a match: nothing is said
    "no_denials",  # looks like a denial and is none
    "denials_after",  # directly after a match
    "far_denials",  # denials that reach past a new subject: "I don't think I ..."
    "subjects",  # words that begin a new statement about oneself
    "me",  # the speaker
    "others",  # somebody else
    "topics",  # a song, a film, an essay: nothing is said
    "past",  # over, unless ...
    "present",  # ... it is not
    "jests",  # laughter, hyperbole: crisis becomes concern, unless ...
    "earnest",  # ... it is meant
    "joints",  # "but", "and": no denial reaches past it
]
CUES: tuple[Cue, ...] = get_args(Cue)
FOLDER = Path(__file__).with_name("patterns")


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """`ignores`: cues that change nothing, as "no reason to live" holds its own denial.

    `alone`: the whole sentence. `sign`: what the match hints at; see `screen.py`.
    """

    level: Level
    category: str
    phrases: tuple[Phrase, ...]
    alone: frozenset[str]
    ignores: frozenset[str]
    sign: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """`misspelt`: words whose misspellings are read as meant; `run_together`: written as one.

    `words`: all that its phrases may read, by which it is told from other languages.
    """

    name: str
    rules: tuple[Rule, ...]
    cues: dict[Cue, tuple[Phrase, ...]]
    misspelt: frozenset[str]
    run_together: tuple[str, ...]
    words: frozenset[str]


def load() -> tuple[Language, ...]:
    return tuple(
        read(json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(FOLDER.glob("*.json"))
    )


def read(source: dict[str, Any]) -> Language:
    classes: dict[str, str] = source.get("classes", {})
    cues: dict[Cue, list[str]] = source.get("cues", {})
    if unknown := cues.keys() - set(CUES):
        raise ValueError(f"{source['language']}: unknown cues {sorted(unknown)}")
    reader = Reader(classes)
    denials = reader.single_words(cues.get("denials", []))
    rules = tuple(_rule(rule, reader, denials) for rule in source["rules"])
    read_cues = {cue: tuple(map(reader.phrase, phrases)) for cue, phrases in cues.items()}
    return Language(
        name=source["language"],
        rules=rules,
        cues=read_cues,
        misspelt=frozenset(map(fold, source.get("misspelt", ()))),
        run_together=tuple(map(fold, source.get("run_together", ()))),
        words=reader.words(),
    )


def _rule(source: dict[str, Any], reader: Reader, denials: frozenset[str]) -> Rule:
    ignores = frozenset(source.get("ignores", ()))
    if unknown := ignores - set(CUES):
        raise ValueError(f"unknown cues {sorted(unknown)} in `ignores`")
    return Rule(
        level=source["level"],
        category=source["category"],
        phrases=tuple(reader.phrase(phrase, denials) for phrase in source.get("phrases", ())),
        alone=frozenset(map(fold, source.get("alone", ()))),
        ignores=ignores,
        sign=source.get("sign"),
    )
