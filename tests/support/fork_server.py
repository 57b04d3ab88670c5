"""Starts the application's servers without paying for its imports each time, two of three seconds.

A process that has loaded the libraries, and of the project what is pure, forks for each server;
where an environment comes again, one that has loaded the application too. The child takes its
environment, its log and its arguments and runs the module as `python -m` would. It is a process
like any other, with a pid to signal. The standard library's own forkserver runs functions of
multiprocessing, not modules with an environment of their own.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import django

from realtime.safety.ready import make_ready

# What takes long to import and reads no setting of Django's.
_LIBRARIES = (
    "asgiref.sync",
    "channels.consumer",
    "channels_redis.pubsub",
    "django.contrib.auth.hashers",
    "django.core.management",
    "django.core.serializers.json",
    "django.core.handlers.asgi",
    "django.db.models",
    "django.forms",
    "django.test",
    "limits.aio",
    "msgspec",
    "openai",
    "orjson",
    "procrastinate",
    "psycopg_pool",
    "pydantic",
    "redis.asyncio",
    "uvicorn",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.protocols.websockets.websockets_sansio_impl",
    "uvloop",
)
# What of the project is loaded under an environment; not `config.asgi`, which makes the engine.
_APPLICATION = (
    "config.urls",
    "django.core.asgi",
    "realtime.chat.engine",
    "realtime.chat.routing",
    "realtime.chat.streams",
    "realtime.provider.client",
    "realtime.provider.moderation",
)
_ALIKE = ("config.serve",)  # the others change what they load


class Forked:
    """One server that was forked, with what is used of a Popen."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._fd = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """None while it lives; its code is not ours to know."""
        return 0 if self._ended(0) else None

    def wait(self, timeout: float | None = None) -> int:
        if not self._ended(timeout):
            raise subprocess.TimeoutExpired(f"server {self.pid}", timeout or 0.0)
        return 0

    def send_signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._fd, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def _ended(self, timeout: float | None) -> bool:
        return bool(select.select([self._fd], [], [], timeout)[0])

    def __del__(self) -> None:
        os.close(self._fd)


class ForkServer:
    """The forking process of this test run; it begins with the first server and ends with us."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, arguments: Sequence[str], env: Mapping[str, str], log: Path) -> Forked:
        """Run `python -m *arguments`."""
        asked = {"arguments": list(arguments), "env": dict(env), "log": str(log)}
        with self._lock:
            process = self._running()
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(asked).encode() + b"\n")
            process.stdin.flush()
            return Forked(int(process.stdout.readline()))

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.fork_server"],
                cwd=Path(__file__).parents[2],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            atexit.register(self._process.communicate)
        return self._process


def main() -> None:
    """Fork for each line on stdin; kill what is left when it ends."""
    for name in _LIBRARIES:
        importlib.import_module(name)
    make_ready()
    gc.freeze()
    seen, warm = set[str](), dict[str, _Warm]()
    with _Children() as children:
        for line in sys.stdin.buffer:
            asked = json.loads(line)
            env = json.dumps(asked["env"], sort_keys=True)
            if env in seen and asked["arguments"][0] in _ALIKE:
                pid = (warm.get(env) or warm.setdefault(env, _Warm(asked, children))).start(line)
            else:
                pid = children.fork(functools.partial(_become, asked))
            seen.add(env)
            os.write(1, f"{pid}\n".encode())


class _Children:
    """Processes of this one, which end with it."""

    def __init__(self) -> None:
        self._pids: dict[int, signal.Signals] = {}  # and what ends them

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for pid, end in self._pids.items():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, end)

    def fork(self, life: Callable[[], None], *, end: signal.Signals = signal.SIGKILL) -> int:
        """Lead `life` in a child, which is over with it."""
        self._pids = {p: e for p, e in self._pids.items() if not os.waitpid(p, os.WNOHANG)[0]}
        if not (pid := os.fork()):
            self._pids.clear()  # they are its parent's
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            life()
            sys.exit()
        self._pids[pid] = end
        return pid


class _Warm:
    """A process that has loaded the application under one environment, and forks for each server.

    It begins with the second server of an environment: most are asked for once.
    """

    def __init__(self, asked: dict[str, Any], children: _Children) -> None:
        (orders, self._orders), (self._pids, pids) = os.pipe(), os.pipe()
        life = functools.partial(self._serve, asked, orders, pids)
        children.fork(life, end=signal.SIGTERM)  # so that its own children end with it
        os.close(orders)
        os.close(pids)

    def start(self, line: bytes) -> int:
        os.write(self._orders, line)
        return int(os.read(self._pids, 32))

    def _serve(self, asked: dict[str, Any], orders: int, pids: int) -> None:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        _dress(asked)
        django.setup()
        for name in _APPLICATION:
            importlib.import_module(name)
        gc.freeze()
        with _Children() as children, open(orders, "rb") as lines:
            for line in lines:
                pid = children.fork(functools.partial(_become, json.loads(line)))
                os.write(pids, f"{pid}\n".encode())


def _become(asked: dict[str, Any]) -> None:
    _dress(asked)
    module, *arguments = asked["arguments"]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _dress(asked: dict[str, Any]) -> None:
    """Take the environment, the log and nothing to read."""
    os.environ.clear()
    os.environ.update(asked["env"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(asked["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for fd, own in ((0, nothing), (1, log), (2, log)):
        os.dup2(own, fd)
    if asked["env"].get("PYTHONWARNINGS") == "ignore":
        warnings.simplefilter("ignore")


FORK_SERVER = ForkServer() if hasattr(os, "pidfd_open") else None  # Linux has it


if __name__ == "__main__":
    main()
