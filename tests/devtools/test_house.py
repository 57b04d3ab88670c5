from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from config.devtools import house
from config.devtools.checkout import this_checkout

ROOMS = sorted((this_checkout().root / "config" / "devtools").glob("*.py"))


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, "utf-8")


def function(lines: int) -> str:
    return "async def long():\n" + "    x = 1\n" * (lines - 1)


def test_a_function_of_61_lines_is_named(tmp_path: Path) -> None:
    write(tmp_path, "realtime/chat/a.py", function(61))

    assert house.long_functions(tmp_path) == ["realtime/chat/a.py:1: long has 61 lines"]


def test_a_function_of_60_lines_passes(tmp_path: Path) -> None:
    write(tmp_path, "dev", function(60))

    assert house.long_functions(tmp_path) == []


@pytest.mark.parametrize("place", ["root", "home"])
def test_a_path_of_this_machine_is_named(place: str, tmp_path: Path) -> None:
    root, home = tmp_path / "checkout", tmp_path / "joe"
    named = {"root": root, "home": home}[place]
    write(root, "docs/a.md", f"fine\nsee {named}/notes\n")

    assert house.machine_paths(root, home) == ["docs/a.md:2: names a path of this machine"]


def test_folders_that_are_not_ours_may_name_paths(tmp_path: Path) -> None:
    write(tmp_path, ".venv/bin/pytest", f"#!{tmp_path}/.venv/bin/python\n")

    assert house.machine_paths(tmp_path) == []


@pytest.mark.parametrize("room", ROOMS, ids=lambda path: path.name)
def test_the_doors_rooms_stand_on_the_standard_library(room: Path) -> None:
    nodes = list(ast.walk(ast.parse(room.read_text("utf-8"))))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    froms = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}

    foreign = {name for name in plain | froms if not name.startswith("config.devtools")}

    assert {name.partition(".")[0] for name in foreign} <= sys.stdlib_module_names
