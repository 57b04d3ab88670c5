"""What the machine may not come to in a short time: told step by step.

And each part of the append's fence is needed: without it the world of the machine notices.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from psycopg.errors import IntegrityError, LockNotAvailable

from realtime.chat import log
from tests.invariants.log_world import World

WORDS = [("words", "a"), ("words", "b")]


@pytest.fixture
def begun(world: World) -> World:
    """A reply of process 0, with its first words in the log."""
    world.ask("t")
    world.claim(0)
    world.owners[0].say_all(WORDS)
    world.flush(0)
    return world


def a_zombie_comes_back(world: World) -> None:
    world.kill(0)
    world.steal(1)
    world.write_as_a_zombie(0)


def a_statement_comes_late(world: World) -> None:
    world.owners[0].say_all(WORDS)
    world.lose_a_statement(0)
    world.inquire(0)
    world.flush(0)
    world.write_as_a_zombie(0)


def an_owner_writes_after_its_end(world: World) -> None:
    world.owners[0].end("completed")
    world.flush(0)
    world.write_as_a_zombie(0)


def a_stop_holds_the_run(world: World) -> None:
    [run] = world.runs.values()
    world.hold(world.stop(run.submission))
    world.owners[0].say_all(WORDS)
    world.flush(0)
    world.let_go(commit=True)


def an_owner_goes_on(world: World) -> None:
    world.owners[0].say_all(WORDS)
    world.flush(0)


def somebody_stops_it(world: World) -> None:
    [run] = world.runs.values()
    world.perform(world.stop(run.submission))


def an_answer_is_lost(world: World) -> None:
    world.owners[0].say_all(WORDS)
    world.lose_an_answer(0)
    world.owners[0].say_all(WORDS)
    world.inquire(0)
    an_owner_writes_after_its_end(world)


def a_statement_is_lost(world: World) -> None:
    world.owners[0].say_all(WORDS)
    world.lose_a_statement(0)
    world.owners[0].say_all([("next", ""), *WORDS])
    world.inquire(0)
    world.flush(0)
    an_owner_writes_after_its_end(world)


def an_answer_is_lost_and_the_run_too(world: World) -> None:
    world.owners[0].say_all(WORDS)
    world.lose_an_answer(0)
    world.lose_leases(0)
    world.steal(1)
    world.inquire(0)
    world.flush(1)
    world.flush(0)


def an_owner_asks_for_its_own_run(world: World) -> None:
    world.lose_leases(0)
    world.steal(0)
    an_owner_goes_on(world)


def who_lost_the_run_counts_an_attempt(world: World) -> None:
    world.lose_leases(0)
    world.steal(1)
    world.break_off(0)


def who_lost_the_run_hands_it_over(world: World) -> None:
    world.lose_leases(0)
    world.steal(1)
    world.hand_over(0)
    world.steal(2)
    world.flush(1)


def a_reply_breaks_off_and_begins_again(world: World) -> None:
    world.break_off(0)
    world.owners[0].say_all([*WORDS, ("call", "{}"), ("result", ""), ("result", "[]")])
    world.flush(0)
    world.break_off(0)
    an_owner_writes_after_its_end(world)


Drive = Callable[[World], None]
FENCES: dict[Drive, tuple[str, str]] = {
    a_zombie_comes_back: ("lck.epoch = b.epoch AND ", ""),
    a_statement_comes_late: ("lck.last_seq = b.old_seq AND ", ""),
    an_owner_writes_after_its_end: ("AND lck.state = b.was", ""),
    an_owner_goes_on: ("last_seq = b.new_seq", "last_seq = r.last_seq"),
    somebody_stops_it: ("epoch = b.next_epoch", "epoch = r.epoch"),
    a_stop_holds_the_run: ("FOR NO KEY UPDATE SKIP LOCKED", ""),
}
OTHERS: list[Drive] = [
    an_answer_is_lost,
    a_statement_is_lost,
    an_answer_is_lost_and_the_run_too,
    an_owner_asks_for_its_own_run,
    who_lost_the_run_counts_an_attempt,
    who_lost_the_run_hands_it_over,
    a_reply_breaks_off_and_begins_again,
]


def name_of(drive: Drive) -> str:
    return drive.__name__


@pytest.mark.parametrize("drive", [*FENCES, *OTHERS], ids=name_of)
def test_the_log_bears_it(drive: Drive, begun: World) -> None:
    drive(begun)

    begun.check()
    begun.read(2)


@pytest.mark.parametrize("drive", FENCES, ids=name_of)
def test_without_its_fence_it_is_found_out(
    drive: Drive, begun: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert FENCES[drive][0] in log.APPEND
    monkeypatch.setattr(log, "APPEND", log.APPEND.replace(*FENCES[drive]))

    with pytest.raises((AssertionError, IntegrityError, LockNotAvailable)):  # noqa: PT012 - either may see it
        drive(begun)
        begun.check()
