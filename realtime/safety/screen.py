"""Says whether a message tells of danger; pure, standard library only, linear time.

A first form: rules with a little sense of who, when and whether, for a few languages and by single
words for more. It will miss people, and it only ever adds help: nothing is withheld by it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate

from realtime.safety.clauses import Word, clauses
from realtime.safety.rules import Language, Level, Rule, load

# What is longer is refused anyway; its beginning is read, so that the refusal can help.
MAX_CHARACTERS = 16_384
_WINDOW = 6  # words before a match in which a denial is looked for
_RANK: dict[Level, int] = {"none": 0, "concern": 1, "crisis": 2}


@dataclass(frozen=True, slots=True)
class Screening:
    """`span`: where in the message the words stand that decided."""

    level: Level = "none"
    category: str | None = None
    span: tuple[int, int] | None = None


LANGUAGES = load()  # at import: screening itself reads no file
NOTHING = Screening()


def screen(text: str) -> Screening:
    """Judge one message: the gravest of its clauses."""
    # Said twice counts once: a hostile repetition costs nothing.
    parts = {tuple(word.text for word in part): part for part in clauses(text[:MAX_CHARACTERS])}
    lines = list(map(_line, parts.values()))
    earnest = any(language.earnest.search(line) for language in LANGUAGES for line in lines)
    worst = NOTHING
    for part in parts.values():
        found = _judge(part, earnest=earnest)
        if rises(found.level, above=worst.level):
            worst = found
        if worst.level == "crisis":
            break
    return worst


def rises(level: Level, *, above: Level) -> bool:
    return _RANK[level] > _RANK[above]


def _line(words: list[Word]) -> str:
    return " " + "".join(word.text + " " for word in words)


def _judge(clause: list[Word], *, earnest: bool) -> Screening:
    worst = NOTHING
    for language in LANGUAGES:
        for words in _at_joints(clause, language):
            line = language.harmless.sub(_blank, _line(words))
            for rule, start, end in _matches(language, line):
                level = _level(language, rule, line, start, end, earnest=earnest)
                if rises(level, above=worst.level):
                    worst = Screening(level, rule.category, _span(words, start, end))
    return worst


def _at_joints(words: list[Word], language: Language) -> list[list[Word]]:
    """Cut at "but" and its kin: what is denied before it may be said after it."""
    parts: list[list[Word]] = [[]]
    for word in words:
        if word.text in language.joints:
            parts.append([])
        else:
            parts[-1].append(word)
    return [part for part in parts if part]


def _blank(match: re.Match[str]) -> str:
    return "_" * (len(match[0]) - 1) + " "


def _matches(language: Language, line: str) -> list[tuple[Rule, int, int]]:
    found = []
    if rule_alone := language.alone.get(line.strip()):
        found.append((rule_alone, 0, len(line)))
    tried: set[int] = set()
    for word in set(line.split()):
        for rule, phrase in language.by_word.get(word, ()):
            if id(phrase) in tried:
                continue
            tried.add(id(phrase))
            if match := phrase.expression.search(line):
                found.append((rule, match.start(), match.end()))
    for rule, stem in language.anywhere:
        at = line.find(stem)
        if at >= 0:
            found.append((rule, at, at + len(stem)))
    return found


def _level(
    language: Language, rule: Rule, line: str, start: int, end: int, *, earnest: bool
) -> Level:
    """What a match weighs, seen who is spoken of, when, and whether it is denied or a joke."""
    if rule.as_is:
        return rule.level
    before = line[:start]
    if language.topics.search(line) or _denied(language, before):
        return "none"
    if rule.level == "concern":
        return rule.level
    elsewhere = _of_others(language, before) or (
        language.past.search(line) and not language.present.search(line)
    )
    joking = not earnest and language.jests.search(line)
    return "concern" if elsewhere or joking else rule.level


def _denied(language: Language, before: str) -> bool:
    window = " " + " ".join(before.split()[-_WINDOW:]) + " "
    return bool(language.denials.search(language.no_denials.sub("", window)))


def _of_others(language: Language, before: str) -> bool:
    """Somebody else was named, and the speaker not since."""
    last = None
    for last in language.others.finditer(before):  # noqa: B007 - the last one counts
        pass
    return last is not None and not language.me.search(before, max(0, last.end() - 1))


def _span(words: list[Word], start: int, end: int) -> tuple[int, int]:
    """From places in the line to places in the message."""
    ends = list(accumulate((len(word.text) + 1 for word in words), initial=1))
    first = max(i for i, at in enumerate(ends[:-1]) if at <= max(start, 1))
    last = max(i for i, at in enumerate(ends[:-1]) if at < max(end, 2))
    return words[first].start, words[last].end
