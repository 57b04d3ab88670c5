"""One row of a file as plain values, and the rules that hold in every format."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from realtime.corpus.loading.faults import Broken

MOST_CHARACTERS = 16_000_000  # of one row: longer is no row but a broken quote
_SIGNS = re.compile(r"[\s_.-]+")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Record(NamedTuple):
    """`place`: "line 12" or "row 12", as a person finds it. Keys are `plain_name`s."""

    place: str
    values: dict[str, Any]


@lru_cache(maxsize=4096)
def plain_name(column: str) -> str:
    """A column's name without case, blanks and dashes: `Question_Text` is `questiontext`."""
    return _SIGNS.sub("", column.strip().casefold())


def names_of(columns: Iterable[str], place: str) -> list[str]:
    """The plain names of a file's columns. Raises Broken where two are the same."""
    names = [plain_name(column) for column in columns]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise Broken(place, f"the column {', '.join(twice)} stands twice")
    return names


def text_fault(text: str) -> str:
    """Why a text cannot be stored; empty for nearly all."""
    if "\0" in text:
        return "holds a NUL byte"
    if not text.isascii() and _SURROGATE.search(text):
        return "holds half a character (a lone surrogate)"
    return ""
