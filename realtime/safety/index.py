"""Finds the phrases of every language in a sentence, in one pass over its words; pure.

A phrase is tried only at a word that it may begin with, and only if a word that it needs stands
in the sentence: the languages that are not written cost a look into a dictionary for each word.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from realtime.safety.phrases import Phrase, Words
from realtime.safety.rules import Cue, Language, Rule

_LONGEST_ALONE = 12  # words; a longer sentence is none of those that must stand alone


class Entry(NamedTuple):
    phrase: Phrase
    needs: frozenset[str]  # empty when a look would say nothing
    language: Language
    meaning: Rule | Cue


class Match(NamedTuple):
    """A rule that applies to the words from `first` up to `end`."""

    language: Language
    rule: Rule
    first: int
    end: int


class Found:
    """What stands in one sentence: rules that match, and the cues of each language in order."""

    __slots__ = ("_cues", "matches")

    def __init__(self) -> None:
        self.matches: list[Match] = []
        self._cues: dict[tuple[str, Cue], list[tuple[int, int]]] = defaultdict(list)

    def add(self, entry: Entry, first: int, end: int) -> None:
        if isinstance(entry.meaning, Rule):
            self.matches.append(Match(entry.language, entry.meaning, first, end))
        else:
            self._cues[entry.language.name, entry.meaning].append((first, end))

    def between(self, language: Language, cue: Cue, start: int, end: int) -> list[tuple[int, int]]:
        """The places of a cue that begin in this stretch of words."""
        places = self._cues.get((language.name, cue))
        if not places:
            return []
        return places[bisect_left(places, (start, 0)) : bisect_left(places, (end, 0))]


class Index:
    def __init__(self, languages: Iterable[Language]) -> None:
        self._starting: dict[str, list[Entry]] = defaultdict(list)
        self._alone: dict[str, list[tuple[Language, Rule]]] = defaultdict(list)
        for language in languages:
            for cue, phrases in language.cues.items():
                for phrase in phrases:
                    self._add(phrase, language, cue)
            for rule in language.rules:
                for line in rule.alone:
                    self._alone[line].append((language, rule))
                for phrase in rule.phrases:
                    self._add(phrase, language, rule)
        self._stems = sorted({len(start) for start in self._starting if start.endswith("*")})
        self._entries = lru_cache(maxsize=16_384)(self._look_up)

    def _add(self, phrase: Phrase, language: Language, meaning: Rule | Cue) -> None:
        certain = phrase.needs <= phrase.starts or any(need.endswith("*") for need in phrase.needs)
        entry = Entry(phrase, frozenset() if certain else phrase.needs, language, meaning)
        for start in phrase.starts:
            self._starting[start].append(entry)

    def _look_up(self, word: str) -> tuple[Entry, ...]:
        entries = list(self._starting.get(word, ()))
        for length in self._stems:
            entries += self._starting.get(word[: length - 1] + "*", ())
        return tuple({id(entry): entry for entry in entries}.values())

    def find(self, words: Words) -> Found:
        found = Found()
        present = set(words)
        for language, rule in self._alone.get(" ".join(words[: _LONGEST_ALONE + 1]), ()):
            found.matches.append(Match(language, rule, 0, len(words)))
        for at, word in enumerate(words):
            for entry in self._entries(word):
                if entry.phrase.one_word:
                    found.add(entry, at, at + 1)
                elif not entry.needs or not entry.needs.isdisjoint(present):
                    end = entry.phrase.match(words, at)
                    if end is not None:
                        found.add(entry, at, end)
        return found
