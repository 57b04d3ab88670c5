from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from realtime.accounts.models import User
from realtime.accounts.operations import create_guest
from realtime.chat import operations
from realtime.chat.models import Run, Thread
from realtime.chat.refusals import Refusal
from tests.support.elsewhere import Elsewhere, another_connection, somebody_waits_for_a_lock
from tests.support.eventually import wait_until
from tests.support.runs import asking

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person() -> User:
    return create_guest()


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    with another_connection() as run:
        yield run


def ask(person: User, thread_id: str, **ids: str) -> None:
    operations.submit(submission=asking(person, thread_id=thread_id, **ids))


def refused(person: User, thread_id: str) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        ask(person, thread_id)
    return refusal.value


def spent(person: User, tokens: int, *, hours_ago: float) -> None:
    """A reply of theirs that was finished then."""
    thread = Thread.objects.create(owner=person, client_thread_id=f"spent-{hours_ago}")
    Run.objects.create(
        owner=person,
        thread=thread,
        client_run_id=f"spent-{hours_ago}",
        ord=1,
        state="completed",
        input={},
        usage={"inputTokens": tokens - 1, "outputTokens": 1},
        finished_at=timezone.now() - timedelta(hours=hours_ago),
    )


def test_one_more_reply_than_a_person_may_have_is_refused_for_now(
    person: User, settings: Settings
) -> None:
    settings.RUNS_PER_PERSON = 2
    ask(person, "t1", run_id="r1")
    ask(person, "t2")

    refusal = refused(person, "t3")
    assert not Thread.objects.filter(client_thread_id="t3").exists()
    ask(create_guest(), "t3")
    operations.stop(owner_id=person.pk, run_id="r1")
    ask(person, "t3")

    assert (refusal.code, refusal.retry_after_ms) == ("too_many_runs", 3_000)


def test_a_known_run_is_known_however_many_there_are(person: User, settings: Settings) -> None:
    settings.RUNS_PER_PERSON = 1
    ids = {"run_id": "r1", "message_id": "m1"}
    ask(person, "t1", **ids)

    ask(person, "t1", **ids)

    assert Run.objects.count() == 1


def test_a_busy_thread_is_busy_and_not_one_reply_too_many(
    person: User, settings: Settings
) -> None:
    settings.RUNS_PER_PERSON = 1
    ask(person, "t1")

    assert refused(person, "t1").code == "thread_busy"


def test_two_submits_at_the_same_moment_cannot_both_be_the_last(
    person: User, settings: Settings, elsewhere: Elsewhere
) -> None:
    settings.RUNS_PER_PERSON = 1

    with transaction.atomic():
        ask(person, "t1")
        second = elsewhere(lambda: refused(person, "t2"))
        wait_until(somebody_waits_for_a_lock)

    refusal = second.result(10)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "too_many_runs"


def test_a_day_of_tokens_frees_up_when_its_oldest_reply_is_a_day_old(
    person: User, settings: Settings
) -> None:
    settings.TOKENS_PER_DAY = 1_000
    spent(person, 5_000, hours_ago=25)
    spent(person, 600, hours_ago=23.5)
    spent(person, 600, hours_ago=1)

    refusal = refused(person, "t1")

    assert refusal.code == "rate_limited"
    assert 1_790_000 < refusal.retry_after_ms <= 1_800_000


def test_nobody_is_told_to_wait_for_more_than_an_hour(person: User, settings: Settings) -> None:
    settings.TOKENS_PER_DAY = 1_000
    spent(person, 1_000, hours_ago=1)

    assert refused(person, "t1").retry_after_ms == 3_600_000


def test_tokens_below_the_limit_and_of_others_refuse_nothing(
    person: User, settings: Settings
) -> None:
    settings.TOKENS_PER_DAY = 1_000
    spent(person, 999, hours_ago=1)
    spent(create_guest(), 5_000, hours_ago=1)

    ask(person, "t1")


def test_without_a_limit_nobody_counts_tokens(person: User) -> None:
    spent(person, 10**12, hours_ago=1)

    ask(person, "t1")
