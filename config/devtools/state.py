"""Who owns the checkout's own stack just now, so that a second ./dev joins or says so."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from config.devtools.checkout import Checkout
from config.devtools.keys import write_private
from config.devtools.say import Trouble, note

_LAST_END_S = 15.0
_START_S = 120.0


@dataclass(frozen=True)
class Running:
    """A living ./dev: its page, and what joins it must know ({} while it starts)."""

    pid: int
    doing: str
    url: str = ""
    env: dict[str, str] = field(default_factory=dict)


class Busy(Trouble):
    """Another ./dev of this checkout has its own stack up."""

    def __init__(self, running: Running) -> None:
        at = f" at {running.url}" if running.url else ""
        super().__init__(
            f"./dev {running.doing} already runs in this checkout{at} (pid {running.pid}): "
            "use that one, or stop it first"
        )
        self.running = running


@contextlib.contextmanager
def own_stack(checkout: Checkout, running: Running) -> Iterator[int]:
    """Hold the checkout's stack; give the lock's descriptor. Raises Busy."""
    with _lock(checkout.run / "stack.lock", checkout) as held:
        publish(checkout, running)
        try:
            yield held
        finally:
            _file(checkout).unlink(missing_ok=True)


def refuse_second(checkout: Checkout, port: int) -> None:
    """Raise Busy when it is this checkout's own ./dev that listens on `port`."""
    running = _read(checkout)
    if running and running.url.endswith(f":{port}"):
        raise Busy(running)


@contextlib.contextmanager
def set_up(checkout: Checkout) -> Iterator[None]:
    """Let one ./dev at a time install and build."""
    with _opened(checkout.run / "setup.lock") as held:
        if not _taken(held):
            note("waiting for another ./dev to finish installing")
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def publish(checkout: Checkout, running: Running) -> None:
    write_private(_file(checkout), json.dumps(asdict(running)))


def once_up(checkout: Checkout, running: Running) -> Running:
    """Wait until a ./dev that is just starting has its services up."""
    deadline = time.monotonic() + _START_S
    while not running.env:
        if time.monotonic() > deadline or not (now := _read(checkout)):
            raise Busy(running)
        running = now
        time.sleep(0.1)
    return running


@contextlib.contextmanager
def _lock(path: Path, checkout: Checkout) -> Iterator[int]:
    with _opened(path) as held:
        deadline = time.monotonic() + _LAST_END_S
        told = False
        while not _taken(held):
            if running := _read(checkout):
                raise Busy(running)
            if time.monotonic() > deadline:
                raise Trouble(f"{path} is held by a process that does not end")
            if not told:
                note("waiting for the last ./dev to end")
                told = True
            time.sleep(0.05)
        yield held


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(checkout: Checkout) -> Running | None:
    """The owner, if it lives: the file of one that was killed says nothing."""
    try:
        running = Running(**json.loads(_file(checkout).read_text("utf-8")))
        os.kill(running.pid, 0)
    except (FileNotFoundError, ProcessLookupError):
        return None
    except PermissionError:
        pass  # alive, somebody else's
    return running


def _file(checkout: Checkout) -> Path:
    return checkout.run / "stack.json"
