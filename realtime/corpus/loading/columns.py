"""Which columns of a file are the question, the answer and the rest: one table of their names."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields

from realtime.corpus.loading.records import plain_name

# Plain names; the first that a file has is taken. Columns that are not here are not read: those
# of profiles (therapistURL ...) are left out on purpose.
ALIASES: dict[str, tuple[str, ...]] = {
    "messages": ("messages",),
    "conversations": ("conversations", "conversation"),
    "question": (
        *("questiontext", "context", "question", "prompt", "query", "input", "instruction"),
        *("user", "patient", "client", "human"),
    ),
    "answer": (
        *("answertext", "response", "answer", "completion", "output", "reply"),
        *("assistant", "counselor", "counsellor", "therapist"),
    ),
    "title": ("questiontitle", "title"),
    "topics": ("topics", "topic"),
    "upvotes": ("upvotes",),
    "link": ("questionlink", "questionurl"),
    # Read to take signatures out of answers, and never kept.
    "writer": ("therapistinfo", "therapistname"),
    "text": ("text",),
}
_COUNSEL_CHAT = {"questiontitle", "questiontext", "answertext"}
SHAPES = {
    "columns": "columns that were named",
    "messages": "chat messages",
    "conversations": "ShareGPT conversations",
    "counsel-chat": "counsel-chat",
    "context-response": "context and response",
    "instruction": "instruction, input and output",
    "pairs": "question and answer",
    "text": "<HUMAN>: and <ASSISTANT>: in one text",
}


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of columns, as a person gave them or as they stand in a file; empty: not said."""

    question: str = ""
    answer: str = ""
    title: str = ""
    topics: str = ""

    def chosen(self) -> dict[str, str]:
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return {role: name for role, name in named.items() if name}


@dataclass(frozen=True, slots=True)
class Shape:
    """`roles`: of what a row is made, and the plain names of the columns that hold it."""

    kind: str
    roles: dict[str, str]


class UnknownShape(Exception):
    """Names of columns that tell neither question nor answer."""


def shape_of(names: Collection[str], chosen: Columns) -> Shape:
    """What a file is, by its columns' plain names. Raises UnknownShape."""
    roles = _known(names) | _chosen(names, chosen)
    kind = "columns" if chosen.question or chosen.answer else _kind(names, roles)
    if kind in ("messages", "conversations", "text"):
        return Shape(kind, {role: roles[role] for role in (kind, "topics") if role in roles})
    if "answer" not in roles or not {"question", "title"} & roles.keys():
        raise UnknownShape(_say(names))
    wanted = ("question", "answer", "title", "topics", "upvotes", "link", "writer", "instruction")
    return Shape(kind, {role: roles[role] for role in wanted if role in roles})


def _kind(names: Collection[str], roles: dict[str, str]) -> str:
    for kind in ("messages", "conversations"):
        if kind in roles:
            return kind
    if "answertext" in names and not _COUNSEL_CHAT.isdisjoint(set(names) - {"answertext"}):
        return "counsel-chat"
    if {"context", "response"} <= set(names):
        return "context-response"
    if "instruction" in names and roles.get("question") == "input":
        roles["instruction"] = "instruction"
        return "instruction"
    if "question" in roles and "answer" in roles:
        return "pairs"
    return "text" if "text" in roles else "pairs"


def _known(names: Collection[str]) -> dict[str, str]:
    found = {}
    for role, aliases in ALIASES.items():
        name = next((alias for alias in aliases if alias in names), None)
        if name is not None:
            found[role] = name
    return found


def _chosen(names: Collection[str], chosen: Columns) -> dict[str, str]:
    found = {}
    for role, column in chosen.chosen().items():
        if plain_name(column) not in names:
            raise UnknownShape(f"there is no column {column!r}; {_say(names)}")
        found[role] = plain_name(column)
    return found


def _say(names: Collection[str]) -> str:
    shown = ", ".join(name[:40] for name in sorted(names)[:20] if name) or "none"
    return f"the columns are {shown}: say --question-column and --answer-column"
