"""What a Postgres that was killed leaves behind: its pid file, or itself.

Only called while the checkout's lock is held: no living ./dev owns this data directory.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from config.devtools.say import Trouble
from config.devtools.warden import send


def clear(data: Path) -> None:
    """End a Postgres still running on `data`, and remove a pid file that speaks of none."""
    pid_file = data / "postmaster.pid"
    if not pid_file.exists():
        return
    pid = _first_number(pid_file)
    if pid and runs_on(pid, data):
        _end(pid, data)
    # A stranger may have got the number since: Postgres would then refuse to start.
    pid_file.unlink(missing_ok=True)


def runs_on(pid: int, data: Path) -> bool:
    """Say whether this process is a Postgres of this data directory."""
    command = _command_line(pid)
    return bool(command) and "postgres" in command[0] and str(data) in command


def _end(pid: int, data: Path) -> None:
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        send(pid, number)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            if not runs_on(pid, data):
                return
            time.sleep(0.05)
    raise Trouble(f"a Postgres (pid {pid}) still runs on {data} and does not end: stop it")


def _command_line(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return [] if os.path.isdir("/proc/self") else _ask_ps(pid)


def _ask_ps(pid: int) -> list[str]:
    command = ["ps", "-o", "command=", "-p", str(pid)]
    line = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    program, _, rest = line.partition(" -D ")
    return [program, rest.split(" -c ")[0]]


def _first_number(pid_file: Path) -> int:
    words = pid_file.read_text("utf-8", "replace").split()
    return int(words[0]) if words and words[0].isdigit() else 0
