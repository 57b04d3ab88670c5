from __future__ import annotations

from typing import TypedDict
from uuid import UUID

import pytest

from realtime.accounts.models import User
from realtime.chat import agui, leases, log, operations
from realtime.chat.models import Message, Run, Thread
from tests.support.runs import START_TEXT, WORDS, append, asking, claim_one, expire


class Anybody(TypedDict):
    me: str
    lease_s: float
    limit: int


ANYBODY: Anybody = {"me": "x", "lease_s": 15, "limit": 5}
END_TEXT = agui.TextMessageEnd(message_id="m1")
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person() -> User:
    return User.objects.create(username="alice")


def test_a_claim_raises_the_epoch_and_takes_a_run_once(person: User) -> None:
    operations.submit(submission=asking(person))

    claim = claim_one()

    assert (claim.epoch, claim.last_seq) == (1, 1)
    assert leases.claim(me="x", lease_s=15, limit=5) == []


def test_a_run_whose_third_lease_is_over_ends_as_interrupted_with_its_words(person: User) -> None:
    operations.submit(submission=asking(person))
    claim = claim_one()
    append(claim, START_TEXT, WORDS)
    for _ in range(2):
        expire(claim.run_id)
        assert leases.lost_runs(abandoned_s=300) == []
        claim = claim_one(steal=True)
    expire(claim.run_id)
    assert leases.claim(**ANYBODY, steal=True) == []

    [run_id] = leases.lost_runs(abandoned_s=300)
    leases.interrupt(run_id=run_id)

    run = Run.objects.get()
    assert (run.state, run.error_code, run.epoch) == ("failed", "interrupted", 4)
    assert Message.objects.get(role="assistant").status == "partial"
    assert leases.lost_runs(abandoned_s=300) == []


def test_a_run_that_was_lost_is_claimed_where_its_log_ends(person: User) -> None:
    operations.submit(submission=asking(person))
    first = claim_one()
    append(first, START_TEXT, WORDS)
    expire(first.run_id)

    second = claim_one(steal=True)

    assert (second.epoch, second.attempt, second.last_seq) == (2, 2, 3)
    assert second.is_takeover
    assert not first.is_takeover
    assert append(first, END_TEXT, last_seq=3) is log.Outcome.FENCED


def test_ones_own_run_is_not_stolen_from_oneself(person: User) -> None:
    operations.submit(submission=asking(person))
    claim = claim_one()
    expire(claim.run_id)

    assert leases.claim(**ANYBODY, steal=True, mine=[claim.run_id]) == []


def test_a_run_that_nobody_takes_up_for_long_is_lost(person: User) -> None:
    operations.submit(submission=asking(person))
    claim = claim_one()
    expire(claim.run_id)

    assert leases.lost_runs(abandoned_s=0) == [claim.run_id]


def test_a_run_handed_over_is_free_at_once_and_costs_no_attempt(person: User) -> None:
    operations.submit(submission=asking(person))

    for epoch in range(1, 6):
        claim = claim_one(steal=True)
        assert (claim.epoch, claim.attempt) == (epoch, 1)
        assert leases.hand_over(claims=[claim]) == 1


def test_a_run_of_somebody_else_is_not_handed_over(person: User) -> None:
    operations.submit(submission=asking(person))
    first = claim_one()
    expire(first.run_id)
    claim_one(steal=True)

    assert leases.hand_over(claims=[first]) == 0
    assert leases.charge(run_id=first.run_id, epoch=first.epoch, attempt=1) is False


def test_an_attempt_is_charged_until_none_is_left(person: User) -> None:
    operations.submit(submission=asking(person))
    claim = claim_one()

    charged = [
        leases.charge(run_id=claim.run_id, epoch=claim.epoch, attempt=attempt)
        for attempt in (1, 2, 3)
    ]

    assert charged == [True, True, False]


def test_a_charge_whose_answer_was_lost_is_asked_for_again_and_counts_once(person: User) -> None:
    operations.submit(submission=asking(person))
    claim = claim_one()

    asked = [leases.charge(run_id=claim.run_id, epoch=claim.epoch, attempt=1) for _ in range(3)]

    assert asked == [True, True, True]
    assert Run.objects.get(id=claim.run_id).attempt == 2


def test_a_condemned_run_ends_with_what_its_log_holds(person: User) -> None:
    operations.submit(submission=asking(person))
    claim = claim_one()
    append(claim, START_TEXT, WORDS)

    assert leases.condemn(run_id=claim.run_id, epoch=claim.epoch + 1) is None
    assert leases.condemn(run_id=claim.run_id, epoch=claim.epoch) is not None

    assert Run.objects.get().error_code == "internal"
    assert Message.objects.get(role="assistant").status == "partial"


def test_a_run_that_lives_is_not_interrupted(person: User) -> None:
    operations.submit(submission=asking(person))
    claim = claim_one()

    assert leases.interrupt(run_id=claim.run_id) is None
    assert Run.objects.get().state == "running"


@pytest.fixture
def synthetic_run(person: User) -> UUID:
    """Queued, in a thread that nobody lives in."""
    logged = operations.submit(submission=asking(person))
    Thread.objects.update(synthetic=True)
    return logged.run_id


def test_a_synthetic_run_is_claimed_only_by_name(synthetic_run: UUID) -> None:
    nobodys = leases.claim(me="x", lease_s=15, limit=5)
    named = leases.claim(me="x", lease_s=15, limit=5, run_id=synthetic_run)

    assert (nobodys, [claim.run_id for claim in named]) == ([], [synthetic_run])


def test_a_synthetic_run_is_swept_neither_queued_nor_expired(synthetic_run: UUID) -> None:
    assert leases.unclaimed_runs(queue_s=-1) == []

    leases.claim(me="x", lease_s=-1, limit=1, run_id=synthetic_run)

    assert leases.lost_runs(abandoned_s=-1) == []
    assert leases.claim(**ANYBODY, steal=True) == []
