"""Who is asked whether their chats may be learnt from, and what the API tells of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from jsonschema import Draft202012Validator
from pytest_django import Settings

from config.api import api
from realtime.accounts import consenting as words
from realtime.accounts import operations as accounts
from realtime.accounts.models import LearningConsent, User
from realtime.accounts.queries import standing_consents
from realtime.chat import consenting, operations, under_lock
from realtime.chat.models import Thread
from tests.support.elsewhere import another_connection, somebody_waits_for_a_lock
from tests.support.eventually import wait_until
from tests.support.runs import asking

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/api/v1/me/learning"
NOW = words.WORDS_VERSION


@pytest.fixture
def person() -> User:
    return accounts.create_guest()


@pytest.fixture
def client() -> Client:
    issued = accounts.create_client_token()
    return Client(headers={"Authorization": f"Bearer {issued.token}", "Host": "127.0.0.1"})


def put(client: Client, body: object = None) -> HttpResponse:
    given = {"words": NOW} if body is None else body
    answer = client.put(PATH, json.dumps(given), content_type="application/json")
    assert isinstance(answer, HttpResponse)
    return answer


def told(client: Client) -> dict[str, Any]:
    answer = client.get(PATH)
    assert answer["Cache-Control"] == "no-store"
    found: dict[str, Any] = answer.json()
    return found


def say(person: User, text: str, **ids: str) -> Thread:
    submission = asking(person, text, **ids)
    operations.submit(submission=submission)
    operations.stop(owner_id=person.pk, run_id=submission.run_id)
    return Thread.objects.get(owner=person, client_thread_id=submission.thread_id)


def in_crisis(person: User) -> None:
    Thread.objects.filter(pk=say(person, "hi").pk).update(level="crisis")


def under_18(person: User) -> None:
    say(person, "I'm 15 and I have a test tomorrow")


# --- the API -------------------------------------------------------------------------------------


def test_it_is_off_until_it_is_turned_on_and_after_it_is_turned_off(client: Client) -> None:
    assert (told(client)["given"], told(client)["givenAt"]) == (False, None)

    answer = put(client)
    assert (answer.status_code, told(client)["given"]) == (200, True)
    assert told(client)["givenAt"] is not None

    assert client.delete(PATH).status_code == client.delete(PATH).status_code == 204
    assert told(client)["given"] is False


def test_the_words_that_are_read_come_with_their_version(client: Client) -> None:
    read = told(client)["words"]

    assert read == {"version": NOW, "title": words.TITLE, "text": list(words.WORDS)}
    put(client)
    assert LearningConsent.objects.get().words == NOW


def test_it_is_answered_as_the_document_promises(client: Client) -> None:
    document = api.get_openapi_schema(path_prefix="/api/v1/")
    for way, answer in (("put", put(client)), ("get", client.get(PATH))):
        promised = document["paths"][PATH][way]["responses"][200]["content"]["application/json"]
        schema = {**promised["schema"], "components": document["components"]}
        Draft202012Validator(schema).validate(json.loads(answer.content))


@pytest.mark.parametrize("body", [{}, {"words": 1}, {"words": "0"}, {"words": "x" * 17}, []])
def test_other_words_than_those_are_agreed_to_by_nobody(client: Client, body: object) -> None:
    assert put(client, body).status_code in (400, 422)
    assert not LearningConsent.objects.exists()


def test_strangers_and_foreign_pages_change_nothing(client: Client) -> None:
    assert put(Client(headers={"Host": "127.0.0.1"})).status_code == 401
    cookie = Client(headers={"Host": "127.0.0.1", "Origin": "http://evil.example"})
    cookie.force_login(accounts.create_guest())
    assert put(cookie).status_code == 403
    assert not LearningConsent.objects.exists()


def test_a_switch_flipped_all_day_is_refused_for_a_while(client: Client) -> None:
    for _ in range(20):
        put(client)
        client.delete(PATH)

    answer = put(client)

    assert (answer.status_code, json.loads(answer.content)["code"]) == (429, "rate_limited")
    assert "Retry-After" in answer


# --- who is asked --------------------------------------------------------------------------------


@pytest.mark.parametrize("made", [in_crisis, under_18])
def test_some_are_not_asked_and_could_not_agree(
    client: Client, made: Callable[[User], None]
) -> None:
    made(User.objects.get())

    assert told(client)["offered"] is False
    answer = put(client)
    assert (answer.status_code, json.loads(answer.content)["code"]) == (403, "forbidden")
    assert not LearningConsent.objects.exists()


def test_sadness_is_no_reason_not_to_be_asked(client: Client) -> None:
    person = User.objects.get()
    Thread.objects.filter(pk=say(person, "hi").pk).update(level="concern")

    assert told(client)["offered"] is True


def test_a_crisis_takes_nothing_back_but_what_was_given_can_be(client: Client) -> None:
    put(client)
    in_crisis(User.objects.get())

    assert (told(client)["given"], told(client)["offered"]) == (True, False)
    client.delete(PATH)
    assert told(client)["given"] is False


def test_who_says_that_they_are_under_18_takes_it_back_by_that(client: Client) -> None:
    put(client)
    under_18(User.objects.get())

    assert (told(client)["given"], told(client)["offered"]) == (False, False)
    Thread.objects.all().delete()  # nor does it come back with the thread gone
    assert told(client)["given"] is False


def test_where_the_site_does_not_ask_nobody_can_agree(client: Client, settings: Settings) -> None:
    settings.LEARN_FROM_CHATS = False

    assert told(client)["offered"] is False
    assert put(client).status_code == 403


def test_who_says_their_age_at_that_moment_is_heard_first(person: User) -> None:
    with another_connection() as elsewhere:
        with transaction.atomic():
            under_lock.hold_person(user_id=person.pk)
            agreeing = elsewhere(lambda: consenting.give(user_id=person.pk, words=NOW))
            wait_until(somebody_waits_for_a_lock)
            Thread.objects.create(owner=person, client_thread_id="t1", minor=True)

        with pytest.raises(consenting.NotAsked):
            agreeing.result(10)
    assert not standing_consents().exists()


def test_who_was_claimed_at_that_moment_agrees_to_nothing(client: Client) -> None:
    guest = User.objects.get()
    accounts.claim_guest(guest_id=guest.pk, account_id=User.objects.create_user("alice").pk)

    assert not consenting.give(user_id=guest.pk, words=NOW)
    assert put(client).status_code == 401
