"""The small language in which patterns are written, made into regular expressions; pure.

    words that follow each other     (one|another one)     (perhaps)?     begin*
    _ up to two words, __ up to five (never a denial)      {name}: the ways of a word class
    live (!with|in): not when one of these follows

A gap is bounded and its words are parted by spaces, so no expression can backtrack far; and each
is only tried where one of its first words stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass

from realtime.safety.clauses import fold

_TOKEN = re.compile(r"\(([^()]*)\)(\?)?|(\{\w+\})(\?)?|(\S+)")
_CLASS = re.compile(r"\{(\w+)\}")
_GAPS = {"_": 2, "__": 5}


@dataclass(frozen=True, slots=True)
class Phrase:
    """`starts`: the words it may begin with; `needs`: one of these is in every match.

    A start or a need that ends in an asterisk is the beginning of a word. `one_word`: a word of
    `starts` is the whole match. `words`: all that it may read.
    """

    expression: re.Pattern[str]
    starts: frozenset[str]
    needs: frozenset[str]
    one_word: bool
    words: frozenset[str]


def compiled(source: str, classes: Mapping[str, str], denials: Set[str] = frozenset()) -> Phrase:
    """Read one pattern. Raises ValueError when it could match without a word."""
    parts: list[str] = []
    starts: set[str] = set()
    needs: frozenset[str] = frozenset()
    every: list[tuple[str, ...]] = []
    for group, optional, name, name_optional, word in _TOKEN.findall(source):
        if word in _GAPS or group.startswith("!"):
            if not needs:
                raise ValueError(f"{source!r} begins with a gap or may match nothing")
            parts.append(_gap(_GAPS[word], denials) if word else _unless(group[1:], classes))
            continue
        ways = _ways(_expanded(word or group or name, classes))
        if not needs:
            starts |= {way.split()[0] for way in ways}
        one_of = "(?:" + "|".join(map(_expression, ways)) + ")"
        every.append(ways)
        if optional or name_optional:
            parts.append(f"(?:{one_of})?")
            continue
        parts.append(one_of)
        needs = _rarer(needs, frozenset(max(way.split(), key=len) for way in ways))
    if not needs:
        raise ValueError(f"{source!r} may match nothing")
    one_word = len(parts) == 1 and not any(" " in way for way in every[0])
    words = frozenset(word for ways in every for way in ways for word in way.split())
    return Phrase(re.compile("".join(parts)), frozenset(starts), needs, one_word, words)


def single_words(sources: list[str], classes: Mapping[str, str]) -> frozenset[str]:
    """The words among the ways of patterns that are one group or word."""
    found: set[str] = set()
    for source in sources:
        tokens = _TOKEN.findall(source)
        if len(tokens) == 1:
            found.update(_ways(_expanded("".join(tokens[0][::2]), classes)))
    return frozenset(way for way in found if " " not in way and "*" not in way)


def _expanded(source: str, classes: Mapping[str, str]) -> str:
    """With the ways of a class in the place of its name, also within a class."""
    return _CLASS.sub(lambda name: _expanded(classes[name[1]], classes), source)


def _ways(source: str) -> tuple[str, ...]:
    # The longest first: "end it all" is not to be taken for "end it".
    return tuple(
        sorted({fold(way) for way in source.split("|")}, key=lambda way: (-len(way), way))
    )


def _expression(way: str) -> str:
    return re.escape(way).replace(r"\*", "[^ ]*") + " "


def _unless(ways: str, classes: Mapping[str, str]) -> str:
    return "(?!" + "|".join(map(_expression, _ways(_expanded(ways, classes)))) + ")"


def _gap(most: int, denials: Set[str]) -> str:
    word = "[^ ]+ "
    if denials:
        word = "(?!(?:" + "|".join(map(re.escape, sorted(denials))) + f") ){word}"
    return f"(?:{word}){{0,{most}}}"


def _rarer(a: frozenset[str], b: frozenset[str]) -> frozenset[str]:
    """Of two sets the one with longer words: these are rarer."""
    return a if a and min(map(len, a)) >= min(map(len, b)) else b
