"""`python -m benchmarks.screen`: how the screen of messages does, by source and by language.

Reads the labelled messages of `tests/safety/data`, prints two tables, judges nothing. The model
was trained on all of them: `python -m benchmarks.linear` holds each source out in turn.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypedDict

from benchmarks.figures import quantile
from realtime.safety.screen import screen

DATA = Path(__file__).parent.parent / "tests" / "safety" / "data"
TRICKY = {"general", "distress_none", "distress", "practical"}  # categories that are not

COLUMNS = (
    "crisis found",
    "explicit",
    "implicit",
    "none called crisis",
    "tricky none called crisis",
    "concern noticed",
)


class Row(TypedDict, total=False):
    text: str
    label: str
    category: str
    signal: str
    lang: str
    source: str


class Judged(TypedDict):
    row: Row
    level: str
    microseconds: float


def main() -> None:
    sources = load()
    judged = {name: judge(rows) for name, rows in sources.items()}
    every = [one for rows in judged.values() for one in rows]
    sys.stdout.writelines(f"{line}\n" for line in table("source", judged))
    sys.stdout.write("\n")
    sys.stdout.writelines(f"{line}\n" for line in table("language", by_language(judged)))
    took = [one["microseconds"] for one in every]
    sys.stdout.write(
        f"\nµs of processor per message: p50 {quantile(took, 0.5):.0f}, "
        f"p99 {quantile(took, 0.99):.0f}, worst {max(took):.0f}; "
        f"worst of hostile messages of 2,000 characters {worst():.0f}\n"
    )


def load() -> dict[str, list[Row]]:
    """The rows of each file; those of the development set by where they come from."""
    sources: dict[str, list[Row]] = {}
    for path in sorted(DATA.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row: Row = json.loads(line)
            name = f"dev: {row['source'].split(' (')[0]}" if path.stem == "dev" else path.stem
            sources.setdefault(name, []).append(row)
    return sources


def judge(rows: Iterable[Row]) -> list[Judged]:
    judged: list[Judged] = []
    for row in rows:
        began = time.process_time()
        level = screen(row["text"]).level
        took = (time.process_time() - began) * 1e6
        judged.append({"row": row, "level": level, "microseconds": took})
    return judged


def share(judged: Sequence[Judged], *levels: str) -> str:
    """`91 [85-95] of 120`: percent at these levels, with Wilson's interval of 95 %."""
    if not judged:
        return "-"
    n, z = len(judged), 1.96
    p = sum(one["level"] in levels for one in judged) / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return f"{100 * p:.0f} [{100 * low:.0f}-{100 * high:.0f}] of {n}"


def worst() -> float:
    """Microseconds for the slowest of the hostile messages, the best of five tries each."""
    from tests.safety.test_linear import HOSTILE

    return max(
        min(judge([{"text": (unit * 2_000)[:2_000]}] * 5), key=_took)["microseconds"]
        for unit in HOSTILE.values()
    )


def _took(judged: Judged) -> float:
    return judged["microseconds"]


def by_language(judged: dict[str, list[Judged]]) -> dict[str, list[Judged]]:
    """Held-out messages and the development set, where a language has any of these; else all."""
    languages: dict[str, list[Judged]] = defaultdict(list)
    unseen: dict[str, list[Judged]] = defaultdict(list)
    for name, rows in judged.items():
        for one in rows:
            languages[one["row"]["lang"]].append(one)
            if name.startswith("held"):
                unseen[f"{one['row']['lang']} held out"].append(one)
    return dict(sorted((languages | unseen).items()))


def table(first: str, groups: dict[str, list[Judged]]) -> Iterable[str]:
    yield f"| {first} | {' | '.join(COLUMNS)} |"
    yield "|---" * (len(COLUMNS) + 1) + "|"
    for name, judged in groups.items():
        crisis, none, concern = (_of(judged, label) for label in ("crisis", "none", "concern"))
        cells = (
            share(crisis, "crisis"),
            *(
                share([one for one in crisis if one["row"].get("signal") == signal], "crisis")
                for signal in ("explicit", "implicit")
            ),
            share(none, "crisis"),
            share([one for one in none if one["row"]["category"] not in TRICKY], "crisis"),
            share(concern, "concern", "crisis"),
        )
        yield f"| {name} | {' | '.join(cells)} |"


def _of(judged: Iterable[Judged], label: str) -> list[Judged]:
    return [one for one in judged if one["row"]["label"] == label]


if __name__ == "__main__":
    main()
