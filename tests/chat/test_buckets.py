from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.chat import buckets
from realtime.chat.buckets import Buckets, Rate

RATE = Rate(per_minute=20, burst=5)


def test_a_burst_passes_and_the_next_waits_for_the_steady_pace() -> None:
    mine = Buckets()

    waits = [mine.wait_s([("p", RATE)], now=100.0) for _ in range(6)]

    assert waits == [0, 0, 0, 0, 0, pytest.approx(3)]


def test_who_waited_as_told_passes_once() -> None:
    mine = Buckets()
    for _ in range(5):
        mine.wait_s([("p", RATE)], now=100.0)

    assert mine.wait_s([("p", RATE)], now=103.0) == 0
    assert mine.wait_s([("p", RATE)], now=103.0) == pytest.approx(3)


def test_one_full_bucket_leaves_the_others_as_they_were() -> None:
    mine = Buckets()
    for _ in range(5):
        mine.wait_s([("full", RATE)], now=100.0)

    assert mine.wait_s([("other", RATE), ("full", RATE)], now=100.0) > 0

    assert [mine.wait_s([("other", RATE)], now=100.0) for _ in range(5)] == [0] * 5


def test_what_is_remembered_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "KEYS", 3)
    mine = Buckets()

    for n in range(10):
        mine.wait_s([(f"p{n}", RATE)], now=100.0)
        mine.remember(f"p{n}", "r")

    assert len(mine._due_at) == len(mine._runs) == 3
    assert mine.knows("p9", "r")


def test_only_the_last_runs_of_a_person_are_known_again() -> None:
    mine = Buckets()

    for n in range(buckets.RUNS + 1):
        mine.remember("p", f"r{n}")

    assert not mine.knows("p", "r0")
    assert mine.knows("p", "r1")


@given(st.lists(st.floats(min_value=0, max_value=30), min_size=1, max_size=60))
def test_nobody_gets_more_than_the_burst_and_the_steady_pace(gaps: list[float]) -> None:
    mine, now, passed = Buckets(), 1000.0, 0
    for gap in gaps:
        now += gap
        passed += mine.wait_s([("p", RATE)], now=now) == 0

    assert passed <= RATE.burst + (now - 1000.0 - gaps[0]) / RATE.interval_s + 1e-6
