"""Ends what ./dev started once ./dev is gone, however it went: kill -9 too.

Run as a script. Its stdin is a pipe whose other end only ./dev holds; what ./dev starts in the
background joins the warden's process group, so nothing can slip out between a start and a report.
Lines on the pipe, each a JSON list, tell the rest:

    ["watch", pid]   a process to wait for; outside the group (pytest, manage) it is ended as well
    ["forget", pid]  it has ended
    ["remove", dir]  delete this folder at the end

End of file is the sign: SIGINT to one after the other, the last started first, as ./dev itself
would (the server closes its sockets, Postgres its data), with some patience for each; then SIGKILL
to the whole group, the warden included.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable

PATIENCE_S = 4.0


def main() -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(ignored, signal.SIG_IGN)
    watched, folders = listen(sys.stdin)
    end(watched)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def listen(lines: Iterable[str]) -> tuple[list[int], list[str]]:
    """Read orders until the other end is closed."""
    watched: list[int] = []
    folders: list[str] = []
    for line in lines:
        match json.loads(line):
            case ["watch", int(pid)]:
                watched.append(pid)
            case ["forget", int(pid)]:
                watched = [other for other in watched if other != pid]
            case ["remove", str(folder)]:
                folders.append(folder)
    return watched, folders


def end(watched: list[int]) -> None:
    """Ask each to end and wait for it; kill those the group's end would not reach."""
    for pid in reversed(watched):
        send(pid, signal.SIGINT)
        deadline = time.monotonic() + PATIENCE_S
        while alive(pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        send(pid, signal.SIGKILL)


def alive(pid: int) -> bool:
    """Say whether it runs; one that waits to be collected does not, and some wait for ever."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", "rb") as stat:
        return stat.read().rpartition(b")")[2].split()[0] != b"Z"
    return send(pid, 0)


def send(pid: int, number: int) -> bool:
    """Signal a process; False when there is none."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
        return True
    return False


if __name__ == "__main__":
    main()
