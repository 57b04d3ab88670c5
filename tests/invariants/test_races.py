"""The same at the same moment, on connections of their own: I6, I8 and I9 where they race."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
from django.db import connections

from realtime.accounts.models import User
from realtime.chat import agui, leases, log, operations
from realtime.chat.log import Logged
from realtime.chat.models import Message, Run
from realtime.chat.operations import Refusal
from tests.invariants.log_world import World
from tests.support.invariants import assert_all_runs_ended, assert_log_invariants
from tests.support.runs import START_TEXT, WORDS, append, asking, claim_one

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS, RACERS = 8, 4
Race = Callable[[Sequence[Callable[[], object]]], list[object]]


@pytest.fixture
def person() -> User:
    return User.objects.create(username="alice")


@pytest.fixture
def race() -> Iterator[Race]:
    """Start all at once and give what they answered; a refusal is an answer."""
    with ThreadPoolExecutor(RACERS) as pool:

        def run(all_of_it: Sequence[Callable[[], object]]) -> list[object]:
            ready = Barrier(len(all_of_it))

            def racer(work: Callable[[], object]) -> object:
                ready.wait()
                try:
                    return work()
                except Refusal as refusal:
                    return refusal
                finally:
                    connections.close_all()

            return list(pool.map(racer, all_of_it))

        yield run


def test_the_same_submit_at_once_is_one_run_and_one_message(person: User, race: Race) -> None:
    for number in range(ROUNDS):
        same = asking(person, thread_id=f"t{number}", run_id=f"r{number}", message_id="m")

        answers = race([partial(operations.submit, submission=same)] * RACERS)

        assert len({a.run_id for a in answers if isinstance(a, Logged)}) == 1
        assert sum(len(a.frames) for a in answers if isinstance(a, Logged)) == 1
        operations.stop(owner_id=person.pk, run_id=f"r{number}")
    assert Run.objects.count() == Message.objects.count() == ROUNDS
    assert_log_invariants()


def test_of_different_submits_at_once_one_is_answered(person: User, race: Race) -> None:
    for number in range(ROUNDS):
        others = [asking(person, text, thread_id=f"t{number}") for text in "abcd"]

        answers = race([partial(operations.submit, submission=each) for each in others])

        refusals = [answer.code for answer in answers if isinstance(answer, Refusal)]
        assert refusals == ["thread_busy"] * (RACERS - 1)
        Run.objects.filter(state="queued").update(state="cancelled")


def test_a_stop_and_the_end_at_once_leave_one_end(person: User, race: Race) -> None:
    for number in range(ROUNDS):
        run_id = f"r{number}"
        operations.submit(submission=asking(person, thread_id=f"t{number}", run_id=run_id))
        claim = claim_one()
        end = agui.RunFinished(thread_id=f"t{number}", run_id=run_id)

        finish = partial(append, claim, end, state="completed")
        stop = partial(operations.stop, owner_id=person.pk, run_id=run_id)

        answers = race([stop, finish, stop])

        stopped = [answer for answer in answers if isinstance(answer, Logged)]
        assert len(stopped) + (log.Outcome.WROTE in answers) == 1
    assert_log_invariants()
    assert_all_runs_ended()


def test_regenerates_at_once_leave_one_reply_and_one_branch(person: User, race: Race) -> None:
    for number in range(ROUNDS):
        names = {"thread_id": f"t{number}", "message_id": "m"}
        operations.submit(submission=asking(person, **names))
        append(claim_one(), START_TEXT, WORDS)

        twice = [asking(person, **names), asking(person, **names)]

        race([partial(operations.submit, submission=each) for each in twice])

        [last] = Run.objects.filter(state="queued", thread__client_thread_id=f"t{number}")
        kept = Message.objects.filter(thread=last.thread, superseded_by__isnull=True)
        assert [message.client_msg_id for message in kept] == ["m"]
        operations.stop(owner_id=person.pk, run_id=last.client_run_id)
    assert_log_invariants()


def test_a_run_whose_owners_all_die_ends(world: World) -> None:
    world.ask("t")
    for _ in range(leases.MAX_ATTEMPTS):
        world.steal(0)
        world.owners[0].say_all([("words", "a"), ("words", "b")])
        world.flush(0)
        world.kill(0)

    world.steal(0)
    assert world.owners == []
    world.end_lost_runs(0)

    world.check()
    assert_all_runs_ended()


def test_a_run_that_nobody_takes_up_ends(person: User) -> None:
    operations.submit(submission=asking(person))

    for run_id in leases.unclaimed_runs(queue_s=0):
        leases.give_up(run_id=run_id)

    assert_log_invariants()
    assert_all_runs_ended()
