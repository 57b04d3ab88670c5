"""A process that holds a stack as ./dev does, to be killed; and what is left of it afterwards.

As a program, `python -m tests.support.starter BASE`, it starts one, prints the addresses, waits.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from config.devtools.processes import guarded
from config.devtools.stack import stack
from tests.support.checkout import here

_PATIENCE_S = 20


@dataclass
class Starter:
    """A living starter, and all that lived below it when its stack was up."""

    process: subprocess.Popen[str]
    env: dict[str, str]
    guard: int
    family: frozenset[int]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def left(self) -> set[int]:
        """What of the family still lives, after a while to end."""
        deadline = time.monotonic() + _PATIENCE_S
        while (alive := self.living()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return alive

    def living(self) -> set[int]:
        return set(self.family & _parents().keys())


@contextlib.contextmanager
def starter(base: Path) -> Iterator[Starter]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.starter", str(base)],
        cwd=here().root,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    with process.stdout as told:
        up = json.loads(told.readline())
    started = Starter(process, up["env"], up["guard"], frozenset(family(process.pid)))
    try:
        yield started
    finally:
        started.kill()
        for pid in started.living():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def family(root: int) -> set[int]:
    parents = _parents()
    family = {root}
    while grown := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= grown
    return family


def _parents() -> dict[int, int]:
    """The parent of each living process."""
    # After the name, which may hold anything up to its last bracket: state, parent.
    stats = {int(entry.name): _read(entry / "stat").rpartition(b")")[2] for entry in _processes()}
    words = {pid: stat.split() for pid, stat in stats.items() if stat}
    return {pid: int(parent) for pid, (state, parent, *_) in words.items() if state != b"Z"}


def command_lines() -> str:
    """What every user of the machine can read of all processes."""
    return "\n".join(_read(entry / "cmdline").decode("utf-8", "replace") for entry in _processes())


def _processes() -> list[Path]:
    return [entry for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # it ended in between, or is somebody else's


def main(base: Path) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with guarded() as guard, stack(guard, here(), {}, base, durable=False) as services:
        sys.stdout.write(json.dumps({"env": services.env, "guard": guard.process.pid}) + "\n")
        sys.stdout.flush()
        signal.pause()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
