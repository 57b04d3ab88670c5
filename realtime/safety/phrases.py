"""The small language in which patterns are written; pure.

    words that follow each other     (one|another one)     (perhaps)?     begin*
    _ up to two words, __ up to five (never a denial)      {name}: the ways of a word class
    live (!with|in): not when one of these follows

A phrase is a row of such elements, matched word by word. Gaps are bounded and nothing repeats, so
the work at one place of a message has a bound that does not depend on the message's length.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from realtime.safety.clauses import fold

_TOKEN = re.compile(r"\(([^()]*)\)(\?)?|(\{\w+\})(\?)?|(\S+)")
_CLASS = re.compile(r"\{(\w+)\}")
_GAPS = {"_": 2, "__": 5}

Words = tuple[str, ...]


class Ways:
    """Words of which one way must stand at a place."""

    __slots__ = ("exact", "single", "starred")

    def __init__(self, ways: list[str]) -> None:
        rows = [tuple(way.split()) for way in ways]
        self.single = frozenset(row[0] for row, way in zip(rows, ways, strict=True) if _one(way))
        self.exact: dict[str, list[Words]] = defaultdict(list)
        self.starred = tuple(row for row, way in zip(rows, ways, strict=True) if "*" in way)
        for row, way in zip(rows, ways, strict=True):
            if len(row) > 1 and "*" not in way:
                self.exact[row[0]].append(row)
        self.exact = dict(self.exact)

    def ends(self, words: Words, at: int) -> list[int]:
        """Where the ways that stand here end, the longest first."""
        if at >= len(words):
            return []
        word = words[at]
        if not self.starred and word not in self.exact:
            return [at + 1] if word in self.single else []
        found = [at + 1] if word in self.single else []
        if word in self.exact:
            for row in self.exact[word]:
                if words[at : at + len(row)] == row:
                    found.append(at + len(row))
        for row in self.starred:
            if len(words) >= at + len(row) and all(map(_begins, words[at : at + len(row)], row)):
                found.append(at + len(row))
        return sorted(found, reverse=True) if len(found) > 1 else found


@dataclass(frozen=True, slots=True)
class _Element:
    """`ways` perhaps (`optional`) or not to follow (`unless`), or a gap of at most `gap` words."""

    ways: Ways | None = None
    optional: bool = False
    unless: bool = False
    gap: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Phrase:
    """`starts`: the words it may begin with; `needs`: one of these is in every match.

    A start or a need that ends in an asterisk is the beginning of a word. `one_word`: a word of
    `starts` is the whole match. `seconds`: the words one of which comes second; None when any may.
    `words`: all that it may read.
    """

    elements: tuple[_Element, ...]
    denials: Set[str]
    starts: frozenset[str]
    needs: frozenset[str]
    one_word: bool
    seconds: frozenset[str] | None
    words: frozenset[str]

    def match(self, words: Words, at: int = 0) -> int | None:
        """Where a match that begins here ends."""
        return self._rest(words, at, 0)

    def _rest(self, words: Words, at: int, place: int) -> int | None:
        if place == len(self.elements):
            return at
        element = self.elements[place]
        if element.ways is None:
            return self._after_gap(words, at, place)
        ends = element.ways.ends(words, at)
        if element.unless:
            return None if ends else self._rest(words, at, place + 1)
        for each in ends:
            if (end := self._rest(words, each, place + 1)) is not None:
                return end
        return self._rest(words, at, place + 1) if element.optional else None

    def _after_gap(self, words: Words, at: int, place: int) -> int | None:
        for skipped in range(self.elements[place].gap + 1):
            if (end := self._rest(words, at + skipped, place + 1)) is not None:
                return end
            if at + skipped >= len(words) or words[at + skipped] in self.denials:
                return None
        return None


class Reader:
    """Reads the patterns of one language; each group of words is worked out once."""

    def __init__(self, classes: Mapping[str, str], denials: Set[str] = frozenset()) -> None:
        self._classes = classes
        self._denials = denials
        self._read: dict[str, tuple[list[str], Ways]] = {}

    def phrase(self, source: str) -> Phrase:
        """Read one pattern. Raises ValueError when it could match without a word."""
        elements: list[_Element] = []
        starts: set[str] = set()
        needs: frozenset[str] = frozenset()
        every: set[str] = set()
        for group, optional, name, name_optional, word in _TOKEN.findall(source):
            if word in _GAPS or group.startswith("!"):
                if not needs:
                    raise ValueError(f"{source!r} begins with a gap or may match nothing")
                elements.append(
                    _Element(gap=_GAPS[word])
                    if word
                    else _Element(self._ways(group[1:])[1], unless=True)
                )
                continue
            texts, ways = self._ways(word or group or name)
            if not needs:
                starts |= {text.split()[0] for text in texts}
            every.update(word for text in texts for word in text.split())
            perhaps = bool(optional or name_optional)
            elements.append(_Element(ways, optional=perhaps))
            if not perhaps:
                needs = _rarer(needs, frozenset(max(text.split(), key=len) for text in texts))
        if not needs:
            raise ValueError(f"{source!r} may match nothing")
        one_word = len(elements) == 1 and every == starts == needs
        return Phrase(
            tuple(elements),
            self._denials,
            frozenset(starts),
            needs,
            one_word,
            _seconds(elements),
            frozenset(every),
        )

    def single_words(self, sources: list[str]) -> frozenset[str]:
        """The words among the ways of patterns that are one group or word."""
        found: set[str] = set()
        for source in sources:
            tokens = _TOKEN.findall(source)
            if len(tokens) == 1:
                found.update(self._ways("".join(tokens[0][::2]))[0])
        return frozenset(filter(_one, found))

    def _ways(self, source: str) -> tuple[list[str], Ways]:
        if source not in self._read:
            texts = sorted({fold(way) for way in _expanded(source, self._classes)})
            if not all(texts):
                raise ValueError(f"{source!r} has a way without a word")
            self._read[source] = texts, Ways(texts)
        return self._read[source]


def compiled(source: str, classes: Mapping[str, str], denials: Set[str] = frozenset()) -> Phrase:
    return Reader(classes, denials).phrase(source)


def _expanded(source: str, classes: Mapping[str, str]) -> Iterator[str]:
    """Every way, with each way of a class in the place of its name, also within a class."""
    for way in source.split("|"):
        name = _CLASS.search(way)
        if name is None:
            yield way
            continue
        for each in _expanded(classes[name[1]], classes):
            yield from _expanded(way[: name.start()] + each + way[name.end() :], classes)


def _one(way: str) -> bool:
    return " " not in way and "*" not in way


def _begins(word: str, pattern: str) -> bool:
    return word.startswith(pattern[:-1]) if pattern.endswith("*") else word == pattern


def _seconds(elements: list[_Element]) -> frozenset[str] | None:
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


def _firsts(elements: list[_Element]) -> frozenset[str] | None:
    """The words with which these may begin, unless they may be nothing or a gap."""
    found: set[str] = set()
    for element in elements:
        if element.unless:
            continue
        if element.ways is None or element.ways.starred:
            return None
        found |= element.ways.single | element.ways.exact.keys()
        if not element.optional:
            return frozenset(found)
    return None


def _rarer(a: frozenset[str], b: frozenset[str]) -> frozenset[str]:
    """Of two sets the one with longer words: these are rarer."""
    return a if a and min(map(len, a)) >= min(map(len, b)) else b
