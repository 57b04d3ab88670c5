"""What the README shows must work when it is pasted."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from realtime.provider.config import DEFAULT_MODEL
from tests.support.server import AppServer

README = (Path(settings.BASE_DIR) / "README.md").read_text(encoding="utf-8")


@pytest.mark.process
async def test_the_python_client_works_when_pasted(app: AppServer) -> None:
    [snippet] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    pasted = snippet.replace("127.0.0.1:8000", f"127.0.0.1:{app.port}")

    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", pasted],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "I hear you."), done.stderr


def test_the_client_is_about_fifteen_lines() -> None:
    [snippet] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)

    assert len([line for line in snippet.splitlines() if line.strip()]) <= 15


def test_every_variable_of_the_table_is_in_the_example() -> None:
    example = (Path(settings.BASE_DIR) / ".env.example").read_text(encoding="utf-8")
    table = README.split("| variable |", 1)[1].split("\n\n", 1)[0]

    for name in re.findall(r"`([A-Z][A-Z_]+)`", table):
        assert f"#{name}=" in example


def test_the_default_model_is_the_one_that_is_named() -> None:
    assert f"| `OPENAI_MODEL` | `{DEFAULT_MODEL}` |" in README
