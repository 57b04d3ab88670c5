"""The small language in which patterns are written, made into regular expressions; pure.

    words that follow each other     (one|another one)     (perhaps)?     _  up to two words
    {name}: the alternatives of a word class of the file

Expressions hold no repetition but the two optional words of `_`, so none can backtrack far.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from realtime.safety.clauses import fold

_TOKEN = re.compile(r"\(([^()]*)\)(\?)?|(\{\w+\})(\?)?|(\S+)")
_ANY = "(?:[^ ]+ )?(?:[^ ]+ )?"


@dataclass(frozen=True, slots=True)
class Phrase:
    """`anchors`: one of these words is in every match, so that most clauses need no look."""

    expression: re.Pattern[str]
    anchors: frozenset[str]


def compiled(source: str, classes: Mapping[str, str]) -> Phrase:
    """Read one pattern. Raises ValueError when it could match without a word."""
    parts: list[str] = []
    anchors: frozenset[str] = frozenset()
    for group, optional, name, name_optional, word in _TOKEN.findall(source):
        if word == "_":
            parts.append(_ANY)
            continue
        ways = _ways(word or group or classes[name[1:-1]])
        one_of = "(?:" + "|".join(re.escape(way) for way in ways) + ") "
        if optional or name_optional:
            parts.append(f"(?:{one_of})?")
            continue
        parts.append(one_of)
        anchors = _rarer(anchors, frozenset(max(way.split(), key=len) for way in ways))
    if not anchors:
        raise ValueError(f"{source!r} may match nothing")
    return Phrase(re.compile("(?<= )" + "".join(parts)), anchors)


def any_of(sources: Iterable[str], classes: Mapping[str, str]) -> re.Pattern[str]:
    """One expression for many patterns; it matches nothing when there are none."""
    each = [compiled(source, classes).expression.pattern for source in sources]
    return re.compile("|".join(each) if each else "(?!)")


def _ways(source: str) -> list[str]:
    # The longest first: "end it all" is not to be taken for "end it".
    return sorted((fold(way) for way in source.split("|")), key=len, reverse=True)


def _rarer(a: frozenset[str], b: frozenset[str]) -> frozenset[str]:
    """Of two sets the one with longer words: these are rarer."""
    return a if a and min(map(len, a)) >= min(map(len, b)) else b
