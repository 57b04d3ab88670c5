from __future__ import annotations

from uuid import UUID

import pytest

from realtime.accounts.models import User
from realtime.chat import leases, operations
from realtime.chat.models import Message, Run, Thread
from tests.support.runs import START_TEXT, WORDS, append, asking, claim_one, expire

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person() -> User:
    return User.objects.create(username="alice")


def test_a_claim_raises_the_epoch_and_takes_a_run_once(person: User) -> None:
    operations.submit(submission=asking(person))

    claim = claim_one()

    assert (claim.epoch, claim.last_seq) == (1, 1)
    assert leases.claim(me="x", lease_s=15, limit=5, model=None, prompt_version="p") == []


def test_a_run_whose_lease_is_over_ends_as_interrupted_with_its_words(person: User) -> None:
    operations.submit(submission=asking(person))
    claim = claim_one()
    append(claim, START_TEXT, WORDS)
    expire(claim.run_id)

    [run_id] = leases.expired_runs()
    leases.interrupt(run_id=run_id)

    run = Run.objects.get()
    assert (run.state, run.error_code, run.epoch) == ("failed", "interrupted", 2)
    assert Message.objects.get(role="assistant").status == "partial"
    assert leases.expired_runs() == []


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
    nobodys = leases.claim(me="x", lease_s=15, limit=5, model=None, prompt_version="p")
    named = leases.claim(
        me="x", lease_s=15, limit=5, model=None, prompt_version="p", run_id=synthetic_run
    )

    assert (nobodys, [claim.run_id for claim in named]) == ([], [synthetic_run])


def test_a_synthetic_run_is_swept_neither_queued_nor_expired(synthetic_run: UUID) -> None:
    assert leases.unclaimed_runs(queue_s=-1) == []

    leases.claim(me="x", lease_s=-1, limit=1, model=None, prompt_version="p", run_id=synthetic_run)

    assert leases.expired_runs() == []
