"""Ends what ./dev started once ./dev is gone, however it went: kill -9 too.

Run as a script. Its stdin is a pipe whose other end only ./dev holds; what ./dev starts in the
background joins the warden's process group, so nothing can slip out between a start and a report.
Lines on the pipe, each a JSON list, tell the rest:

    ["watch", pid]   a process to wait for; outside the group (pytest, manage) it is ended as well
    ["forget", pid]  it has ended
    ["remove", dir]  delete this folder at the end

End of file is the sign: SIGINT to all, a few seconds' patience (Postgres closes its data, the
server its sockets), then SIGKILL to the group, the warden included.
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

PATIENCE_S = 8.0


def main() -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(ignored, signal.SIG_IGN)
    watched, folders = listen(sys.stdin)
    end(watched)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def listen(lines: Iterable[str]) -> tuple[set[int], list[str]]:
    """Read orders until the other end is closed."""
    watched: set[int] = set()
    folders: list[str] = []
    for line in lines:
        match json.loads(line):
            case ["watch", int(pid)]:
                watched.add(pid)
            case ["forget", int(pid)]:
                watched.discard(pid)
            case ["remove", str(folder)]:
                folders.append(folder)
    return watched, folders


def end(watched: set[int]) -> None:
    """Ask all to end, wait for those that are known, kill those outside the group."""
    outside = {pid for pid in watched if not in_my_group(pid)}
    os.killpg(os.getpgrp(), signal.SIGINT)
    for pid in outside:
        send(pid, signal.SIGINT)
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and any(send(pid, 0) for pid in watched):
        time.sleep(0.05)
    for pid in outside:
        send(pid, signal.SIGKILL)


def in_my_group(pid: int) -> bool:
    try:
        return os.getpgid(pid) == os.getpgrp()
    except ProcessLookupError:
        return True  # gone: nobody to signal


def send(pid: int, number: int) -> bool:
    """Signal a process; False when there is none."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
        return True
    return False


if __name__ == "__main__":
    main()
