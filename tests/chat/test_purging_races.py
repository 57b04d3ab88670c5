"""A purge meets a submit, a deletion and another purge, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone

from realtime.accounts.models import User
from realtime.accounts.operations import create_guest, delete_guests
from realtime.chat import operations, purging, queries
from realtime.chat.models import Message, Run, Thread
from realtime.chat.transcript import text_of
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


def old_thread(person: User, thread_id: str = "t1") -> UUID:
    operations.submit(submission=asking(person, "long ago", thread_id=thread_id, run_id=thread_id))
    operations.stop(owner_id=person.pk, run_id=thread_id)
    past = timezone.now() - timedelta(days=31)
    Run.objects.filter(client_run_id=thread_id).update(created_at=past, finished_at=past)
    Thread.objects.filter(client_thread_id=thread_id).update(created_at=past)
    return Thread.objects.get(client_thread_id=thread_id).id


def write_again(person: User) -> None:
    operations.submit(submission=asking(person, "and now", run_id="now"))


def purge_of(*ids: UUID) -> int:
    since = purging.quiet_since(timezone.now())
    assert since is not None
    return purging.delete_quiet_threads(ids=ids, since=since)


def words() -> list[str]:
    return [text_of(message.content) for message in Message.objects.order_by("ord")]


def test_a_thread_that_woke_after_it_was_found_stays(person: User) -> None:
    found = old_thread(person)
    write_again(person)

    assert purge_of(found) == 0
    assert words() == ["long ago", "and now"]


def test_a_thread_that_is_waking_is_not_waited_for_and_stays(
    person: User, elsewhere: Elsewhere
) -> None:
    found = old_thread(person)

    with transaction.atomic():
        write_again(person)
        assert elsewhere(lambda: purge_of(found)).result(10) == 0

    assert words() == ["long ago", "and now"]


def test_words_that_come_during_the_purge_are_kept_in_a_new_thread(
    person: User, elsewhere: Elsewhere
) -> None:
    found = old_thread(person)

    with transaction.atomic():
        assert purge_of(found) == 1
        writing = elsewhere(lambda: write_again(person))
        wait_until(somebody_waits_for_a_lock)
    writing.result(10)

    assert words() == ["and now"]
    assert Thread.objects.get().last_ord == 1


def test_a_purge_leaves_a_thread_to_who_is_deleting_it(person: User, elsewhere: Elsewhere) -> None:
    found = old_thread(person)

    with transaction.atomic():
        operations.delete_thread(owner_id=person.pk, thread_id="t1")
        assert elsewhere(lambda: purge_of(found)).result(10) == 0

    assert not Thread.objects.exists()


def test_two_purges_share_the_work_and_neither_waits(person: User, elsewhere: Elsewhere) -> None:
    first, second = old_thread(person, "t1"), old_thread(person, "t2")

    with transaction.atomic():
        assert purge_of(first) == 1
        assert elsewhere(lambda: purge_of(first, second)).result(10) == 1

    assert not Thread.objects.exists()


def test_a_purge_ends_though_somebody_holds_what_it_found(
    person: User, elsewhere: Elsewhere
) -> None:
    found = old_thread(person)

    with transaction.atomic():
        Thread.objects.select_for_update().get(id=found)
        purged = elsewhere(purging.purge).result(10)

    assert isinstance(purged, purging.Purged)
    assert purged.conversations == 0


def test_a_guest_who_writes_after_being_found_stays(person: User) -> None:
    now = timezone.now()
    User.objects.update(last_login=now - timedelta(days=40))
    forgotten = queries.forgotten_guests(since=now - timedelta(days=30), now=now)
    found = list(forgotten.values_list("pk", flat=True))
    write_again(person)

    assert delete_guests(ids=found, still=forgotten) == 0
    assert (found, words()) == ([person.pk], ["and now"])
