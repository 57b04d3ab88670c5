"""Start ./dev run as a stranger would: wait for `ready:`, ask the pages and the chat, stop it.

`python3 .ci/first_start.py [LIMIT_S]` needs no package. It fails when `ready:` takes longer than
LIMIT_S (90) seconds, and says what it took all the same.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_SLOW = 4  # wait this many limits, so that a slow start has a figure too
_CHAT_S = 120.0
_END_S = 30.0


def main(limit_s: float = 90.0) -> None:
    """Do it, or end with the reason."""
    url = f"http://127.0.0.1:{_free_port()}"
    began = time.monotonic()
    command = ["./dev", "run", "--port", url.rpartition(":")[2]]
    dev = subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True)
    try:
        _await_ready(dev, limit_s * _SLOW)
        took = time.monotonic() - began
        _say(f"ready after {took:.1f} s (limit {limit_s:.0f} s, load {_load()})")
        chat = [".venv/bin/python", ".ci/first_chat.py", url]
        subprocess.run(chat, cwd=_ROOT, check=True, timeout=_CHAT_S)
    finally:
        _stop(dev)
    if took > limit_s:
        sys.exit("first_start: too slow")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_ready(dev: subprocess.Popen[str], patience_s: float) -> None:
    """Read until it says so; one that never does is ended."""
    assert dev.stdout
    clock = threading.Timer(patience_s, dev.terminate)
    clock.start()
    try:
        if not any(line.startswith("ready: ") for line in dev.stdout):
            sys.exit(f"first_start: no `ready:` within {patience_s:.0f} s")
    finally:
        clock.cancel()


def _stop(dev: subprocess.Popen[str]) -> None:
    """Ask it to end as a service manager does; whatever happens, it is gone afterwards."""
    began = time.monotonic()
    dev.terminate()
    try:
        dev.communicate(timeout=_END_S)
    except subprocess.TimeoutExpired:
        dev.kill()
        sys.exit(f"first_start: it still runs {_END_S:.0f} s after SIGTERM")
    _say(f"ended with {dev.returncode} {time.monotonic() - began:.1f} s after SIGTERM")
    if dev.returncode:
        sys.exit(dev.returncode)


def _load() -> str:
    return " ".join(f"{load:.1f}" for load in os.getloadavg())


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


main(*map(float, sys.argv[1:2]))
