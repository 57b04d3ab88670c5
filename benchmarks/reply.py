"""The reply filter: what a delta costs it, how much of ordinary replies waits and how long.

Needs neither server nor model: replies are cut into words, a word a delta, at the pace at which
people read. What waits is told in the time from its delta to the one that released it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from time import perf_counter

from benchmarks.figures import quantile, show
from realtime.safety.allowed import Allowed
from realtime.safety.reply import ReplyFilter
from tests.support.checkout import here
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer

PACE = 25  # deltas a second
_DELTA = re.compile(r"\s?[\w'\u2019]+|\s?[^\w\s]|\s+")


async def measure(server: AppServer, ai: ThreadedOpenAIServer) -> None:
    told = json.loads((here().root / "tests/safety/ordinary_replies.json").read_text("utf-8"))
    examples = (here().root / "realtime/safety/replies").glob("*.json")
    wrong = [
        text
        for path in sorted(examples)
        for category, texts in json.loads(path.read_text("utf-8"))["examples"].items()
        for text in texts
        if category != "none"
    ]
    _tell("ordinary replies", told["replies"], Allowed.of(told["allowed"]))
    _tell("replies with a passage replaced", wrong, Allowed())


def _tell(what: str, replies: Sequence[str], allowed: Allowed) -> None:
    spent: list[float] = []
    waits: list[int] = []  # deltas, for each delta
    replaced = 0
    for text in replies:
        reply = ReplyFilter(allowed)
        waits += _waits(reply, _DELTA.findall(text), spent)
        reply.flush()
        replaced += len(reply.replaced)
    held = [wait * 1000 / PACE for wait in waits if wait]
    show(
        what,
        us_a_delta_p50=quantile(spent, 0.5) * 1e6,
        p99=quantile(spent, 0.99) * 1e6,
        ms_held_p50=quantile([wait * 1000 / PACE for wait in waits], 0.5),
        held=f"{100 * len(held) / len(waits):.1f} % of {len(waits)}",
        replaced=replaced,
    )
    show(
        "  what is held of them",
        ms_p50=quantile(held, 0.5),
        p95=quantile(held, 0.95),
        most=max(held, default=0.0),
    )


def _waits(reply: ReplyFilter, deltas: Sequence[str], spent: list[float]) -> Iterator[int]:
    """How many deltas later each was handed over, or replaced."""
    ends: list[int] = []  # of deltas that wait, by place in the text
    came: list[int] = []
    place = 0
    for now, delta in enumerate(deltas):
        place += len(delta)
        ends.append(place)
        came.append(now)
        began = perf_counter()
        reply.feed(delta)
        spent.append(perf_counter() - began)
        while ends and ends[0] <= place - reply.held:
            ends.pop(0)
            yield now - came.pop(0)
    for then in came:
        yield len(deltas) - then
