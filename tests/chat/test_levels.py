from __future__ import annotations

import pytest

from realtime.chat.levels import KnownLevels
from realtime.safety.rules import Level


def test_a_server_forgets_the_oldest_and_what_was_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.chat.levels.MOST", 2)
    known = KnownLevels()
    for thread_id in ("a", "b", "c"):
        known.learn(owner_id=1, thread_id=thread_id, level="crisis")
    known.forget(owner_id=1, thread_id="b")

    assert [known.of(owner_id=1, thread_id=t) for t in "abc"] == ["none", "none", "crisis"]
    assert known.of(owner_id=2, thread_id="c") == "none"


def test_what_it_knows_only_rises_as_levels_do() -> None:
    """A submit may tell of a level that was raised since it looked."""
    known, told = KnownLevels(), list[Level](("concern", "crisis", "none", "concern"))
    for level in told:
        known.learn(owner_id=1, thread_id="a", level=level)

    assert known.of(owner_id=1, thread_id="a") == "crisis"
