"""manage.py as it is met without ./dev."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings

PATH = {"PATH": os.environ.get("PATH", os.defpath)}


def manage(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *options, "manage.py", "migrate"]
    env = PATH | environment
    return subprocess.run(
        command, cwd=settings.BASE_DIR, env=env, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({}, "SECRET_KEY (or SECRET_KEY_FILE) is not set."),
        ({"SECRET_KEY": "x"}, "DATABASE_URL is not set (postgres://"),
        ({"SECRET_KEY": "x", "DATABASE_URL": "mysql://a@b/c"}, "DATABASE_URL: say an address"),
        ({"SECRET_KEY": "x", "DATABASE_URL": "postgres://h"}, "DATABASE_URL names no database"),
        ({"SECRET_KEY": "x", "DATABASE_URL": "postgres://h/n"}, "REDIS_URL is not set (redis://"),
    ],
)
def test_what_is_missing_is_one_line(given: dict[str, str], named: str) -> None:
    done = manage(**given)

    assert done.returncode == 1
    assert done.stderr.startswith(f"manage.py: {named}")
    assert len(done.stderr.splitlines()) == 1


def test_the_server_says_it_in_one_line_too() -> None:
    command = [sys.executable, "-m", "config.serve", "--port", "1"]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, env=PATH, capture_output=True, text=True, check=False
    )

    assert done.stderr.startswith("kindline: SECRET_KEY (or SECRET_KEY_FILE) is not set.")
    assert len(done.stderr.splitlines()) == 1


def test_without_django_it_says_what_to_install() -> None:
    done = manage("-S", "-I")

    assert done.stderr.endswith(": pip install -r requirements.txt, or say ./dev manage\n")
    assert len(done.stderr.splitlines()) == 1
