"""Finds the phrases of every language in a sentence, in one pass over its words; pure.

A phrase is tried only at a word that it may begin with, and only if a word that it needs stands
in the sentence: the languages that are not written cost a look into a dictionary for each word.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator
from functools import cache, lru_cache
from itertools import chain
from operator import itemgetter
from typing import NamedTuple

from realtime.safety.phrases import Phrase, Words
from realtime.safety.rules import Cue, Language, Rule

_LONGEST_ALONE = 12  # words; a longer sentence is none of those that must stand alone
_REACH = 20  # words in which a statement ends
_CONTEXT = 80  # words: a statement, and what is looked for around it
_TELLING = 8  # words known to one language, from which on others may be ruled out
_FAIR = 4  # a language is spoken that knows a fourth as many words as the one that knows most

_STEP = 16  # words after which it is looked anew at what the words ahead hold
_NEEDLESS: set[frozenset[str]] = {frozenset()}

_Places = dict[Cue, list[tuple[int, int]]]


class Source(NamedTuple):
    """A phrase and what it stands for."""

    phrase: Phrase
    language: Language
    rule: Rule | None = None
    cue: Cue | None = None


class Entry(NamedTuple):
    """A phrase that may begin with a certain word; what it needs, and where that may stand."""

    source: Source
    seconds: frozenset[str] | None
    needs: frozenset[str]  # empty when a look would say nothing
    reach: int
    one_word: bool


_Waiting = dict[frozenset[str], list[tuple[int, Entry]]]


class Match(NamedTuple):
    """A rule that applies to the words from `first` up to `end`."""

    language: Language
    rule: Rule
    first: int
    end: int


class Found:
    """What stands in one sentence: rules that match, and, once asked for, cues in order.

    `known`: how many of its words are ones of each language that knows any.
    """

    __slots__ = ("_asides", "_cues", "_index", "_spoken", "_words", "known", "matches")

    def __init__(self, index: Index, words: Words) -> None:
        self._index, self._words = index, words
        self.known = index.known(words)
        self._spoken = _spoken(self.known)
        self.matches = index.matches(words, self._spoken)
        self._cues: dict[Language, _Places] = {}
        self._asides: dict[Cue, bool] = {}

    def has(self, cue: Cue) -> bool:
        if cue not in self._asides:
            found = self._index.cues_of(cue).find(self._words, self._spoken)
            self._asides[cue] = next(found, None) is not None
        return self._asides[cue]

    def between(self, language: Language, cue: Cue, start: int, end: int) -> list[tuple[int, int]]:
        """The places of a cue that begin in this stretch of words."""
        if language not in self._cues:
            self._cues[language] = self._places(language)
        places = self._cues[language].get(cue)
        if not places:
            return []
        return places[bisect_left(places, (start, 0)) : bisect_left(places, (end, 0))]

    def _places(self, language: Language) -> _Places:
        places: _Places = defaultdict(list)
        for source, first, end in self._index.cues_of(language).find(self._words, self._spoken):
            if source.cue is not None:
                places[source.cue].append((first, end))
        return places


class Index:
    """`knowing`: the languages that have a word. `cues_of` a language, or of one kind in all:
    sorted when they are first asked for, as few languages are ever written in one place.
    """

    def __init__(self, languages: Iterable[Language]) -> None:
        self._alone: dict[str, list[tuple[Language, Rule]]] = defaultdict(list)
        self._rules = _Finder(_REACH)
        self.cues_of = cache(self._cues_of)
        self._all = tuple(languages)
        self.knowing = lru_cache(maxsize=16_384)(self._know)
        for language in self._all:
            for rule in language.rules:
                for line in rule.alone:
                    self._alone[line].append((language, rule))
                for phrase in rule.phrases:
                    self._rules.add(Source(phrase, language, rule=rule))

    def _cues_of(self, whose: Language | Cue) -> _Finder:
        finder = _Finder(_CONTEXT)
        for language in self._all:
            for cue, phrases in language.cues.items():
                if whose in (language, cue):
                    for phrase in phrases:
                        finder.add(Source(phrase, language, cue=cue))
        return finder

    def _know(self, word: str) -> tuple[Language, ...]:
        return tuple(language for language in self._all if word in language.words)

    def known(self, words: Words) -> Counter[Language]:
        return Counter(chain.from_iterable(map(self.knowing, words)))

    def matches(self, words: Words, spoken: Container[Language]) -> list[Match]:
        matches = [
            Match(language, rule, 0, len(words))
            for language, rule in self._alone.get(" ".join(words[: _LONGEST_ALONE + 1]), ())
        ]
        for source, first, end in self._rules.find(words, spoken):
            if source.rule is not None:
                matches.append(Match(source.language, source.rule, first, end))
        return matches


class _Finder:
    """Finds phrases; where `most` words come again, what begins there is not sought again."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._starting: dict[str, list[Source]] = defaultdict(list)
        self._stems: set[int] = set()
        self._needing: dict[str, set[frozenset[str]]] = defaultdict(set)
        self._entries = lru_cache(maxsize=16_384)(self._look_up)
        self._followed = lru_cache(maxsize=65_536)(self._look_up_two)

    def add(self, source: Source) -> None:
        for start in source.phrase.starts:
            self._starting[start].append(source)
            if start.endswith("*"):
                self._stems.add(len(start))

    def _look_up(self, word: str) -> tuple[Entry, ...]:
        """The entries that may begin with a word; from now on it is known what they need."""
        sources = list(self._starting.get(word, ()))
        for length in sorted(self._stems):
            sources += self._starting.get(word[: length - 1] + "*", ())
        entries = tuple(_entry(each) for each in {id(each): each for each in sources}.values())
        for entry in entries:
            for need in entry.needs:
                self._needing[need].add(entry.needs)
        return entries

    def _look_up_two(self, word: str, following: str) -> _Waiting:
        """The entries that may begin with these two words, in order, by what they need."""
        waiting: _Waiting = {}
        for place, entry in enumerate(self._entries(word)):
            if entry.seconds is None or following in entry.seconds:
                waiting.setdefault(entry.needs, []).append((place, entry))
        return waiting

    def find(self, words: Words, spoken: Container[Language]) -> Iterator[tuple[Source, int, int]]:
        """Each phrase with where it begins and ends, in the order of the words."""
        came = _Repeats(words, self._most).came
        met: set[frozenset[str]] = set()
        for at, waiting in enumerate([*map(self._followed, words, (*words[1:], ""))]):
            if at % _STEP == 0:
                met = self._met(words[at : at + _STEP + _REACH])
            if not waiting or came(at) or met.isdisjoint(waiting):
                continue
            ready = (waiting[needs] for needs in waiting.keys() & met)
            for _, entry in sorted(chain.from_iterable(ready), key=itemgetter(0)):
                if entry.source.language not in spoken:
                    continue
                end = at + 1 if entry.one_word else _end(entry, words, at)
                if end is not None:
                    yield entry.source, at, end

    def _met(self, words: Words) -> set[frozenset[str]]:
        """The needs that these words meet."""
        return _NEEDLESS.union(*(self._needing[word] for word in words if word in self._needing))


