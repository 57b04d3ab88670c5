"""A private Valkey of one start: 127.0.0.1, a free port, a random password, nothing on disk."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from config.devtools.keys import new_secret
from config.devtools.processes import Child, Warden, free_port
from config.devtools.say import Trouble

_START_S = 20.0


@contextlib.contextmanager
def valkey(
    guard: Warden, program: Path, logs: Path, *, password: str = ""
) -> Iterator[tuple[str, Child]]:
    """Run a server; give its URL and process. `password`: of an earlier start, else a new one."""
    password = password or new_secret()
    for _ in range(3):  # a free port may be taken in between
        port = free_port()
        server = _spawn(guard, program, logs / "valkey.log", port, password)
        if _comes_up(server, port, password):
            break
        guard.end(server)
    else:
        raise Trouble(f"Valkey did not start: {server.last_words()}")
    try:
        yield f"redis://:{password}@127.0.0.1:{port}/0", server
    finally:
        guard.end(server)


def _spawn(guard: Warden, program: Path, log: Path, port: int, password: str) -> Child:
    """Give the configuration on stdin: arguments can be read by everybody."""
    settings = {
        "port": str(port),
        "bind": "127.0.0.1",
        "requirepass": password,
        "save": '""',
        "appendonly": "no",
        "daemonize": "no",
    }
    server = guard.spawn("Valkey", [str(program), "-"], log=log, cwd="/", stdin=subprocess.PIPE)
    assert server.process.stdin
    with contextlib.suppress(BrokenPipeError), server.process.stdin as pipe:
        pipe.write("".join(f"{key} {value}\n" for key, value in settings.items()).encode())
    return server


def _comes_up(server: Child, port: int, password: str) -> bool:
    deadline = time.monotonic() + _START_S
    while server.alive and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if _answers(port, password):
                return True
        time.sleep(0.01)
    return False


def _answers(port: int, password: str) -> bool:
    with socket.create_connection(("127.0.0.1", port), 1) as line:
        line.sendall(f"AUTH {password}\r\nPING\r\n".encode())
        with line.makefile("rb") as answers:
            return (answers.readline(), answers.readline()) == (b"+OK\r\n", b"+PONG\r\n")
