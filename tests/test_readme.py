"""What the README shows must work when it is pasted."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import subprocess
import sys

import pytest
from websockets.asyncio.client import ClientConnection, connect

from realtime.provider.config import DEFAULT_MODEL
from tests.support.documents import snippets, text
from tests.support.server import AppServer

README = text("README.md")
PATIENCE_S = 60


async def printed_by(*command: str) -> str:
    done = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.process
async def test_the_python_client_works_when_pasted(app: AppServer) -> None:
    [snippet] = snippets(README, "python")

    pasted = snippet.replace("127.0.0.1:8000", f"127.0.0.1:{app.port}")

    assert await printed_by(sys.executable, "-c", pasted) == "I hear you."


@pytest.mark.process
async def test_the_first_look_by_hand_gets_an_answer(app: AppServer) -> None:
    """The token is fetched as written; what wscat would send goes out without wscat."""
    [snippet] = [each for each in snippets(README, "sh") if "wscat" in each]
    token, wscat = snippet.replace("127.0.0.1:8000", f"127.0.0.1:{app.port}").splitlines()
    words = shlex.split(wscat)
    header, url, frame = (words[words.index(option) + 1] for option in ("-H", "-c", "-x"))

    shown = await printed_by("sh", "-c", f'{token}\nprintf %s "{header}"')
    name, _, value = shown.partition(": ")
    async with connect(url, additional_headers={name: value}, proxy=None) as socket:
        await socket.send(frame)

        assert await reply(socket) == "I hear you."


async def reply(socket: ClientConnection) -> str:
    said = ""
    async with asyncio.timeout(PATIENCE_S):
        async for frame in socket:
            event = json.loads(frame).get("chunk", {})
            said += event.get("delta", "")
            if event.get("type") == "RUN_FINISHED":
                break
    return said


def test_the_client_is_about_fifteen_lines() -> None:
    [snippet] = snippets(README, "python")

    assert len([line for line in snippet.splitlines() if line.strip()]) <= 15


def test_every_variable_of_the_table_is_in_the_example() -> None:
    example = text(".env.example")
    table = README.split("| variable |", 1)[1].split("\n\n", 1)[0]

    for name in re.findall(r"`([A-Z][A-Z_]+)`", table):
        assert f"#{name}=" in example


def test_the_default_model_is_the_one_that_is_named() -> None:
    assert f"| `OPENAI_MODEL` | `{DEFAULT_MODEL}` |" in README
