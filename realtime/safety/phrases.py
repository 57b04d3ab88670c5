"""The small language in which patterns are written; pure.

    words that follow each other     (one|another one)     (perhaps)?     begin*
    _ up to two words, __ up to five (never a denial)      {name}: the ways of a word class
    live (!with|in): not when one of these follows

A phrase is a row of such elements, matched word by word. Gaps are bounded and nothing repeats, so
the work at one place of a message has a bound that does not depend on the message's length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any

from realtime.safety.clauses import fold_each

_TOKEN = re.compile(r"\(([^()]*)\)(\?)?|(\{\w+\})(\?)?|(\S+)")
_CLASS = re.compile(r"\{(\w+)\}")
_GROWN = re.compile(r"\w\{|\}\w")  # a word that is put together of a class and more
_GAPS = {"_": 2, "__": 5}

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
class _Element:
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

    elements: tuple[_Element, ...]
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


class Reader:
    """Reads the patterns of one language; each group of words is worked out once."""

    def __init__(self, classes: Mapping[str, str]) -> None:
        self._classes = classes
        self._expanded: dict[str, list[str]] = {}
        self._read: dict[str, Ways] = {}
        self._starts: dict[str, frozenset[str]] = {}
        self._used: set[str] = set()

    def phrase(self, source: str, denials: Set[str] = frozenset()) -> Phrase:
        """Read one pattern. Raises ValueError when it could match without a word."""
        elements: list[_Element] = []
        starts: frozenset[str] = frozenset()
        certain = False
        for group, optional, name, name_optional, word in _TOKEN.findall(source):
            if word in _GAPS or group.startswith("!"):
                if not certain:
                    raise ValueError(f"{source!r} begins with a gap or may match nothing")
                elements.append(
                    _Element(gap=_GAPS[word])
                    if word
                    else _Element(self._ways(group[1:]), unless=True)
                )
                continue
            text = word or group or name
            ways = self._ways(text)
            self._used.add(text)
            if not certain:
                starts = starts | self._firsts(text) if starts else self._firsts(text)
            perhaps = bool(optional or name_optional)
            elements.append(_Element(ways, optional=perhaps))
            certain = certain or not perhaps
        if not certain:
            raise ValueError(f"{source!r} may match nothing")
        return Phrase(tuple(elements), denials, starts)

    def words(self) -> frozenset[str]:
        """All that the phrases read so far may read."""
        texts: set[str] = set()
        left, classes = list(self._used), set[str]()
        while left:
            source = left.pop()
            if "{" in source and _GROWN.search(source):
                texts.update(" ".join(self._expand(source)).split())
                continue
            texts.update(_CLASS.sub(" ", source).replace("|", " ").split())
            new = {*_CLASS.findall(source)} - classes if "{" in source else ()
            classes.update(new)
            left += map(self._classes.__getitem__, new)
        return frozenset(" ".join(fold_each(list(texts))).split())

    def single_words(self, sources: list[str]) -> frozenset[str]:
        """The words among the ways of patterns that are one group or word."""
        found: set[str] = set()
        for source in sources:
            tokens = _TOKEN.findall(source)
            if len(tokens) == 1:
                found |= self._ways("".join(tokens[0][::2])).single
        return frozenset(found)

    def _ways(self, source: str) -> Ways:
        if source not in self._read:
            self._read[source] = Ways(partial(self._texts, source))
        return self._read[source]

    def _firsts(self, source: str) -> frozenset[str]:
        """The words with which these ways begin, without putting the rest of them together."""
        if source not in self._starts:
            found: set[str] = set()
            plain: list[str] = []
            for way in source.split("|"):
                first = way.split(maxsplit=1)[0] if way.strip() else ""
                if "{" not in first:
                    plain.append(first)
                elif _CLASS.fullmatch(first):
                    found |= self._firsts(self._classes[first[1:-1]])
                else:
                    found |= self._ways(way).firsts
            folded = [each.split(maxsplit=1) for each in fold_each(plain)] if plain else []
            if not all(folded):
                raise ValueError(f"{source!r} has a way without a word")
            self._starts[source] = frozenset(found.union(each[0] for each in folded))
        return self._starts[source]

    def _texts(self, source: str) -> frozenset[str]:
        texts = frozenset(fold_each(self._expand(source)))
        if not all(texts):
            raise ValueError(f"{source!r} has a way without a word")
        return texts

    def _expand(self, source: str) -> list[str]:
        """Every way, with each way of a class in the place of its name, also within a class."""
        ways = source.split("|")
        if "{" not in source:
            return ways
        expanded: list[str] = []
        for way in ways:
            text, *named = _CLASS.split(way)  # text, then by turns a name and the text after it
            parts = [text]
            for name, after in zip(named[::2], named[1::2], strict=True):
                parts = [part + each + after for part in parts for each in self._class(name)]
            expanded += parts
        return expanded

    def _class(self, name: str) -> list[str]:
        if name not in self._expanded:
            self._expanded[name] = self._expand(self._classes[name])
        return self._expanded[name]


def compiled(source: str, classes: Mapping[str, str], denials: Set[str] = frozenset()) -> Phrase:
    return Reader(classes).phrase(source, denials)


def _begins(word: str, pattern: str) -> bool:
    return word.startswith(pattern[:-1]) if pattern.endswith("*") else word == pattern


def _seconds(elements: tuple[_Element, ...]) -> frozenset[str] | None:
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


def _firsts(elements: tuple[_Element, ...]) -> frozenset[str] | None:
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
