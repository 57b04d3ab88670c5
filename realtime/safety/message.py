"""A message and what was found in it: who is spoken of, when, and whether it is meant; pure."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from typing import NamedTuple

from realtime.safety.clauses import Word, sentences
from realtime.safety.index import Found, Index, Match
from realtime.safety.rules import Cue, Language, Level, load
from realtime.safety.spelling import Spelling

_DENIAL = 6  # words before a match in which a denial is looked for
_CONTEXT = 40  # words around a match in which other cues are looked for
_LONGEST_CUE = 12  # words
_FALLBACK = "others"  # key words of languages that have no file of their own


@dataclass(frozen=True, slots=True)
class Tables:
    languages: tuple[Language, ...]
    index: Index
    spelling: Spelling


@cache
def tables() -> Tables:
    """What all messages are read with: a third of a second's work, once in a process.

    Without looking for garbage meanwhile, nor later: all of it stays, and there is much.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        languages = load()
        vocabulary = frozenset().union(*(language.words for language in languages))
        return Tables(languages, Index(languages), Spelling(languages, vocabulary))
    finally:
        gc.freeze()
        if collects:
            gc.enable()


class Sentence:
    """Words and what was found among them; `after`: the sentence that follows."""

    def __init__(self, words: list[Word]) -> None:
        self.words = words
        self.after: Sentence | None = None
        self._ruled: set[int] | None = None

    @cached_property
    def found(self) -> Found:
        return Found(tables().index, tuple(word.text for word in self.words))

    @cached_property
    def laughed_at(self) -> bool:
        return self.after is not None and len(self.after.words) < 3 and self.after.says("jests")

    def span(self, match: Match) -> tuple[int, int]:
        return self.words[match.first].start, self.words[match.end - 1].end

    def foreign(self, match: Match) -> bool:
        """Whether the matched words are also of a language that more of the sentence is in."""
        if match.language.name == _FALLBACK and self._read_better(match):
            return True
        known = self.found.known
        first, *others = {word.text for word in self.words[match.first : match.end]}
        return any(
            known[language] > known[match.language] and language.words.issuperset(others)
            for language in tables().index.knowing(first)
        )

    def _read_better(self, match: Match) -> bool:
        """Whether a language with a file of its own has rules for some of these words."""
        if self._ruled is None:
            own = (each for each in self.found.matches if each.language.name != _FALLBACK)
            self._ruled = {at for each in own for at in range(each.first, each.end)}
        return not self._ruled.isdisjoint(range(match.first, match.end))

    def around(self, match: Match, cue: Cue) -> bool:
        start, end = match.first - _CONTEXT, match.end + _CONTEXT
        return bool(self.found.between(match.language, cue, start, end))

    def says(self, cue: Cue) -> bool:
        return self.found.has(cue)

    def unquoted(self, language: Language, cue: Cue) -> bool:
        places = self.found.between(language, cue, 0, len(self.words))
        return any(not self.words[first].quoted for first, _ in places)


class Weighed(NamedTuple):
    """A match in the sentence at `place`; `earnest`: said of oneself, now, and not as a joke."""

    place: int
    match: Match
    level: Level
    earnest: bool


class Message:
    def __init__(self, text: str) -> None:
        parts: dict[tuple[str, ...], list[Word]] = {}
        for sentence in sentences(text):
            words = tables().spelling.respelt(sentence)
            # Said twice counts once: a hostile repetition costs nothing.
            parts.setdefault(tuple(word.text for word in words), words)
        self.sentences = [Sentence(words) for words in parts.values()]
        for before, after in pairwise(self.sentences):
            before.after = after

    @cached_property
    def earnest(self) -> bool:
        return any(sentence.says("earnest") for sentence in self.sentences)

    @cached_property
    def weighed(self) -> list[Weighed]:
        """All that was found, in order, with what it weighs."""
        return [
            Weighed(place, match, *self.weigh(sentence, match))
            for place, sentence in enumerate(self.sentences)
            for match in sentence.found.matches
        ]

    def weigh(self, sentence: Sentence, match: Match) -> tuple[Level, bool]:
        """What a match weighs here, and whether it is said of oneself, now and in earnest."""
        asks = _Asks(sentence, match)
        if (
            sentence.foreign(match)
            or asks.harmless()
            or asks.denied()
            or asks.topic()
            or self._quoted(sentence, match, "topics")
        ):
            return "none", False
        aside = asks.of_others() or asks.past() or self._quoted(sentence, match, "others")
        joking = asks.joking() and not self.earnest
        if aside or joking:
            return ("concern" if match.rule.level == "crisis" else match.rule.level), False
        return match.rule.level, True

    def _quoted(self, sentence: Sentence, match: Match, cue: Cue) -> bool:
        """In quotation marks, and outside of them it is said whose words these are."""
        if cue in match.rule.ignores or not sentence.words[match.first].quoted:
            return False
        return any(each.unquoted(match.language, cue) for each in self.sentences)


class _Asks:
    """The questions about one match; each is of a bounded stretch of words."""

    __slots__ = ("_found", "_ignores", "_language", "_match", "_sentence")

    def __init__(self, sentence: Sentence, match: Match) -> None:
        self._sentence, self._match = sentence, match
        self._found, self._language = sentence.found, match.language
        self._ignores = match.rule.ignores

    def harmless(self) -> bool:
        return self._touched("harmless", self._match.first, self._match.end)

    def denied(self) -> bool:
        if "denials" in self._ignores:
            return False
        match = self._match
        if self._at("denials_after", match.end, match.end + 2):
            return True
        near = self._at("denials", match.first - _DENIAL, match.first)
        return any(self._reaches(first, end) for first, end in near if end <= match.first)

    def _reaches(self, first: int, end: int) -> bool:
        """Whether a denial still holds where the match begins."""
        if self._touched("no_denials", first, end) or self._at("joints", end, self._match.first):
            return False
        if any(word.fresh for word in self._sentence.words[end : self._match.first + 1]):
            return False
        restarts = self._at("subjects", end, self._match.first + 1)
        return not restarts or self._touched("far_denials", first, end)

    def topic(self) -> bool:
        return "topics" not in self._ignores and self._sentence.around(self._match, "topics")

    def of_others(self) -> bool:
        """Somebody else was named, and the speaker not since."""
        if "others" in self._ignores:
            return False
        match = self._match
        named = self._at("others", match.first - _CONTEXT, match.first)
        return bool(named) and not self._at("me", named[-1][1], match.end)

    def past(self) -> bool:
        if "past" in self._ignores or not self._sentence.around(self._match, "past"):
            return False
        return not self._sentence.around(self._match, "present")

    def joking(self) -> bool:
        if "jests" in self._ignores:
            return False
        return self._sentence.laughed_at or self._sentence.around(self._match, "jests")

    def _at(self, cue: Cue, start: int, end: int) -> list[tuple[int, int]]:
        return self._found.between(self._language, cue, start, end)

    def _touched(self, cue: Cue, first: int, end: int) -> bool:
        return any(last > first for _, last in self._at(cue, first - _LONGEST_CUE, end))
