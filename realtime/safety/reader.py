"""Reads patterns into phrases, of each only what is needed until its first word is seen; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from functools import partial

from realtime.safety.clauses import fold_each
from realtime.safety.phrases import Element, Phrase, Ways

_TOKEN = re.compile(r"\(([^()]*)\)(\?)?|(\{\w+\})(\?)?|(\S+)")
_CLASS = re.compile(r"\{(\w+)\}")
_GROWN = re.compile(r"\w\{|\}\w")  # a word that is put together of a class and more
_GAPS = {"_": 2, "__": 5}


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
        elements: list[Element] = []
        starts: frozenset[str] = frozenset()
        certain = False
        for group, optional, name, name_optional, word in _TOKEN.findall(source):
            if word in _GAPS or group.startswith("!"):
                if not certain:
                    raise ValueError(f"{source!r} begins with a gap or may match nothing")
                elements.append(
                    Element(gap=_GAPS[word])
                    if word
                    else Element(self._ways(group[1:]), unless=True)
                )
                continue
            text = word or group or name
            ways = self._ways(text)
            self._used.add(text)
            if not certain:
                starts = starts | self._firsts(text) if starts else self._firsts(text)
            perhaps = bool(optional or name_optional)
            elements.append(Element(ways, optional=perhaps))
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
