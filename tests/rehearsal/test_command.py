from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from pathlib import Path

import openai
import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from realtime.rehearsal.management.commands.rehearsal import Command

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = {
    "SECRET_KEY": "x",
    "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}


@pytest.mark.process
async def test_the_command_serves_without_a_database_until_it_is_told_to_stop() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "manage.py", "rehearsal", "--port", "0", "--pace", "0",
        cwd=ROOT, env={**os.environ, **NOWHERE, "DEBUG": "1"}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        found = re.fullmatch(r"rehearsal: ready (http://127\.0\.0\.1:\d+/v1)\n", line)
        assert found is not None
        async with openai.AsyncOpenAI(api_key="none", base_url=found[1]) as client:
            assert [model.id async for model in client.models.list()] == ["kindline-rehearsal"]
    finally:
        process.send_signal(signal.SIGTERM)
        code = await process.wait()

    assert code == 0


def test_the_command_refuses_where_the_demo_is_not_allowed(settings: Settings) -> None:
    settings.ALLOW_REHEARSAL = False

    with pytest.raises(CommandError, match="ALLOW_REHEARSAL=1"):
        call_command("rehearsal", "--port", "0")


def test_a_busy_port_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with pytest.raises(CommandError, match=f"127.0.0.1:{port}: .*in use"):
            call_command("rehearsal", "--port", str(port))


@pytest.mark.parametrize("host", ["172.18.0.5", "10.89.0.3", "fd00::5"])
def test_the_command_may_listen_inside_a_network_of_containers(host: str) -> None:
    parsed = Command().create_parser("manage.py", "rehearsal").parse_args(["--host", host])

    assert parsed.host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "8.8.8.8", "example.org"])  # noqa: S104 - refused
def test_the_command_listens_on_no_public_address(host: str) -> None:
    with pytest.raises(CommandError, match="neither a loopback nor a private address"):
        call_command("rehearsal", "--host", host)
