"""Starts processes that cannot outlive ./dev, and ends them in order."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.devtools import warden
from config.devtools.place import least_room
from config.devtools.say import Trouble

Env = Mapping[str, str]
FULL = "No space left on device"


@dataclass(frozen=True)
class Who:
    """How a command is run as somebody else: by a prefix, or by uid and gid."""

    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None
    owner: int | None = None

    @property
    def file_owner(self) -> int:
        """Whom its files belong to, seen from outside."""
        return next((uid for uid in (self.owner, self.uid) if uid is not None), os.geteuid())

    def popen_arguments(self) -> dict[str, Any]:
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


MYSELF = Who()


@dataclass
class Child:
    """A background process with its log."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path | None = None
    polite: signal.Signals = signal.SIGTERM

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    @property
    def log_text(self) -> str:
        return self.log.read_text("utf-8", "replace") if self.log else ""

    def last_words(self) -> str:
        """One line that says why it ended."""
        code = self.process.poll()
        words = telling_line(self.log_text)
        if FULL in words:
            words = f"the disk is full ({least_room()[1]}): make room and start again"
        return f"{self.name} ended (status {code})" + (f": {words}" if words else "")


@dataclass
class Warden:
    """The guard process, and the only place that starts background processes."""

    process: subprocess.Popen[bytes]
    _children: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def spawn(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path | None = None,
        env: Env | None = None,
        cwd: Path | str | None = None,
        who: Who = MYSELF,
        stdin: int = subprocess.DEVNULL,
        polite: signal.Signals = signal.SIGTERM,
    ) -> Child:
        """Start a background process in the warden's group; its output goes to `log` or on."""
        with contextlib.ExitStack() as stack:
            out = None
            if log:
                log.parent.mkdir(parents=True, exist_ok=True)
                out = stack.enter_context(log.open("wb"))
            process = subprocess.Popen(
                [*who.prefix, *command],
                stdin=stdin,
                stdout=out,
                stderr=out,
                env=env,
                cwd=cwd,
                process_group=self.process.pid,
                **who.popen_arguments(),
            )
        self._children[process.pid] = process
        self.watch(process.pid)
        return Child(name, process, log, polite)

    def end(self, child: Child, *, patience_s: float = 10.0) -> None:
        """Stop a child, harder and harder, and see it gone."""
        for number in (child.polite, signal.SIGQUIT, signal.SIGKILL):
            if not child.alive:
                break
            child.process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(patience_s)
        self.forget(child.process.pid)

    def watch(self, pid: int) -> None:
        self._tell("watch", pid)

    def forget(self, pid: int) -> None:
        self._children.pop(pid, None)
        self._tell("forget", pid)

    def remove_at_end(self, folder: Path) -> None:
        self._tell("remove", str(folder))

    def close(self) -> None:
        """Let the guard end what still runs, and see it gone."""
        assert self.process.stdin
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        while self.alive:
            for child in self._children.values():
                child.poll()  # else its remains look alive to the guard
            time.sleep(0.01)
        for child in self._children.values():
            child.kill()  # if somebody killed the guard before it could
            child.wait()

    def _tell(self, *order: str | int) -> None:
        assert self.process.stdin
        try:
            self.process.stdin.write(json.dumps(order).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Trouble("the guard process was killed: stopping") from None


@contextlib.contextmanager
def guarded(*, hold: Sequence[int] = ()) -> Iterator[Warden]:
    """Keep a warden while the block runs; it holds the locks `hold` until all is down."""
    command = [sys.executable, "-I", "-S", warden.__file__]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        process_group=0,
        pass_fds=hold,
    )
    guard = Warden(process)
    try:
        yield guard
    finally:
        guard.close()


def foreground(guard: Warden, command: Sequence[str], *, env: Env, cwd: Path) -> int:
    """Run a command that owns the terminal; Ctrl-C reaches it and ./dev waits for its answer."""
    process = subprocess.Popen(command, env=env, cwd=cwd)
    guard.watch(process.pid)
    try:
        return _wait_through_interrupts(process)
    finally:
        guard.forget(process.pid)


def _wait_through_interrupts(process: subprocess.Popen[bytes]) -> int:
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            if not os.isatty(0):  # a terminal sends Ctrl-C to the command itself
                process.send_signal(signal.SIGINT)
        except BaseException:
            process.send_signal(signal.SIGINT)
            process.wait()
            raise


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def telling_line(log: str) -> str:
    """Pick the line of a log that names the cause; a full disk is the cause of all after it."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    full = [line for line in lines if FULL in line]
    # npm's first sentence is the cause, after words like `code EUSAGE`.
    npm = [line for line in lines if line.startswith("npm error ") and len(line.split()) > 5]
    marks = ("FATAL:", "PANIC:", "error:", "Error:", "ERROR", "could not", "***")
    causes = [line for line in lines if any(mark in line for mark in marks)]
    return (full or npm[:1] or causes or lines or [""])[-1][:400]


def clean_env(extra: Env | None = None) -> dict[str, str]:
    """The environment for children, without what would point Python at another installation.

    Nor what would forbid it to keep bytecode: a server would then take seconds more to start.
    """
    foreign = {
        *("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"),
        "PYTHONDONTWRITEBYTECODE",
    }
    own = {key: value for key, value in os.environ.items() if key not in foreign}
    return own | dict(extra or {})
