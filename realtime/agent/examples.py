"""How counsellors answered similar questions, as a model is told of it in its system message.

The text of an exchange was written by strangers: it is flattened to one line of JSON without
angle brackets, so that nothing in it can end its place and begin to give orders.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from importlib import resources

# Another text, another file, as with the rules (`prompt.py`).
EXAMPLES_VERSION = "examples-1"

_NOTE = resources.files(__package__).joinpath(f"prompts/{EXAMPLES_VERSION}.txt").read_text("utf-8")
_OPEN, _CLOSE = "<examples>\n", "</examples>\n"
_BRACKETS = str.maketrans("<>", "\u2039\u203a")  # single guillemets, which look alike


@dataclass(frozen=True, slots=True)
class Example:
    """A question and one answer to it; `source` says in words whose it is."""

    asked: str
    answered: str
    source: str


def note_of(examples: Sequence[Example]) -> str:
    """The note with these exchanges; nothing at all where there are none."""
    if not examples:
        return ""
    lines = "".join(f"{_line(example)}\n" for example in examples)
    before, after = _NOTE.split(_OPEN + _CLOSE)
    return f"\n{before}{_OPEN}{lines}{_CLOSE}{after}"


def examples_in(prompt: str) -> list[Example]:
    """The exchanges that a system message holds, which is how a demo of ours reads it."""
    _, opened, rest = prompt.partition(f"\n{_OPEN}")
    block, closed, _ = rest.partition(_CLOSE)
    lines = block.splitlines() if opened and closed else []
    return [example for line in lines if (example := _read(line)) is not None]


def _line(example: Example) -> str:
    flat = {name: _flat(text) for name, text in asdict(example).items()}
    return json.dumps(flat, ensure_ascii=False)


def _read(line: str) -> Example | None:
    """None for what no line of ours is."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return None
    names = [field.name for field in fields(Example)]
    if not isinstance(told, dict) or not all(isinstance(told.get(name), str) for name in names):
        return None
    return Example(**{name: told[name] for name in names})


def _flat(text: str) -> str:
    """One line, and no sign that is not seen."""
    seen = "".join(c for c in " ".join(text.split()) if c.isprintable())
    return seen.translate(_BRACKETS)
