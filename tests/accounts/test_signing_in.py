from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.test import RequestFactory

from realtime.accounts.models import User
from realtime.accounts.operations import claim_guest, create_guest
from realtime.accounts.sessions import SessionStore
from realtime.accounts.signals import guest_claimed
from realtime.accounts.signing_in import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard() -> list[tuple[int, int]]:
    """Who was claimed by whom."""
    return []


@pytest.fixture(autouse=True)
def _listening(heard: list[tuple[int, int]]) -> Iterator[None]:
    def hear(guest_id: int, account_id: int, **_: object) -> None:
        heard.append((guest_id, account_id))

    guest_claimed.connect(hear, weak=False, dispatch_uid="test")
    yield
    guest_claimed.disconnect(dispatch_uid="test")


@pytest.fixture
def account() -> User:
    return User.objects.create_user("alice")


def browser_of(person: User | None) -> HttpRequest:
    """A request with the session of this person."""
    request = RequestFactory().post("/")
    request.session = SessionStore()
    request.user = AnonymousUser()
    if person is not None:
        sign_in(request, person)
        request.session.save()
    return request


def test_an_account_claims_the_guest_of_its_browser(
    account: User, heard: list[tuple[int, int]]
) -> None:
    guest = create_guest()
    request = browser_of(guest)
    before = request.session.session_key

    assert sign_in(request, account)

    guest.refresh_from_db()
    assert heard == [(guest.pk, account.pk)]
    assert not guest.is_active
    assert request.user == account
    assert not Session.objects.filter(session_key=before).exists()


@pytest.mark.parametrize("staff", [{"is_staff": True}, {"is_superuser": True}])
def test_staff_takes_nobodys_words_away(
    staff: dict[str, bool], heard: list[tuple[int, int]]
) -> None:
    guest = create_guest()

    claimed = sign_in(browser_of(guest), User.objects.create(username="boss", **staff))

    guest.refresh_from_db()
    assert (claimed, heard, guest.is_active) == (False, [], True)


def test_an_account_where_nobody_was_claims_nobody(
    account: User, heard: list[tuple[int, int]]
) -> None:
    assert not sign_in(browser_of(None), account)
    assert heard == []


def test_an_account_does_not_claim_another_account(
    account: User, heard: list[tuple[int, int]]
) -> None:
    assert not sign_in(browser_of(User.objects.create_user("bob")), account)
    assert heard == []


def test_a_guest_is_claimed_once(account: User, heard: list[tuple[int, int]]) -> None:
    guest = create_guest()

    assert claim_guest(guest_id=guest.pk, account_id=account.pk)
    assert not claim_guest(guest_id=guest.pk, account_id=account.pk)
    assert len(heard) == 1


@pytest.mark.parametrize("who", ["guest", "nobody", "inactive"])
def test_only_a_living_account_claims(who: str, heard: list[tuple[int, int]]) -> None:
    ids = {
        "guest": create_guest().pk,
        "nobody": 0,
        "inactive": User.objects.create_user("gone", is_active=False).pk,
    }

    assert not claim_guest(guest_id=create_guest().pk, account_id=ids[who])
    assert heard == []
