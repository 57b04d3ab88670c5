from __future__ import annotations

import pytest

from realtime.chat.levels import KnownLevels


def test_a_server_forgets_the_oldest_and_what_was_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.chat.levels.MOST", 2)
    known = KnownLevels()
    for thread_id in ("a", "b", "c"):
        known.learn(owner_id=1, thread_id=thread_id, level="crisis")
    known.learn(owner_id=1, thread_id="b", level="none")

    assert [known.of(owner_id=1, thread_id=t) for t in "abc"] == ["none", "none", "crisis"]
    assert known.of(owner_id=2, thread_id="c") == "none"
