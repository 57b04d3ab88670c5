from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from realtime.accounts.models import User
from realtime.chat import operations
from realtime.chat.demo.operations import Removed, make_thread, open_run, remove
from realtime.chat.demo.seeding import seed
from realtime.chat.models import Message, Notice, Run, RunEvent, Thread
from realtime.chat.operations import Submission
from tests.support.runs import PLACE, asking

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alice() -> User:
    """A living guest with a conversation of her own."""
    alice = User.objects.create(username="alice", kind=User.Kind.GUEST)
    operations.submit(submission=asking(alice, run_id="hers"))
    operations.stop(owner_id=alice.pk, run_id="hers")
    return alice


def rows() -> dict[str, int]:
    models = (Thread, User, Message, Run, RunEvent, Notice)
    return {model.__name__: model.objects.count() for model in models}


def test_removal_takes_what_was_seeded_and_counts_it(alice: User) -> None:
    before = rows()
    asyncio.run(seed())
    more = {name: count - before[name] for name, count in rows().items()}

    removed = remove()

    assert rows() == before
    assert removed == Removed(*more.values())
    assert removed.threads == removed.guests == 10


def test_removal_without_a_demo_removes_nothing(alice: User) -> None:
    before = rows()

    assert remove() == Removed(0, 0, 0, 0, 0, 0)

    assert rows() == before


def test_somebody_who_also_has_a_thread_of_their_own_stays(alice: User) -> None:
    Thread.objects.create(owner=alice, client_thread_id="x", synthetic=True)

    removed = remove()

    assert (removed.threads, removed.guests) == (1, 0)
    assert Thread.objects.get().owner == alice


def test_an_opened_run_is_claimed_before_anybody_can_see_it_queued() -> None:
    thread = make_thread(client_thread_id="demo")
    asked = Submission(
        owner_id=thread.owner_id,
        thread_id="demo",
        run_id=str(uuid4()),
        message_id="m",
        text="hi",
        place=PLACE,
    )

    claim = open_run(submission=asked, card={"cardId": "c"})

    run = Run.objects.get()
    assert (run.state, run.claimed_by, run.last_seq) == ("running", "demo", 2)
    assert (claim.run_id, claim.last_seq) == (run.id, 2)
    assert not thread.owner.has_usable_password()
