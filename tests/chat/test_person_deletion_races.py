"""A person is deleted in the admin while they write or are answered, each on its connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.contrib.admin import site
from django.db import transaction
from django.http import HttpRequest
from django.test import Client

from realtime.accounts.admin import UserAdmin
from realtime.accounts.models import User
from realtime.accounts.operations import create_guest
from realtime.chat import operations
from realtime.chat.refusals import Refusal
from tests.support.elsewhere import Elsewhere, another_connection, somebody_waits_for_a_lock
from tests.support.eventually import wait_until
from tests.support.rows import counts
from tests.support.runs import START_TEXT, WORDS, append, asking, claim_one

pytestmark = pytest.mark.django_db(transaction=True)

ROOM = ("thread", "message", "run", "run_event", "notice")


@pytest.fixture
def person() -> User:
    return create_guest()


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("boss"))
    return client


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    with another_connection() as run:
        yield run


def left_in_the_room() -> int:
    return sum(counts()[table] for table in ROOM)


def by_page(admin: Client, person: User) -> int:
    url = f"/admin/accounts/user/{person.pk}/delete/"
    return admin.post(url, {"post": "yes"}).status_code


def by_action(admin: Client, person: User) -> int:
    chosen = {"action": "delete_selected", "_selected_action": [str(person.pk)], "post": "yes"}
    return admin.post("/admin/accounts/user/", chosen).status_code


@pytest.mark.parametrize("delete", [by_page, by_action])
@pytest.mark.parametrize("spoke_before", [True, False])
def test_a_person_who_is_writing_goes_with_what_they_write(
    admin: Client,
    person: User,
    elsewhere: Elsewhere,
    delete: Callable[[Client, User], int],
    spoke_before: bool,
) -> None:
    if spoke_before:
        operations.submit(submission=asking(person, run_id="before"))
        operations.stop(owner_id=person.pk, run_id="before")

    with transaction.atomic():
        operations.submit(submission=asking(person, run_id="now"))
        deleting = elsewhere(lambda: delete(admin, person))
        wait_until(somebody_waits_for_a_lock)

    assert deleting.result(10) == 302
    assert not User.objects.filter(pk=person.pk).exists()
    assert left_in_the_room() == 0


def test_a_person_who_is_being_answered_goes_with_the_reply(
    admin: Client, person: User, elsewhere: Elsewhere
) -> None:
    operations.submit(submission=asking(person, run_id="r"))
    append(claim_one(), START_TEXT, WORDS)

    with transaction.atomic():
        operations.stop(owner_id=person.pk, run_id="r")
        deleting = elsewhere(lambda: by_page(admin, person))
        wait_until(somebody_waits_for_a_lock)

    assert deleting.result(10) == 302
    assert left_in_the_room() == 0


def test_who_writes_while_they_are_deleted_is_not_known_any_more(
    person: User, elsewhere: Elsewhere
) -> None:
    words = asking(person)

    with transaction.atomic():
        UserAdmin(User, site).delete_model(HttpRequest(), person)
        writing = elsewhere(lambda: operations.submit(submission=words))
        wait_until(somebody_waits_for_a_lock)

    with pytest.raises(Refusal) as refused:
        writing.result(10)
    assert refused.value.code == "unauthenticated"
