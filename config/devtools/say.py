"""What ./dev tells the person: one line per step, one clear line for trouble.

Everything goes to stderr except results (`ready: ...`), so that `./dev manage` can be piped.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator


class Trouble(Exception):
    """One clear line: the cause and the cure. `code` becomes the exit status."""

    def __init__(self, line: str, *, code: int = 1) -> None:
        super().__init__(line)
        self.code = code


class Stopped(BaseException):
    """SIGTERM or SIGHUP arrived; like KeyboardInterrupt, it passes `except Exception`."""


def note(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def result(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """Show `what ... 1.2 s`, the name first so that a long step is seen working."""
    sys.stderr.write(f"{what} ... ")
    sys.stderr.flush()
    began = time.monotonic()
    try:
        yield
    except BaseException as end:
        note("failed" if isinstance(end, Exception) else "stopped")
        raise
    note(f"{time.monotonic() - began:.1f} s")
