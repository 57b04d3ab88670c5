"""`pytest` without ./dev: two addresses are all it needs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

SHOW = """
from django.conf import settings
import os
def test_shown() -> None:
    left = sorted(name for name in os.environ if name.startswith("OPENAI_"))
    print("shown", settings.TIMINGS_SCALE, settings.MAX_TURNS, os.environ["DEBUG"], left)
"""


@pytest.fixture
def shown(tmp_path: Path) -> Path:
    (tmp_path / "test_shown.py").write_text(SHOW, "utf-8")
    return tmp_path / "test_shown.py"


def run_pytest(test: Path, **given: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", str(test)]
    config = ["-c", str(settings.BASE_DIR / "pyproject.toml"), "--rootdir", str(settings.BASE_DIR)]
    env = {"PATH": os.environ["PATH"], **given}
    return subprocess.run(
        [*command, *config], cwd=settings.BASE_DIR, env=env, capture_output=True, text=True
    )


def addresses() -> dict[str, str]:
    return {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}


@pytest.mark.process
def test_two_addresses_are_enough_and_nothing_else_of_the_callers_reaches_the_tests(
    shown: Path,
) -> None:
    theirs = {"OPENAI_API_KEY": "real", "MAX_TURNS": "1", "DEBUG": "0", "SECRET_KEY_FILE": "/no"}

    done = run_pytest(shown, **addresses(), **theirs)

    assert "shown 0.1 200 1 []" in done.stdout


@pytest.mark.process
def test_an_address_may_come_from_a_file(shown: Path, tmp_path: Path) -> None:
    (tmp_path / "url").write_text(os.environ["DATABASE_URL"] + "\n", "utf-8")

    done = run_pytest(
        shown, DATABASE_URL_FILE=str(tmp_path / "url"), REDIS_URL=os.environ["REDIS_URL"]
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.process
@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({}, "ERROR: set DATABASE_URL and REDIS_URL to a Postgres and a Redis for the tests ("),
        ({"DATABASE_URL": "postgres://h/n"}, "ERROR: set REDIS_URL to a Postgres and a Redis"),
        (
            {"DATABASE_URL": "mysql://h/n", "REDIS_URL": "redis://h"},
            "ERROR: DATABASE_URL: say an address like postgres://",
        ),
    ],
)
def test_what_is_missing_is_one_line(given: dict[str, str], line: str, shown: Path) -> None:
    done = run_pytest(shown, **given)

    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert done.stderr.startswith(line)
    assert len(done.stderr.strip().splitlines()) == 1
