"""Checks of the house's own rules that no linter knows."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path

LONGEST = 60
_PYTHON = ("config", "realtime", "tests", "dev", "manage.py")
_NOT_OURS = {
    ".git",
    ".venv",
    ".run",
    ".hypothesis",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".import_linter_cache",
    "__pycache__",
    "dist",
    "node_modules",
    "screenshots",
}


def long_functions(root: Path) -> list[str]:
    """One line for each function of more than 60 lines."""
    return [
        f"{path.relative_to(root)}:{function.lineno}: {function.name} has {length} lines"
        for path in _python_files(root)
        for function, length in _functions(path)
        if length > LONGEST
    ]


def machine_paths(root: Path, home: Path | None = None) -> list[str]:
    """One line for each text that names this checkout's place or the user's home."""
    home = home or Path.home()
    # A checkout at /app is no machine's path: images have one too.
    places = [*([root] if len(root.parts) > 2 else []), *([home] if len(home.parts) > 1 else [])]
    named = [f"{place}/" for place in places]
    return [
        f"{path.relative_to(root)}:{number}: names a path of this machine"
        for path in _texts(root)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if any(place in line for place in named)
    ]


def _functions(path: Path) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, int]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node, (node.end_lineno or node.lineno) - node.lineno + 1


def _python_files(root: Path) -> Iterator[Path]:
    for name in _PYTHON:
        place = root / name
        found = (path for path in files(place) if path.suffix == ".py")
        yield from [place] if place.is_file() else found


def _texts(root: Path) -> Iterator[Path]:
    for path in files(root):
        try:
            path.read_text("utf-8")
        except (UnicodeDecodeError, OSError):
            continue
        yield path


def files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(set(folders) - _NOT_OURS)
        yield from (Path(folder, name) for name in sorted(names) if name not in (".env", ".git"))
