"""Runs the uv in .venv."""

from __future__ import annotations

from pathlib import Path

from config.devtools.checkout import Checkout
from config.devtools.processes import Warden
from config.devtools.tools import Distrusted, run_tool


def uv_pip(guard: Warden, checkout: Checkout, name: str, *words: str | Path) -> None:
    """Run `uv pip`, with uv's own list of authorities, then with the system's.

    A minimal system has no list, and a company's proxy stands in the system's alone.
    """
    command = checkout.python_command("-m", "uv", "pip", *words)
    try:
        run_tool(guard, checkout, name, command, fetches=True)
    except Distrusted:
        env = {"UV_SYSTEM_CERTS": "1"}
        run_tool(guard, checkout, name, command, env=env, fetches=True)
