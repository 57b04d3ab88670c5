"""Patterns of what an agent says, read word by word as the words come; pure.

The same small language as in `patterns/`:

    words that follow each other     (one|another one)     (perhaps)?     _  up to two words
    {name}: the alternatives of a word class of the file     #  a number in digits

All patterns of all languages are one automaton. After each word it knows where a pattern may
have begun that is still alive. From there a reply is held back, but for one thing: what has only
everyday words so far ("you can", "it is") is let go, and taken back should a pattern come of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from realtime.safety.shadow import LETTER, shadow

WORD = re.compile(rf"(?:\d|{LETTER})+(?:'(?:\d|{LETTER})+)*")
_TOKEN = re.compile(r"\(([^()]*)\)(\?)?|\{(\w+)\}(\?)?|(\S+)")
_CLASS = re.compile(r"\{(\w+)\}")
_GAP = 2
_SHORT = {
    "m": ("am",),
    "ve": ("have",),
    "ll": ("will",),
    "re": ("are",),
    "d": ("would",),
    "s": ("is",),
}
_RUN_TOGETHER = {
    "cannot": ("can", "not"),
    "cant": ("can", "not"),
    "wont": ("will", "not"),
    "dont": ("do", "not"),
    "doesnt": ("does", "not"),
    "didnt": ("did", "not"),
    "isnt": ("is", "not"),
    "arent": ("are", "not"),
    "im": ("i", "am"),
    "ive": ("i", "have"),
    "youre": ("you", "are"),
}


def words_of(word: str) -> tuple[str, ...]:
    """What a word of the shadow says: `can't` is `can not`, `j'ai` is `j ai`."""
    if "'" not in word:
        return _RUN_TOGETHER.get(word) or (word,)
    first, *rest = word.split("'")
    if rest == ["t"]:
        return _RUN_TOGETHER.get(first + "t") or (first.removesuffix("n"), "not")
    if len(rest) == 1 and rest[0] in _SHORT:
        return (first, *_SHORT[rest[0]])
    return (first, *rest)


def folded(text: str) -> list[str]:
    """The words of a pattern, as those of a reply are."""
    plain = shadow(text).plain
    return [word for match in WORD.finditer(plain) for word in words_of(match[0])]


@dataclass(slots=True)
class _Node:
    """`gap`: words of any kind that may still come before one of `next`."""

    next: dict[str, list[_Node]] = field(default_factory=dict)
    begun: frozenset[str] = frozenset()  # beginnings of the words of `next`
    gap: _Node | None = None
    ends: list[int] = field(default_factory=list)


class Live(NamedTuple):
    """A pattern that began at this place and may go on; `telling`: by more than everyday words."""

    node: _Node
    start: int
    telling: bool


class Automaton:
    def __init__(self, everyday: Iterable[str] = ()) -> None:
        self._root = _Node()
        self._everyday = frozenset(everyday)

    def add(self, source: str, classes: Mapping[str, str], number: int) -> None:
        """Add a pattern, `number` for `step`. Raises ValueError if it could match nothing."""
        heads = [self._root]
        for group, optional, name, name_optional, word in _TOKEN.findall(source):
            before = heads
            if word == "_":
                heads = _gapped(heads)
                continue
            ways = _CLASS.sub(lambda m: classes[m[1]], word or group or classes[name]).split("|")
            heads = [_joined(before, [["#"] if way == "#" else folded(way) for way in ways])]
            if optional or name_optional:
                heads = [*before, *heads]
        if self._root in heads:
            raise ValueError(f"{source!r} may match nothing")
        for node in heads:
            node.ends.append(number)

    def close(self) -> None:
        """No more patterns: note how the words begin, for those that come in pieces."""
        seen, ahead = set[int](), [self._root]
        while ahead:
            node = ahead.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            node.begun = frozenset(w[:n] for w in node.next for n in range(1, len(w) + 1))
            ahead += [each for nodes in node.next.values() for each in nodes]
            ahead += [node.gap] if node.gap else []

    def step(
        self, live: Iterable[Live], word: str, at: int
    ) -> tuple[list[Live], list[tuple[int, int]]]:
        """Read a word: what lives on, and the patterns that ended, as (number, first word)."""
        after: dict[tuple[int, int], Live] = {}
        ended: list[tuple[int, int]] = []
        everyday = word in self._everyday
        for node, start, telling in (*live, Live(self._root, at, telling=False)):
            for reached in _reached(node, word):
                key = (id(reached), start)
                if key not in after:
                    told = telling or not (everyday or reached is node.gap)
                    after[key] = Live(reached, start, told)
                    ended += [(number, start) for number in reached.ends]
        return [each for each in after.values() if each.node.next or each.node.gap], ended

    def holds(self, live: Iterable[Live], begun: str, at: int) -> int | None:
        """The first word of a pattern that the word just beginning may still belong to."""
        starts = [
            start
            for node, start, telling in live
            if telling and (not begun or node.gap or begun in node.begun)
        ]
        if begun in self._root.next and begun not in self._everyday:
            starts.append(at)
        return min(starts, default=None)


def _reached(node: _Node, word: str) -> list[_Node]:
    found = list(node.next.get(word, ()))
    if word.isdigit():
        found += node.next.get("#", ())
    return [*found, node.gap] if node.gap else found


def _joined(heads: list[_Node], ways: list[list[str]]) -> _Node:
    """The node after one of these ways: a new one, since what follows is of this pattern alone."""
    reached = _Node()
    for words in ways:
        before = heads
        for word in words[:-1]:
            node = _Node()
            for head in before:
                head.next.setdefault(word, []).append(node)
            before = [node]
        for head in before:
            head.next.setdefault(words[-1], []).append(reached)
    return reached


def _gapped(heads: list[_Node]) -> list[_Node]:
    """Nodes from which up to two words of any kind may come first."""
    reached = list(heads)
    for _ in range(_GAP):
        node = _Node()
        for head in heads:
            head.gap = node
        heads = [node]
        reached.append(node)
    return reached
