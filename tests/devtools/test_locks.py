from __future__ import annotations

from pathlib import Path

import pytest

from config.devtools.checkout import this_checkout
from config.devtools.locks import Lock, stale


@pytest.fixture
def lock(tmp_path: Path) -> Lock:
    """A lock that is current, of a list that includes another."""
    (tmp_path / "base.txt").write_text("django==5.2.19\n", "utf-8")
    (tmp_path / "dev.txt").write_text("# tools\n-r base.txt\nruff==0.17.6\n", "utf-8")
    made = Lock(tmp_path / "dev.txt", tmp_path / "dev.lock")
    made.target.write_text(made.mark() + "django==5.2.19\nruff==0.17.6\n", "utf-8")
    return made


def test_a_lock_stays_current_when_only_a_comment_changes(lock: Lock) -> None:
    lock.source.write_text("-r base.txt # all of it\n\nruff==0.17.6\n", "utf-8")

    assert lock.is_current()


def test_a_lock_is_stale_when_a_version_changes(lock: Lock) -> None:
    lock.source.write_text("-r base.txt\nruff==0.17.7\n", "utf-8")

    assert not lock.is_current()


def test_a_lock_is_stale_when_an_included_list_changes(lock: Lock, tmp_path: Path) -> None:
    (tmp_path / "base.txt").write_text("django==5.2.20\n", "utf-8")

    assert not lock.is_current()


def test_a_missing_lock_is_stale(lock: Lock) -> None:
    lock.target.unlink()

    assert not lock.is_current()


def test_the_projects_locks_are_current() -> None:
    assert stale(this_checkout()) == []
