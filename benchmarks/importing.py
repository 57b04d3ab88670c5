"""An import of 100,000 synthetic rows: how long it takes, and the most memory it has at once.

It is the command that people start, in a process of its own. Most of the time is the screen's.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import show
from realtime.corpus import operations
from realtime.corpus.models import Import
from tests.support.checkout import here
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer

ROWS = int(os.environ.get("BENCH_ROWS", "100000"))
_VOCABULARY = 5_000
_QUESTION, _ANSWER = 30, 80  # words


async def measure(server: AppServer, ai: ThreadedOpenAIServer) -> None:
    await asyncio.to_thread(_measure)


def _measure() -> None:
    with TemporaryDirectory(prefix="kindline-bench-") as base:
        path = Path(base) / "synthetic.jsonl"
        _write(path)
        seconds, peak = _run(["dataset", "import", str(path)])
        show(
            f"import of {ROWS:,} rows",
            seconds=seconds,
            rows_a_second=ROWS / seconds,
            MiB_at_most=peak / 1024,
            MB_of_file=path.stat().st_size / 1e6,
        )
        again, _ = _run(["dataset", "import", str(path)])
        show("  the same again", seconds=again)
    for kept in Import.objects.filter(name="synthetic.jsonl"):
        operations.remove_import(import_id=kept.pk)


def _write(path: Path) -> None:
    """Words of which no two rows have the same; their letters are those of English."""
    draw = random.Random(1)
    letters = "eeeetttaaaooiinnsshhrrddlcumwfgypbvk"
    words = ["".join(draw.choices(letters, k=draw.randint(2, 9))) for _ in range(_VOCABULARY)]
    with path.open("w", encoding="utf-8") as file:
        for _ in range(ROWS):
            row = {
                "question": _said(draw, words, _QUESTION),
                "answer": _said(draw, words, _ANSWER),
            }
            file.write(f"{json.dumps(row)}\n")


def _said(draw: random.Random, words: list[str], count: int) -> str:
    parts = draw.choices(words, k=count)
    return ". ".join(" ".join(parts[at : at + 12]) for at in range(0, count, 12)) + "."


def _run(words: list[str]) -> tuple[float, int]:
    """Seconds of a manage.py command, and KiB at most of its largest process."""
    command = [sys.executable, str(here().root / "manage.py"), *words]
    began = time.monotonic()
    with open(os.devnull, "w") as nowhere:
        actions = [(os.POSIX_SPAWN_DUP2, nowhere.fileno(), 1)]
        pid = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
        _, status, used = os.wait4(pid, 0)
    if status:
        raise RuntimeError(f"{' '.join(words)} failed")
    return time.monotonic() - began, used.ru_maxrss