def _end(entry: Entry, words: Words, at: int) -> int | None:
    if entry.needs and entry.needs.isdisjoint(words[at : at + entry.reach]):
        return None
    return entry.source.phrase.match(words, at)


def _entry(source: Source) -> Entry:
    phrase = source.phrase
    certain = phrase.needs <= phrase.starts or any(need.endswith("*") for need in phrase.needs)
    needs: frozenset[str] = frozenset() if certain else phrase.needs
    reach = min(phrase.reach(), _REACH)
    return Entry(source, phrase.seconds(), needs, reach, phrase.one_word)


class _All:
    """Holds everything."""

    def __contains__(self, _: object) -> bool:
        return True


def _spoken(known: Counter[Language]) -> Container[Language]:
    """The languages that know a fair share of the words; all, where few words are known."""
    most = max(known.values(), default=0)
    if most < _TELLING:
        return _All()
    return {language for language, count in known.items() if count * _FAIR >= most}


class _Repeats:
    """What was read before in a long sentence: a hostile repetition costs nothing.

    A statement is skipped when its words come again; the words around statements only when far
    more come again, so that a statement that is read always has them.
    """

    __slots__ = ("_before", "_most", "_words")

    def __init__(self, words: Words, most: int) -> None:
        self._words = words if len(words) > _CONTEXT else ()
        self._before: set[Words] = set()
        self._most = most

    def came(self, at: int) -> bool:
        """Whether the same words as from here on were read before."""
        ahead = self._words[at : at + self._most]
        if len(ahead) < self._most:
            return False
        came = ahead in self._before
        self._before.add(ahead)
        return came
