"""What the tests and the servers they start find in their environment, whoever calls pytest."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]
ADDRESSES = ("DATABASE_URL", "REDIS_URL")
TOOLS = ("BROWSER_PATH", "PG_BIN", "REDIS_BIN")
OWN = {
    "DEBUG": "1",
    "SECRET_KEY": "test",
    "TIMINGS_SCALE": "0.1",
    # Named by what they hold, so that a later run finds them made.
    "HELP_DIR": str(_ROOT / ".run" / "help-of-tests"),
    # Each worker has a database of its own, and so exchanges of its own to search.
    "INDEX_DIR": str(
        _ROOT / ".run" / f"index-of-tests-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    ),
    # From here on: servers that tests start take it as it is.
    "DJANGO_SETTINGS_MODULE": "config.settings",
}
_EXAMPLE = _ROOT / ".env.example"


def prepare() -> None:
    """Keep the services' addresses, and nothing else of the caller's Kindline: no key, no model.

    Raises pytest.UsageError without the addresses.
    """
    given = {name: _given(name) for name in ADDRESSES}
    if missing := [name for name, url in given.items() if not url]:
        raise pytest.UsageError(
            f"set {' and '.join(missing)} to a Postgres and a Redis for the tests "
            "(postgres://user:password@host:port/name, redis://:password@host:port/0), "
            "or say ./dev test, which starts its own"
        )
    for name in _every_variable() - set(TOOLS):
        for spelled in (name, f"{name}_FILE"):
            os.environ.pop(spelled, None)
    os.environ.update(given | OWN)


def _given(name: str) -> str:
    path = os.environ.get(f"{name}_FILE")
    return (Path(path).read_text("utf-8") if path else os.environ.get(name, "")).strip()


def _every_variable() -> set[str]:
    return set(re.findall(r"^#([A-Z_]+)=", _EXAMPLE.read_text("utf-8"), re.MULTILINE))
