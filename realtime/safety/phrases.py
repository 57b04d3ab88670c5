"""The small language in which patterns are written; pure.

    words that follow each other     (one|another one)     (perhaps)?     begin*
    _ up to two words, __ up to five (never a denial)      {name}: the ways of a word class
    live (!with|in): not when one of these follows

A phrase is a row of such elements, matched word by word. Gaps are bounded and nothing repeats, so
the work at one place of a message has a bound that does not depend on the message's length.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

_NOWHERE: tuple[int, ...] = ()

Words = tuple[str, ...]


class Ways:
    """Words of which one way must stand at a place, read closely when they are first looked at.

    `firsts`: those it may begin with; `longest`: one of these is in every match; `rarity`: these
    are rarer when they are longer; `most`: how many words the longest way has.
    """

    __slots__ = ("exact", "firsts", "longest", "most", "rarity", "read", "single", "starred")
    exact: dict[str, list[Words]]
    firsts: frozenset[str]
    longest: frozenset[str]
    most: int
    rarity: int
    single: frozenset[str]
    starred: tuple[Words, ...]

    def __init__(self, read: Callable[[], frozenset[str]]) -> None:
        self.read = read

    def __getattr__(self, name: str) -> Any:
        """What is not known yet: most ways are of languages that nobody here ever writes."""
        if name not in self.__slots__:
            raise AttributeError(name)
        self._look()
        return getattr(self, name)

    def _look(self) -> None:
        ways = self.read()
        self.single = frozenset(way for way in ways if " " not in way and "*" not in way)
        rows = [tuple(way.split()) for way in sorted(ways - self.single)]
        self.starred = tuple(row for row in rows if "*" in "".join(row))
        self.exact = {}
        for row in rows:
            if row not in self.starred:
                self.exact.setdefault(row[0], []).append(row)
        self.most = max(map(len, rows), default=1)
        self.firsts = self.single.union(row[0] for row in rows)
        self.longest = self.single.union(max(reversed(row), key=len) for row in rows)
        self.rarity = 0 if self.starred else min(map(len, self.longest))

    def ends(self, words: Words, at: int) -> Sequence[int]:
        """Where the ways that stand here end, the longest first."""
        if at >= len(words):
            return _NOWHERE
        word = words[at]
        if not self.starred and word not in self.exact:
            return (at + 1,) if word in self.single else _NOWHERE
        found = [at + 1] if word in self.single else []
        if word in self.exact:
            for row in self.exact[word]:
                if words[at : at + len(row)] == row:
                    found.append(at + len(row))
        for row in self.starred:
            if len(words) >= at + len(row) and all(map(_begins, words[at : at + len(row)], row)):
                found.append(at + len(row))
        return sorted(found, reverse=True) if len(found) > 1 else found

    def may_begin(self, word: str) -> bool:
        return word in self.firsts or bool(self.starred)


@dataclass(frozen=True, slots=True, eq=False)
class Element:
    """`ways` perhaps (`optional`) or not to follow (`unless`), or a gap of at most `gap` words."""

    ways: Ways | None = None
    optional: bool = False
    unless: bool = False
    gap: int = 0

    def may_begin(self, word: str) -> bool:
        ways = self.ways
        return ways is None or self.optional or self.unless or ways.may_begin(word)


@dataclass(frozen=True, slots=True, eq=False)
class Phrase:
    """`starts`: the words it may begin with. One that ends in an asterisk begins a word."""

    elements: tuple[Element, ...]
    denials: Set[str]
    starts: frozenset[str]

    @property
    def needs(self) -> frozenset[str]:
        """One of these is in every match, or a word that begins so where it has an asterisk."""
        first, *others = (
            each.ways
            for each in self.elements
            if each.ways and not each.optional and not each.unless
        )
        # What it begins with is looked for anyway.
        return max(others, key=attrgetter("rarity"), default=first).longest

    @property
    def one_word(self) -> bool:
        """Whether a word of `starts` is the whole match."""
        return len(self.elements) == 1 and self.reach() == 1

    def reach(self) -> int:
        """Words of the longest match."""
        return sum(each.ways.most if each.ways else each.gap for each in self.elements)

    def seconds(self) -> frozenset[str] | None:
        """The words one of which comes second; None when any may."""
        return _seconds(self.elements)

    def match(self, words: Words, at: int = 0, begin: int = 0) -> int | None:
        """Where a match of the elements from `begin` on, from this word on, ends."""
        for place in range(begin, len(self.elements)):
            element = self.elements[place]
            if element.ways is None:
                return self._after_gap(words, at, place)
            ends = element.ways.ends(words, at)
            if element.unless:
                if ends:
                    return None
            elif element.optional or len(ends) > 1:
                for each in ends:
                    if (end := self.match(words, each, place + 1)) is not None:
                        return end
                if not element.optional:
                    return None
            elif ends:
                at = ends[0]
            else:
                return None
        return at

    def _after_gap(self, words: Words, at: int, place: int) -> int | None:
        if place + 1 == len(self.elements):
            return at
        following = self.elements[place + 1]
        for here in range(at, min(at + self.elements[place].gap, len(words)) + 1):
            word = words[here] if here < len(words) else ""
            if following.may_begin(word):
                end = self.match(words, here, place + 1)
                if end is not None:
                    return end
            if word in self.denials:
                return None
        return None


def _begins(word: str, pattern: str) -> bool:
    return word.startswith(pattern[:-1]) if pattern.endswith("*") else word == pattern


def _seconds(elements: tuple[Element, ...]) -> frozenset[str] | None:
    """The words that may come second in a match, unless it may end or have a gap there."""
    found: set[str] = set()
    for place, element in enumerate(elements):
        if element.ways is None or element.ways.starred:
            return None
        found.update(row[1] for rows in element.ways.exact.values() for row in rows)
        if element.ways.single:
            firsts = _firsts(elements[place + 1 :])
            if firsts is None:
                return None
            found |= firsts
        if not element.optional:
            break
    return frozenset(found)


def _firsts(elements: tuple[Element, ...]) -> frozenset[str] | None:
    """The words with which these may begin, unless they may be nothing or a gap."""
    found: set[str] = set()
    for element in elements:
        if element.unless:
            continue
        if element.ways is None or element.ways.starred:
            return None
        found |= element.ways.firsts
        if not element.optional:
            return (
                element.ways.firsts if len(found) == len(element.ways.firsts) else frozenset(found)
            )
    return None
