"""Whose words the examples are, and on which terms; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """An import that rows were taken of."""

    id: int
    name: str
    origin: str
    sha256: str
    licence: str = ""
    licence_text: str = ""
    attribution: str = ""
    url: str = ""


_HEAD = """\
Licences of what these examples were made of
============================================

A model that was trained on them may be bound by these terms too. Read them before you publish
the files, or a model. No licence named means that nobody has given you leave.
"""


def render(sources: tuple[Source, ...], rows: Mapping[int, int]) -> str:
    """`rows`: how many examples are of each source, by its id."""
    return "\n".join([_HEAD, *(_told(source, rows.get(source.id, 0)) for source in sources)])


def _told(source: Source, rows: int) -> str:
    facts = [
        f"{source.name} ({rows} examples, {source.attribution or 'no attribution'})",
        f"SHA-256 {source.sha256}",
        *([f"From {source.url}"] if source.url else []),
        f"Licence: {source.licence or 'none named'}",
    ]
    text = source.licence_text.strip()
    return "\n".join(["-" * 72, *facts, *(["", text] if text else []), ""])
