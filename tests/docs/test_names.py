"""What people may type or set is told, and what is told can be typed or set."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.core.management import get_commands

from config.devtools.commands import COMMANDS
from tests.support.documents import ROOT, markdown_files, text

GUIDES = text("README.md") + text("CONTRIBUTING.md")
READERS = {"get", "getenv", "has", "_is_on", "setdefault", "has_value"}
# The system's own, or handed on by one of our programs to another.
NOT_OURS = {"PATH", "HOME", "TMPDIR", "DJANGO_SETTINGS_MODULE"}
SEVEN = ["django", "channels", "daphne", "channels-redis", "openai", "psycopg", "pytest-asyncio"]
TOP = ["manage.py", "config", "realtime", "frontend", "docker-compose.yml", "requirements.txt"]


def variables(path: Path) -> Iterator[str]:
    """Names that this file reads from an environment."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            last = called.split(".")[-1]
            if last.startswith("env_") or (last in READERS and "env" in ast.unparse(node)):
                yield from constants(node.args)
        elif isinstance(node, ast.Subscript) and re.search(
            r"\benv(iron)?$", ast.unparse(node.value)
        ):
            yield from constants([node.slice] if isinstance(node.ctx, ast.Load) else [])


def constants(nodes: list[ast.expr]) -> Iterator[str]:
    for node in nodes:
        value = node.value if isinstance(node, ast.Constant) else None
        if isinstance(value, str) and re.fullmatch(r"[A-Z][A-Z0-9_]+", value):
            yield value


def read_anywhere() -> set[str]:
    files = [*(ROOT / "config").rglob("*.py"), *(ROOT / "realtime").rglob("*.py")]
    names = {name for path in files for name in variables(path)}
    compose = text("docker-compose.yml")
    names |= set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", compose))
    names |= set(re.findall(r"^ +([A-Z][A-Z_]+):\s*$", compose, re.MULTILINE))
    return names - NOT_OURS


def example() -> dict[str, str]:
    """Each variable of .env.example with the comment nearest above it, in its section."""
    found, comment = {}, ""
    for line in text(".env.example").splitlines():
        if variable := re.match(r"#([A-Z_]+)=", line):
            found[variable[1]] = comment
        elif line.startswith("# "):
            comment = "" if line.startswith("# ---") else line
    return found


def own_commands() -> set[str]:
    return {name for name, app in get_commands().items() if app.startswith("realtime.")}


def test_every_variable_that_is_read_is_in_the_example() -> None:
    assert {"OPENAI_MODEL", "PG_BIN", "BROWSER_PATH", "KINDLINE_PORT"} <= read_anywhere()
    assert {name.removesuffix("_FILE") for name in read_anywhere()} - set(example()) == set()


def test_every_variable_of_the_example_is_explained() -> None:
    assert [name for name, said in example().items() if len(said) < 20] == []


def test_every_word_of_dev_is_told() -> None:
    assert [word for word in COMMANDS if f"./dev {word}" not in GUIDES] == []


def test_every_word_of_dev_that_is_told_exists() -> None:
    for path in markdown_files():
        told = set(re.findall(r"(?<![\w.])\./dev ([a-z][a-z-]*)", path.read_text("utf-8")))

        assert told <= set(COMMANDS), path.name


def test_every_command_of_ours_is_told() -> None:
    assert "import_hotlines" in own_commands()
    assert [name for name in own_commands() if not re.search(rf"\b{name}\b", GUIDES)] == []


def test_every_command_that_is_told_exists() -> None:
    for path in markdown_files():
        prose = path.read_text("utf-8")
        told = set(re.findall(r"(?:manage\.py|\./dev manage) ([a-z][a-z_]*)(?![\w/,])", prose))

        assert told - {"on", "is"} <= set(get_commands()), path.name


def test_the_seven_named_packages_stand_on_top() -> None:
    pinned = re.findall(r"^([\w-]+)(?:\[.*\])?==", text("requirements.txt"), re.MULTILINE)

    assert pinned[: len(SEVEN)] == SEVEN


def test_the_named_top_level_is_there() -> None:
    assert [name for name in [*TOP, "tests", "README.md"] if not (ROOT / name).exists()] == []
