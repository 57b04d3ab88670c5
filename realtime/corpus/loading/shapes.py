"""From a record of any shape to the exchanges in it, as they were written."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from realtime.corpus.loading.columns import Shape
from realtime.corpus.loading.records import Record, text_fault

Turn = dict[str, str]  # {"role": "user" | "assistant", "content": str}
_MOST_UPVOTES = 1_000_000_000
_ROLES = {
    **dict.fromkeys(("user", "human", "prompter", "client", "patient"), "user"),
    **dict.fromkeys(
        ("assistant", "gpt", "bot", "chatgpt", "model", "therapist", "counselor", "counsellor"),
        "assistant",
    ),
    **dict.fromkeys(("system", "developer", "tool", "function", "observation"), ""),
}
_SPEAKER = re.compile(r"(?:<\s*(\w{2,12})\s*>|###\s*(\w{2,12}))\s*:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Raw:
    """One question and answer as written; `writer`: the name of who answered, to be dropped."""

    question: str
    answer: str
    title: str = ""
    history: tuple[Turn, ...] = ()
    topics: tuple[str, ...] = ()
    upvotes: int | None = None
    link: str = ""
    writer: str = ""
    turn: int = 0
    # What the conversation began with: its turns are on one side of a split.
    opening: str = ""


@dataclass(slots=True)
class Fault(Exception):
    reason: str


@dataclass(slots=True)
class Reader:
    """Reads records of one shape. `instructions`: two of them at most; `alone`: whether one was
    the whole of a question."""

    shape: Shape
    without_instruction: bool = False
    instructions: set[str] = field(default_factory=set)
    alone: bool = False

    @property
    def says_nothing(self) -> bool:
        """Whether the instruction is always the same, and something is asked beside it."""
        return len(self.instructions) == 1 and not self.alone

    def read(self, record: Record) -> list[Raw]:
        """Raises Fault with the reason why a record is none of this shape."""
        return _READERS.get(self.shape.kind, _pair)(self, record.values)

    def text(self, values: dict[str, Any], role: str) -> str:
        """A column's text; empty where the file has no such column, or nothing in it."""
        name = self.shape.roles.get(role)
        return _text(values.get(name), name) if name else ""


def _text(value: Any, name: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Fault(f"{name}: a text was expected, not {type(value).__name__}")
    fault = text_fault(value)
    if fault:
        raise Fault(f"{name}: {fault}")
    return value


def _pair(reader: Reader, values: dict[str, Any]) -> list[Raw]:
    instruction = reader.text(values, "instruction")
    for role in ("question", "answer"):
        name = reader.shape.roles.get(role)
        if name and name not in values and not (role == "question" and instruction):
            raise Fault(f"no {name}")
    question = reader.text(values, "question")
    if instruction and len(reader.instructions) < 2:
        reader.instructions.add(instruction)
    if instruction and not question:
        question, reader.alone = instruction, True
    elif instruction and not reader.without_instruction:
        question = f"{instruction}\n\n{question}"
    return [
        Raw(
            question=question,
            answer=reader.text(values, "answer"),
            title=reader.text(values, "title"),
            topics=_topics(reader, values),
            upvotes=_upvotes(reader, values),
            link=_link(reader.text(values, "link")),
            writer=reader.text(values, "writer"),
        )
    ]


def _topics(reader: Reader, values: dict[str, Any]) -> tuple[str, ...]:
    """`counseling-fundamentals` and `Counseling Fundamentals ` are one topic."""
    name = reader.shape.roles.get("topics", "")
    value = values.get(name)
    parts = value if isinstance(value, list) else _text(value, name).split(",")
    topics = (" ".join(_text(part, name).replace("-", " ").lower().split()) for part in parts)
    return tuple(sorted({topic[:100] for topic in topics if topic}))


def _upvotes(reader: Reader, values: dict[str, Any]) -> int | None:
    value = values.get(reader.shape.roles.get("upvotes", ""))
    if value is None or value == "":
        return None
    try:
        count = int(value) if isinstance(value, str | int | float) else -1
    except (ValueError, OverflowError):
        count = -1
    if not 0 <= count <= _MOST_UPVOTES:
        raise Fault(f"upvotes: {str(value)[:40]!r} is no count")
    return count


def _link(text: str) -> str:
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        return ""
    return text.strip()[:500] if parts.scheme in ("http", "https") and parts.netloc else ""


def _messages(reader: Reader, values: dict[str, Any]) -> list[Raw]:
    return _talk(reader, values, "messages", "role", "content")


def _conversations(reader: Reader, values: dict[str, Any]) -> list[Raw]:
    return _talk(reader, values, "conversations", "from", "value")


def _talk(reader: Reader, values: dict[str, Any], column: str, who: str, what: str) -> list[Raw]:
    name = reader.shape.roles[column]
    said = values.get(name)
    if not isinstance(said, list) or not said:
        raise Fault(f"{name}: a list of messages was expected")
    turns = []
    for number, one in enumerate(said, start=1):
        place = f"{name}: message {number}"
        if not isinstance(one, dict) or not isinstance(one.get(who), str):
            raise Fault(f"{place}: no {who!r}")
        if what not in one:
            raise Fault(f"{place}: no {what!r}")
        turns.append((one[who], _content(one[what], place)))
    return _exchanges(turns, name, _topics(reader, values))


def _content(value: Any, place: str) -> str:
    """A message's text, which may come in parts."""
    if not isinstance(value, list):
        return _text(value, place)
    texts = [part.get("text") for part in value if isinstance(part, dict)]
    return "\n\n".join(_text(text, place) for text in texts)


def _labelled(reader: Reader, values: dict[str, Any]) -> list[Raw]:
    text = reader.text(values, "text")
    head, *parts = _SPEAKER.split(text)
    if not parts or head.strip():
        raise Fault("text: must begin with <HUMAN>: and go on with <ASSISTANT>:")
    turns = [(a or b, said.strip()) for a, b, said in zip(*[iter(parts)] * 3, strict=True)]
    return _exchanges(turns, "text", _topics(reader, values))


def _exchanges(turns: list[tuple[str, str]], name: str, topics: tuple[str, ...]) -> list[Raw]:
    """Each reply with what it answers; what was said before is its history."""
    told: list[Turn] = []
    for speaker, text in turns:
        role = _ROLES.get(speaker.strip().lower())
        if role is None:
            raise Fault(f"{name}: nobody known is called {speaker[:40]!r}")
        if not role or not text.strip():
            continue
        if told and told[-1]["role"] == role:
            told[-1] = {"role": role, "content": f"{told[-1]['content']}\n\n{text}"}
        else:
            told.append({"role": role, "content": text})
    return list(_paired(told, topics))


def _paired(told: list[Turn], topics: tuple[str, ...]) -> Iterator[Raw]:
    # What an assistant said before anybody asked is no answer, and nobody would look at it.
    told = list(itertools.dropwhile(lambda one: one["role"] != "user", told))
    opening = told[0]["content"] if told else ""
    turn = 0
    for at in range(1, len(told)):
        if told[at]["role"] == "assistant":
            yield Raw(
                question=told[at - 1]["content"],
                answer=told[at]["content"],
                history=tuple(told[: at - 1]),
                topics=topics,
                turn=turn,
                opening=opening,
            )
            turn += 1


_READERS: dict[str, Callable[[Reader, dict[str, Any]], list[Raw]]] = {
    "messages": _messages,
    "conversations": _conversations,
    "text": _labelled,
}
