"""A Postgres and a Valkey that a test may stop, kill and freeze: nobody else's tests use them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psycopg

from config.devtools.binaries import postgres_bin, valkey_bin
from config.devtools.keys import new_secret
from config.devtools.postgres import postgres
from config.devtools.processes import Child, Warden
from config.devtools.valkey import valkey
from tests.support.checkout import here
from tests.support.starter import family


@dataclass
class Service:
    """One server. Each start may give it another port, but the same password."""

    begin: Callable[[], AbstractContextManager[tuple[str, Child]]]
    url: str = ""
    _child: Child | None = None
    _running: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        if self._child is not None and self._child.alive:
            return
        self._running.close()
        self.url, self._child = self._running.enter_context(self.begin())

    def stop(self) -> None:
        """Let it end in its own way."""
        self._running.close()

    def kill(self) -> None:
        """As the kernel would, all its processes at once."""
        self._signal(signal.SIGKILL)
        assert self._child is not None
        self._child.process.wait()

    def pause(self) -> None:
        """It keeps its lines and answers nothing."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        if self._child is not None and self._child.alive:
            self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._child is not None
        for pid in family(self._child.process.pid):  # Postgres has one for each connection
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


@dataclass
class PrivateStack:
    postgres: Service
    redis: Service

    @property
    def services(self) -> tuple[Service, Service]:
        return (self.postgres, self.redis)

    def heal(self) -> None:
        for service in self.services:
            service.go_on()
            service.start()

    @contextmanager
    def sql(self) -> Iterator[psycopg.Connection]:
        """A line of the test's own, past every proxy."""
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            yield connection


@contextmanager
def private_stack(
    guard: Warden, base: Path, *, environment: Mapping[str, str]
) -> Iterator[PrivateStack]:
    """Both, with the tables made. Durable as in production: a commit must outlive a kill."""
    programs = (postgres_bin(here(), os.environ), valkey_bin(here(), os.environ))
    logs = base / "log"
    begin_postgres = partial(postgres, guard, programs[0], base / "pg", logs, durable=True)
    begin_redis = partial(valkey, guard, programs[1], logs, password=new_secret())
    stack = PrivateStack(Service(begin_postgres), Service(begin_redis))
    try:
        stack.heal()
        addresses = {"DATABASE_URL": stack.postgres.url, "REDIS_URL": stack.redis.url}
        command = [sys.executable, "manage.py", "migrate", "-v0"]
        subprocess.run(command, cwd=here().root, env={**environment, **addresses}, check=True)
        yield stack
    finally:
        for service in stack.services:
            service.go_on()
            service.stop()
