"""A person lets their chats be learnt from, takes it back, and nothing of that is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from realtime.accounts import consenting
from realtime.accounts.models import LearningConsent, User
from realtime.accounts.operations import claim_guest, create_guest
from realtime.accounts.queries import standing_consents
from realtime.accounts.signals import learning_withdrawn
from tests.safety.test_disclosure import grade

pytestmark = pytest.mark.django_db
NOW = consenting.WORDS_VERSION


@pytest.fixture
def guest() -> User:
    return create_guest()


@pytest.fixture
def account() -> User:
    return User.objects.create_user("alice")


@pytest.fixture
def withdrawn() -> Iterator[list[int]]:
    """Of whom the rooms above heard."""
    heard: list[int] = []

    def hear(sender: Any, user_id: int, **kwargs: Any) -> None:
        heard.append(user_id)

    learning_withdrawn.connect(hear)
    yield heard
    learning_withdrawn.disconnect(hear)


def stands(person: User) -> bool:
    return standing_consents().filter(user=person).exists()


def test_nothing_stands_by_itself(guest: User) -> None:
    assert not stands(guest)


def test_what_is_given_stands_until_it_is_taken_back(guest: User, withdrawn: list[int]) -> None:
    assert consenting.give(user_id=guest.pk, words=NOW)
    assert stands(guest)

    assert consenting.withdraw(user_id=guest.pk)

    assert not stands(guest)
    assert withdrawn == [guest.pk]


def test_each_time_is_kept(guest: User) -> None:
    for _ in range(2):
        consenting.give(user_id=guest.pk, words=NOW)
        consenting.withdraw(user_id=guest.pk)
    consenting.give(user_id=guest.pk, words=NOW)

    rows = LearningConsent.objects.filter(user=guest).order_by("pk")
    assert [row.withdrawn_at is None for row in rows] == [False, False, True]
    assert all(row.withdrawn_at >= row.given_at for row in rows if row.withdrawn_at)


def test_the_same_again_is_no_news(guest: User) -> None:
    for _ in range(2):
        assert consenting.give(user_id=guest.pk, words=NOW)

    assert LearningConsent.objects.count() == 1


def test_other_words_are_another_agreement(guest: User, withdrawn: list[int]) -> None:
    consenting.give(user_id=guest.pk, words="0")
    consenting.give(user_id=guest.pk, words=NOW)

    assert standing_consents().get().words == NOW
    assert LearningConsent.objects.count() == 2
    assert withdrawn == []


def test_nothing_to_take_back_is_told_to_nobody(guest: User, withdrawn: list[int]) -> None:
    assert not consenting.withdraw(user_id=guest.pk)
    assert withdrawn == []


def test_two_cannot_stand_at_once(guest: User) -> None:
    LearningConsent.objects.create(user=guest, words=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        LearningConsent.objects.create(user=guest, words=NOW)


def test_a_switch_flipped_without_end_is_refused_but_off_is_always_heard(guest: User) -> None:
    for _ in range(20):
        consenting.give(user_id=guest.pk, words=NOW)
        consenting.withdraw(user_id=guest.pk)

    with pytest.raises(consenting.TooManyChanges):
        consenting.give(user_id=guest.pk, words=NOW)
    assert not consenting.withdraw(user_id=guest.pk)


def test_who_is_nobody_any_more_agrees_to_nothing(guest: User, account: User) -> None:
    claim_guest(guest_id=guest.pk, account_id=account.pk)

    assert not consenting.give(user_id=guest.pk, words=NOW)
    assert not consenting.withdraw(user_id=guest.pk)


def test_a_guest_who_becomes_an_account_keeps_it(
    guest: User, account: User, withdrawn: list[int]
) -> None:
    consenting.give(user_id=guest.pk, words=NOW)

    claim_guest(guest_id=guest.pk, account_id=account.pk)

    assert stands(account)
    assert not LearningConsent.objects.filter(user=guest).exists()
    assert withdrawn == []


def test_an_account_that_took_it_back_is_not_overruled(
    guest: User, account: User, withdrawn: list[int]
) -> None:
    consenting.give(user_id=account.pk, words=NOW)
    consenting.withdraw(user_id=account.pk)
    consenting.give(user_id=guest.pk, words=NOW)

    claim_guest(guest_id=guest.pk, account_id=account.pk)

    assert not stands(account)
    assert LearningConsent.objects.filter(user=account).count() == 2
    assert withdrawn == [account.pk, account.pk]


def test_where_both_agreed_one_stands(guest: User, account: User, withdrawn: list[int]) -> None:
    for person in (guest, account):
        consenting.give(user_id=person.pk, words=NOW)

    claim_guest(guest_id=guest.pk, account_id=account.pk)

    assert standing_consents().get().user == account
    assert withdrawn == []


def test_the_words_can_be_read_by_everybody() -> None:
    assert grade(" ".join(consenting.WORDS)) <= 6


def test_it_goes_with_the_person(guest: User) -> None:
    consenting.give(user_id=guest.pk, words=NOW)
    guest.delete()

    assert not LearningConsent.objects.exists()
