"""Reads a reply for what an agent must not say, word by word; pure.

A phrase that is found condemns the rest of its clause, once that has ended: what stands around it
may show that it was denied, quoted, or harmless.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass

from realtime.safety.phrasing import WORD, Live, words_of
from realtime.safety.shadow import Shadow
from realtime.safety.tongues import Rule, Rulebook, Sign, Tongue

_MAX_WORDS = 60  # of a clause; what is longer is judged in pieces
_LONGEST_WORD = 64  # characters; no phrase has one like that
_WINDOW = 6  # words before a phrase in which a denial counts
_ENDS_SENTENCE = frozenset("!?\n…。！？।؟;")
_ENDS_CLAUSE = frozenset(",:—()[]、，：；“”")
_NEXT = re.compile(rf"({WORD.pattern})|(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Condemned:
    """A passage that must go, by places of the text."""

    start: int
    end: int
    language: str
    category: str


@dataclass(frozen=True, slots=True)
class _Hit:
    rule: Rule
    start: int


@dataclass(frozen=True, slots=True)
class _Seen:
    start: int
    sentence: int


class SpeechReader:
    """`hold`: what stands before it belongs to no phrase that may still be finished."""

    def __init__(self, book: Rulebook) -> None:
        self.settled = self.hold = 0  # settled: the text is read up to here
        self._book = book
        self._live: list[Live] = []
        self._hits: list[_Hit] = []
        self._signs: dict[tuple[str, str], _Seen] = {}
        self._clause: list[tuple[str, int]] = []  # words with their places
        self._previous: deque[str] = deque(maxlen=2)  # clauses, as lines
        self._end = 0  # of the last word
        self._sentence = 0
        self._quoted = False

    def read(self, seen: Shadow, *, final: bool) -> list[Condemned]:
        """The passages condemned since; moves `settled` and `hold` on."""
        found: list[Condemned] = []
        plain, at = seen.plain, seen.at(self.settled)
        begun = ""
        while at < len(plain):
            match = _NEXT.match(plain, at)
            assert match is not None
            if not final and _breaks_off(match, plain):
                begun = match[1] or ""
                break
            if match[1]:
                self._word(match[1], seen.place(at), seen.place_after(match.end()))
                if len(self._clause) > _MAX_WORDS:
                    found += self._close_clause()
            else:
                found += self._sign(match[2], plain[at + 1 : at + 2], seen.place(at))
            at = match.end()
        if final:
            found += self._close_clause()
        self.settled = seen.place(at)
        self.hold = self._held(begun, seen.place(len(plain)))
        return found

    def _held(self, begun: str, end: int) -> int:
        words = words_of(begun) if begun else ("",)
        held = self._book.automaton.holds(self._live, words[0], self.settled)
        starts = [hit.start for hit in self._hits]
        return min([end, *starts, *([] if held is None else [held])])

    def _word(self, word: str, start: int, end: int) -> None:
        self._end = end
        for each in words_of(word):
            self._clause.append((each, start))
            self._live, ended = self._book.automaton.step(self._live, each, start)
            for number, began in ended:
                kind = self._book.kinds[number]
                if isinstance(kind, Rule):
                    self._hits.append(_Hit(kind, began))
                elif not self._denied(self._book.tongues[kind.language], began):
                    self._note(kind, began)

    def _note(self, sign: Sign, start: int) -> None:
        self._signs[sign.language, sign.name] = _Seen(start, self._sentence)
        for rule in self._book.combined:
            if rule.language != sign.language or sign.name not in rule.signs:
                continue
            kinds = [self._signs.get((rule.language, name)) for name in rule.signs]
            near = [one for one in kinds if one and one.sentence >= self._sentence - 1]
            if len(near) == len(rule.signs):
                self._hits.append(_Hit(rule, min(one.start for one in near)))

    def _sign(self, sign: str, after: str, place: int) -> list[Condemned]:
        if sign == '"' or sign in "“”":
            found = self._close_clause()
            self._quoted = sign == "“" or (sign == '"' and not self._quoted)
            return found
        if sign == "." and (after.isalnum() or after == "."):
            return []
        if sign in _ENDS_SENTENCE or sign == ".":
            found = self._close_clause()
            self._live = []
            self._sentence += 1
            self._quoted = self._quoted and sign != "\n"
            return found
        return self._close_clause() if sign in _ENDS_CLAUSE else []

    def _close_clause(self) -> list[Condemned]:
        hits, self._hits = self._hits, []
        found = [
            Condemned(hit.start, self._end, hit.rule.language, hit.rule.category)
            for hit in hits
            if self._stands(hit)
        ]
        self._previous.append(self._line())
        self._clause = []
        return found

    def _line(self) -> str:
        return " " + "".join(word + " " for word, _ in self._clause)

    def _stands(self, hit: _Hit) -> bool:
        """Whether a phrase means what it says."""
        tongue = self._book.tongues[hit.rule.language]
        if self._quoted and not hit.rule.quoted:
            return False
        wide = bool(hit.rule.signs) or tongue.commas_join
        around = "".join([*self._previous, self._line()]) if wide else self._line()
        if hit.rule.unless.search(around):
            return False
        return bool(hit.rule.signs) or not self._denied(
            tongue, hit.start, inside=not hit.rule.outright
        )

    def _denied(self, tongue: Tongue, start: int, *, inside: bool = False) -> bool:
        before = [word for word, at in self._clause if at < start][-_WINDOW:]
        words = before + [w for w, at in self._clause if inside and at >= start]
        line = " " + "".join(word + " " for word in words)
        line = tongue.no_denials.sub("", line)
        return any(word in tongue.denials for word in line.split())


def _breaks_off(match: re.Match[str], plain: str) -> bool:
    """Whether a word or a full stop may still become something else."""
    if match.end() - match.start() > _LONGEST_WORD:
        return False
    rest = plain[match.end() : match.end() + 2]
    return rest in ("", "'") if match[1] else match[2] == "." and not rest
