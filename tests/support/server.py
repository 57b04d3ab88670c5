"""Real servers of the application as processes, on the tests' own database."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from django.conf import settings
from django.db import connection

from tests.support.fork_server import FORK_SERVER, Forked

PATIENCE_S = 90


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def database_url() -> str:
    """The tests' database, not the one DATABASE_URL names."""
    d = connection.settings_dict
    password = f":{d['PASSWORD']}" if d["PASSWORD"] else ""
    return f"postgres://{d['USER']}{password}@{d['HOST']}:{d['PORT']}/{d['NAME']}"


COMMANDS = {
    "uvicorn": ["-m", "config.serve", "--port", "{port}", "--grace", "3"],
    "odd tools": ["-m", "tests.support.serve_odd_tools", "--port", "{port}", "--grace", "3"],
    "skewed": ["-m", "tests.support.serve_skewed", "--port", "{port}", "--grace", "3"],
    "daphne": [
        *("-m", "daphne", "-v0", "-b", "127.0.0.1", "-p", "{port}", "config.asgi:application")
    ],
    "runserver": ["manage.py", "runserver", "--noreload", "127.0.0.1:{port}"],
}
FORKED = ("uvicorn", "odd tools")  # the others change, or are, what a fork has loaded already


# What most tests do not ask about: they are many people at one address, and quick.
UNLIMITED = dict.fromkeys(
    (
        "GUESTS_PER_HOUR",
        "SUBMITS_PER_MINUTE",
        "SUBMITS_BURST",
        "SUBMITS_PER_MINUTE_PER_ADDRESS",
        "SOCKETS_PER_PERSON",
        "MAX_LOOP_LAG_MS",
        "RUNS_PER_PERSON",
    ),
    "100000",
)


class AppServer:
    """One server process; `log` holds what it printed."""

    def __init__(self, log: Path, *, kind: str = "uvicorn", **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        self.kind = kind
        self.also: dict[str, str] = {}  # for starts to come
        self._environment = environment
        self._process: subprocess.Popen[bytes] | Forked | None = None
        self._out: IO[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.kill()  # else it holds the tests' database for ever
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        """As `with`, for tests whose own loop has to go on: a proxy before storage, a page."""
        return await asyncio.to_thread(self.__enter__)

    async def __aexit__(self, *error: object) -> None:
        await asyncio.to_thread(self.stop)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """Send it, unless the process has ended: its number may be somebody else's by now."""
        assert self._process is not None
        self._process.send_signal(number)

    def start(self) -> None:
        arguments = [part.format(port=self.port) for part in COMMANDS[self.kind]]
        environment = {
            # Nothing of a developer's own model: tests must not reach it.
            **{k: v for k, v in os.environ.items() if not k.startswith("OPENAI_")},
            "DATABASE_URL": database_url(),
            "REDIS_URL": settings.REDIS_URL,
            "SECRET_KEY": settings.SECRET_KEY,
            "DEBUG": "1",
            **UNLIMITED,
            "PYTHONWARNINGS": "ignore",
            **self._environment,
            **self.also,
        }
        self._closed()  # of a process that ended without being told to by us
        if self.kind in FORKED and FORK_SERVER is not None:
            self._process = FORK_SERVER.start(arguments[1:], environment, self.log)
        else:
            self._out = self.log.open("ab")
            self._process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=settings.BASE_DIR,
                env=environment,
                stdout=self._out,
                stderr=self._out,
            )
        self._wait_until_it_answers()

    def stop(self) -> None:
        """Ask it to end; one that has to be killed is a defect."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()
                said = self.log.read_text()
                raise AssertionError("the server did not end when told to:\n" + said) from None
        self._closed()

    def kill(self) -> None:
        """As the kernel would: no goodbye of any kind."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(10)
        self._closed()

    def _closed(self) -> None:
        if self._out is not None:
            self._out.close()
            self._out = None

    def _wait_until_it_answers(self) -> None:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            assert self._process is not None
            assert self._process.poll() is None, self.log.read_text()
            try:
                with urllib.request.urlopen(f"{self.url}/help", timeout=2):
                    return
            except urllib.error.HTTPError as answered:
                answered.close()  # Python 3.14 warns of one that is left open
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the server did not answer:\n" + self.log.read_text())


def http(method: str, url: str, *, headers: dict[str, str], body: bytes | None = None) -> bytes:
    """One request to one of our servers; raises urllib.error.HTTPError from 400 on."""
    request = urllib.request.Request(url, method=method, headers=headers, data=body)
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
        return bytes(response.read())


def client_token(server: AppServer) -> dict[str, str]:
    """The headers of a new custom client."""
    answer = json.loads(http("POST", f"{server.url}/api/v1/tokens", headers={}, body=b"{}"))
    return {"Authorization": f"Bearer {answer['token']}"}
