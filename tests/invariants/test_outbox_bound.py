"""I10: whatever is put into an outbox, and however little is read, it stays within its bound."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.chat import outbox
from realtime.chat.follower import Follower, Outgoing, Place
from realtime.chat.outbox import Outbox
from realtime.chat.protocol import START
from realtime.chat.timings import Timings
from tests.invariants.profiles import effort
from tests.invariants.virtual_time import run_virtually

FRAMES, BYTES = 4, 100
steps = st.lists(
    st.tuples(
        st.sampled_from(["put", "put", "put", "reply", "hint", "read", "wait"]),
        st.integers(1, 10) | st.integers(0, 150),
    ),
    max_size=40,
)


async def drive(taken: list[tuple[str, int]]) -> None:
    reading = asyncio.Semaphore(0)
    ended: list[int] = []

    async def send(text: str) -> None:
        await reading.acquire()

    box = Outbox(Timings(), tend=lambda follower: None, end=ended.append)
    follower = Follower(1, "t", box, Place(START))
    writing = asyncio.ensure_future(box.write(send))
    for what, size in taken:
        match what:
            case "put":
                box.put(Outgoing("\u00e9" * (size // 2), follower, follower.queued))
            case "reply" | "hint":
                getattr(box, what)("x" * size)
            case "read":
                reading.release()
            case "wait":
                await asyncio.sleep(size / 5)
        await asyncio.sleep(0)
        check(box)
    writing.cancel()
    box.close()


def check(box: Outbox) -> None:
    waiting = [outbox.size_of(_text(frame)) for _, frame in box._waiting]
    assert len(waiting) <= FRAMES
    # One frame that is larger than all has found an empty outbox, and stands alone in it.
    assert sum(waiting) <= BYTES or len(waiting) == 1
    assert box._size >= sum(waiting)


def _text(frame: str | Outgoing) -> str:
    return frame if isinstance(frame, str) else frame.text


def played(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def main(rng: random.Random) -> None:
        await work()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox, "MAX_FRAMES", FRAMES)
        patch.setattr(outbox, "MAX_BYTES", BYTES)
        run_virtually(main, seed=0)


@effort(150, 3_000)
@given(taken=steps)
def test_an_outbox_stays_within_its_bound(taken: list[tuple[str, int]]) -> None:
    played(lambda: drive(taken))
