"""What the Dockerfile promises, as far as reading it shows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.devtools.checkout import this_checkout

ROOT = this_checkout().root
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
LAST_STAGE = DOCKERFILE.rpartition("FROM ")[2]
IGNORED = (ROOT / ".dockerignore").read_text("utf-8").splitlines()


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_it_runs_as_a_user_without_rights() -> None:
    assert re.findall(r"^USER (.+)$", LAST_STAGE, re.MULTILINE) == ["10001:10001"]


def test_it_starts_the_server_that_dev_run_starts() -> None:
    assert LAST_STAGE.endswith('CMD ["python", "-m", "config.serve", "--host", "0.0.0.0"]\n')


def test_nothing_goes_in_that_is_not_named() -> None:
    named = {line.removeprefix("!") for line in IGNORED if line.startswith("!")}

    assert IGNORED[1] == "*"
    assert named == {
        "LICENSE",
        "NOTICE",
        "manage.py",
        "requirements.lock",
        "config",
        "realtime",
        "frontend",
    }


@pytest.mark.parametrize("secret", ["**/.env*", "config/devtools", "frontend/node_modules"])
def test_what_lies_in_a_named_folder_and_does_not_belong_there_stays_out(secret: str) -> None:
    assert secret in IGNORED


def test_what_runs_in_it_does_without_the_door_which_stays_out() -> None:
    ours = [*(ROOT / "config").rglob("*.py"), *(ROOT / "realtime").rglob("*.py")]
    inside = [path for path in ours if "devtools" not in path.relative_to(ROOT).parts]

    needing = [
        str(path.relative_to(ROOT))
        for path in inside
        if any(name.startswith("config.devtools") for name in imported(path))
    ]

    assert len(inside) > 100
    assert needing == []
