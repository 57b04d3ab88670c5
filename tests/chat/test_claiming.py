"""An account claims a guest: what was said, what is being written, and who watches."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction

from realtime.accounts.models import User
from realtime.accounts.operations import claim_guest, create_guest
from realtime.chat import agui, operations, queries
from realtime.chat.models import Run, Thread
from realtime.chat.refusals import Refusal
from realtime.chat.transcript import Transcript
from tests.support.elsewhere import Elsewhere, another_connection, somebody_waits_for_a_lock
from tests.support.eventually import wait_until
from tests.support.runs import START_TEXT, WORDS, append, asking, claim_one

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def guest() -> User:
    return create_guest()


@pytest.fixture
def account() -> User:
    return User.objects.create_user("alice")


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    with another_connection() as run:
        yield run


def said_by(person: User, **ids: str) -> list[str]:
    thread_id = ids.get("thread_id", "t1")
    caught_up = queries.catch_up(owner_id=person.pk, thread_id=thread_id, cursor=None)
    assert caught_up.snapshot is not None
    return [str(message.content) for message in caught_up.snapshot.messages]


def talk(person: User, text: str, **ids: str) -> None:
    operations.submit(submission=asking(person, text, **ids))
    append(claim_one(), START_TEXT, WORDS)
    operations.stop(owner_id=person.pk, run_id=ids["run_id"])


def test_what_was_said_goes_to_the_account(guest: User, account: User) -> None:
    talk(guest, "hi", run_id="r1")

    claim_guest(guest_id=guest.pk, account_id=account.pk)

    assert said_by(account) == ["hi", "Half a rep"]
    assert said_by(guest) == []


def test_ids_that_both_used_mean_two_things_still(guest: User, account: User) -> None:
    talk(guest, "of the guest", run_id="r1")
    talk(account, "of the account", run_id="r1")

    claim_guest(guest_id=guest.pk, account_id=account.pk)

    assert said_by(account) == ["of the account", "Half a rep"]
    moved = Thread.objects.get(owner=account, client_thread_id__startswith="t1~")
    assert said_by(account, thread_id=moved.client_thread_id)[0] == "of the guest"
    assert Run.objects.filter(owner=account).count() == 2


def test_a_reply_is_written_on_and_the_account_may_stop_it(guest: User, account: User) -> None:
    operations.submit(submission=asking(guest, run_id="r1"))
    running = claim_one()

    claim_guest(guest_id=guest.pk, account_id=account.pk)
    append(running, START_TEXT, WORDS)
    stopped = operations.stop(owner_id=account.pk, run_id="r1")

    assert stopped is not None
    assert stopped.owner_id == account.pk
    assert said_by(account)[-1] == "Half a rep"


def test_the_guests_message_sent_again_by_the_account_is_the_same(
    guest: User, account: User
) -> None:
    """It was not acknowledged before the socket closed."""
    ids = {"run_id": "r1", "message_id": "m1"}
    first = operations.submit(submission=asking(guest, **ids))

    claim_guest(guest_id=guest.pk, account_id=account.pk)
    again = operations.submit(submission=asking(account, **ids))

    assert again.run_id == first.run_id
    assert Run.objects.count() == 1


def test_who_writes_as_the_guest_meanwhile_is_not_known_any_more(
    guest: User, account: User, elsewhere: Elsewhere
) -> None:
    words = asking(guest)

    with transaction.atomic():
        claim_guest(guest_id=guest.pk, account_id=account.pk)
        writing = elsewhere(lambda: operations.submit(submission=words))
        wait_until(somebody_waits_for_a_lock)

    with pytest.raises(Refusal) as refused:
        writing.result(10)
    assert refused.value.code == "unauthenticated"
    assert not Thread.objects.exists()


def test_what_is_being_written_down_at_that_moment_comes_along(
    guest: User, account: User, elsewhere: Elsewhere
) -> None:
    with transaction.atomic():
        operations.submit(submission=asking(guest))
        claiming = elsewhere(lambda: claim_guest(guest_id=guest.pk, account_id=account.pk))
        wait_until(somebody_waits_for_a_lock)

    assert claiming.result(10) is True
    assert Run.objects.get().owner == account


def test_a_reply_that_ends_at_that_moment_is_in_nobodys_way(
    guest: User, account: User, elsewhere: Elsewhere
) -> None:
    """Its messages want the thread at the commit, while the claim waits for its run."""
    operations.submit(submission=asking(guest, run_id="r1"))
    running = claim_one()
    words: list[agui.AguiEvent] = [START_TEXT, WORDS, agui.TextMessageEnd(message_id="m1")]
    finished = agui.RunFinished(thread_id="t1", run_id="r1")
    messages = Transcript().apply_all(words).rows()

    with transaction.atomic():
        append(running, *words, finished, state="completed", messages=messages)
        claiming = elsewhere(lambda: claim_guest(guest_id=guest.pk, account_id=account.pk))
        wait_until(somebody_waits_for_a_lock)

    assert claiming.result(10) is True
    assert said_by(account) == ["hi", "Half a rep"]
