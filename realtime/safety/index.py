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
_REACH = 20  # words in which a statement ends
_CONTEXT = 80  # words: a statement, and what is looked for around it
_TELLING = 8  # words known to one language, from which on others may be ruled out
_FAIR = 4  # a language is spoken that knows a fourth as many words as the one that knows most


class Entry(NamedTuple):
    phrase: Phrase
    needs: frozenset[str]  # empty when a look would say nothing
    language: Language
    rule: Rule | None
    cue: Cue | None


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
        if entry.rule is not None:
            self.matches.append(Match(entry.language, entry.rule, first, end))
        elif entry.cue is not None:
            self._cues[entry.language.name, entry.cue].append((first, end))

    def has(self, cue: Cue) -> bool:
        return any(kind == cue for _, kind in self._cues)

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
        self._all = tuple(languages)
        for language in self._all:
            for cue, phrases in language.cues.items():
                for phrase in phrases:
                    self._add(phrase, language, cue=cue)
            for rule in language.rules:
                for line in rule.alone:
                    self._alone[line].append((language, rule))
                for phrase in rule.phrases:
                    self._add(phrase, language, rule=rule)
        self._stems = sorted({len(start) for start in self._starting if start.endswith("*")})
        self._entries = lru_cache(maxsize=16_384)(self._look_up)
        self._followed = lru_cache(maxsize=65_536)(self._look_up_two)

    def _add(
        self,
        phrase: Phrase,
        language: Language,
        *,
        rule: Rule | None = None,
        cue: Cue | None = None,
    ) -> None:
        certain = phrase.needs <= phrase.starts or any(need.endswith("*") for need in phrase.needs)
        needs: frozenset[str] = frozenset() if certain else phrase.needs
        entry = Entry(phrase, needs, language, rule, cue)
        for start in phrase.starts:
            self._starting[start].append(entry)

    def _look_up(self, word: str) -> tuple[Entry, ...]:
        entries = list(self._starting.get(word, ()))
        for length in self._stems:
            entries += self._starting.get(word[: length - 1] + "*", ())
        return tuple({id(entry): entry for entry in entries}.values())

    def _look_up_two(self, word: str, following: str) -> tuple[Entry, ...]:
        """The entries that may begin with these two words."""
        return tuple(
            entry
            for entry in self._entries(word)
            if (seconds := entry.phrase.seconds()) is None or following in seconds
        )

    def find(self, words: Words) -> Found:
        found = Found()
        for language, rule in self._alone.get(" ".join(words[: _LONGEST_ALONE + 1]), ()):
            found.matches.append(Match(language, rule, 0, len(words)))
        present, spoken = set(words), self._spoken(words)
        repeats = _Repeats(words)
        for at, (word, following) in enumerate(zip(words, (*words[1:], ""), strict=True)):
            entries = self._followed(word, following)
            if not entries or repeats.context(at):
                continue
            known = repeats.statement(at)
            for entry in entries:
                if entry.language not in spoken or (known and entry.rule is not None):
                    continue
                if entry.phrase.one_word:
                    found.add(entry, at, at + 1)
                elif not entry.needs or not entry.needs.isdisjoint(present):
                    if entry.needs and entry.needs.isdisjoint(words[at : at + _REACH]):
                        continue
                    end = entry.phrase.match(words, at)
                    if end is not None:
                        found.add(entry, at, end)
        return found

    def _spoken(self, words: Words) -> set[Language]:
        """The languages that know a fair share of the words; all, where few words are known."""
        known = {language: sum(map(language.words.__contains__, words)) for language in self._all}
        most = max(known.values())
        if most < _TELLING:
            return set(self._all)
        return {language for language, count in known.items() if count * _FAIR >= most}


class _Repeats:
    """What was read before in a long sentence: a hostile repetition costs nothing.

    A statement is skipped when its words come again; the words around statements only when far
    more come again, so that a statement that is read always has them.
    """

    __slots__ = ("_context", "_statement", "_words")

    def __init__(self, words: Words) -> None:
        self._words = words if len(words) > _CONTEXT else ()
        self._statement: set[Words] = set()
        self._context: set[Words] = set()

    def statement(self, at: int) -> bool:
        return self._came(self._statement, at, _REACH)

    def context(self, at: int) -> bool:
        return self._came(self._context, at, _CONTEXT)

    def _came(self, before: set[Words], at: int, most: int) -> bool:
        ahead = self._words[at : at + most]
        if len(ahead) < most:
            return False
        came = ahead in before
        before.add(ahead)
        return came
