"""The settings as a fresh process reads them from an environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

NAMES = (
    "ALLOWED_HOSTS",
    "ALLOWED_ORIGINS",
    "ALLOW_REHEARSAL",
    "CSRF_COOKIE_SECURE",
    "CSRF_TRUSTED_ORIGINS",
    "SECURE_HSTS_SECONDS",
    "SECURE_SSL_REDIRECT",
    "SESSION_COOKIE_SECURE",
)
NEEDED = {
    "SECRET_KEY": "x",
    "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}
CODE = (
    "import json, config.settings as s;"
    f"print(json.dumps({{name: getattr(s, name) for name in {NAMES}}}))"
)


def read(**environment: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ.get("PATH", os.defpath), **NEEDED, **environment}
    command = [sys.executable, "-c", CODE]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def settings(**environment: str) -> dict[str, Any]:
    done = read(**environment)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_public_https_address_closes_everything_else() -> None:
    found = settings(PUBLIC_URL="https://kindline.example", TRUSTED_PROXIES="10.0.0.1")

    assert found == {
        "ALLOWED_HOSTS": ["kindline.example"],
        "ALLOWED_ORIGINS": ["https://kindline.example"],
        "ALLOW_REHEARSAL": False,
        "CSRF_COOKIE_SECURE": True,
        "CSRF_TRUSTED_ORIGINS": ["https://kindline.example"],
        "SECURE_HSTS_SECONDS": 31_536_000,
        "SECURE_SSL_REDIRECT": True,
        "SESSION_COOKIE_SECURE": True,
    }


def test_an_address_of_this_machine_works_without_tls_and_lets_the_demo_answer() -> None:
    found = settings(PUBLIC_URL="http://127.0.0.1:8000")

    assert found["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    assert found["ALLOW_REHEARSAL"]
    assert not found["SESSION_COOKIE_SECURE"]
    assert not found["CSRF_COOKIE_SECURE"]
    assert not found["SECURE_SSL_REDIRECT"]
    assert found["SECURE_HSTS_SECONDS"] == 0


def test_without_an_address_https_is_taken_for_granted() -> None:
    found = settings(ALLOWED_HOSTS="kindline.example")

    assert found["SESSION_COOKIE_SECURE"]
    assert found["SECURE_SSL_REDIRECT"]
    assert not found["ALLOW_REHEARSAL"]


def test_each_consequence_of_the_address_can_be_overridden() -> None:
    found = settings(
        PUBLIC_URL="https://kindline.example",
        ALLOWED_HOSTS="a.example,b.example",
        ALLOWED_ORIGINS="https://app.example",
        SECURE_SSL_REDIRECT="off",
        SECURE_HSTS_SECONDS="60",
        ALLOW_REHEARSAL="on",
    )

    assert found["ALLOWED_HOSTS"] == ["a.example", "b.example"]
    assert found["ALLOWED_ORIGINS"] == ["https://kindline.example", "https://app.example"]
    assert (found["SECURE_SSL_REDIRECT"], found["SECURE_HSTS_SECONDS"]) == (False, 60)
    assert found["ALLOW_REHEARSAL"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "https://kindline.example"])
def test_a_redirect_nobody_can_follow_stops_the_start(url: str) -> None:
    done = read(PUBLIC_URL=url, SECURE_SSL_REDIRECT="on")

    assert done.returncode != 0
    assert "TRUSTED_PROXIES is not set" in done.stderr


def test_debug_answers_on_this_machine() -> None:
    found = settings(DEBUG="1")

    assert found["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    assert not found["SESSION_COOKIE_SECURE"]
