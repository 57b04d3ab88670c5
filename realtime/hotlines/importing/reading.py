"""From a file to plain values, or to a reason: the data may come from anywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

MOST_BYTES = 5_000_000
_DEEPEST = 12


class ImportRefused(Exception):
    """Nothing was imported; `reasons` names file, row and fault, one line each."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class DataFile:
    name: str
    content: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


class _Loader(yaml.CSafeLoader):
    """SafeLoader that refuses double keys and leaves dates as text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[object] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _fault("a key is not a word", key)
            if key.value in seen:
                raise _fault(f"the key {key.value!r} stands twice", key)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


# Dates stay text (many sources tell only a year or a month).
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def read_file(path: Path) -> DataFile:
    """Read a data file's bytes; a missing, unreadable or huge one is refused."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ImportRefused([f"{path.name}: cannot be read ({error.strerror})"]) from error
    if len(content) > MOST_BYTES:
        raise ImportRefused([f"{path.name}: larger than {MOST_BYTES:,} bytes"])
    return DataFile(path.name, content)


def parse(file: DataFile) -> dict[str, Any]:
    """Parse the YAML of a file whose top is a mapping; anything else is refused."""
    try:
        text = file.content.decode("utf-8")
        _refuse_bombs(text)
        value = yaml.load(text, Loader=_Loader)
    except UnicodeDecodeError as error:
        raise ImportRefused([f"{file.name}: not UTF-8"]) from error
    except yaml.YAMLError as error:
        raise ImportRefused([f"{file.name}: {_where_and_why(error)}"]) from error
    if not isinstance(value, dict):
        raise ImportRefused([f"{file.name}: the top is not a mapping"])
    return value


def _refuse_bombs(text: str) -> None:
    """Refuse aliases (they multiply) and deep nesting (it recurses) before any value is built."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise _fault("aliases (*name) are not allowed", event)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                raise _fault("nested too deeply", event)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _fault(problem: str, place: yaml.Node | yaml.Event) -> yaml.YAMLError:
    # Typed loosely: the stubs know two kinds of marks, the C loader's and the Python one's.
    mark: Any = place.start_mark
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)


def _where_and_why(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    why = getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML"
    return f"line {mark.line + 1}: {why}" if mark else f"not YAML ({why})"
