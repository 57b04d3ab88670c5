"""The clock in the submit: whom it tells, when, and that it tells once."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from pytest_django import Settings

from realtime.accounts.models import User
from realtime.chat import bridge, operations, queries
from realtime.chat.disclosing import NAME, country_of
from realtime.chat.log import Logged
from realtime.chat.models import Notice, Run, Thread
from realtime.safety.disclosure import VERSION
from tests.support.runs import asking

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _from_the_start(settings: Settings) -> None:
    settings.DISCLOSURE_AT_START = True


@pytest.fixture
def person() -> User:
    return User.objects.create(username="alice")


def say(person: User, text: str = "hi", **ids: Any) -> list[dict[str, Any]]:
    """Say something and end the reply; gives what was told with it."""
    submission = asking(person, text, **ids)
    logged = operations.submit(submission=submission)
    operations.stop(owner_id=person.pk, run_id=submission.run_id)
    return told(logged)


def told(logged: Logged) -> list[dict[str, Any]]:
    events = [json.loads(frame.chunk) for frame in logged.frames]
    return [event["value"] for event in events if event.get("name") == NAME]


def reasons(values: list[dict[str, Any]]) -> list[str]:
    return [value["reason"] for value in values]


def hours_pass(hours: float) -> None:
    """As if all that happened had happened so much earlier."""
    Run.objects.update(created_at=F("created_at") - timedelta(hours=hours))


def test_the_first_message_of_a_conversation_is_told_and_kept(person: User) -> None:
    [value] = say(person, run_id="r1", message_id="m1")

    notice = Notice.objects.get()
    assert (notice.name, notice.after_message, notice.value) == (NAME, "m1", value)
    assert value["id"] == "disclosure-r1"
    assert (value["reason"], value["wording"], value["version"]) == ("start", "ai.start", VERSION)
    assert "an AI, a computer program" in value["text"]


def test_each_conversation_is_told(person: User) -> None:
    assert reasons(say(person, thread_id="t1") + say(person, thread_id="t2")) == ["start"] * 2


def test_it_stands_between_run_started_and_the_rest(person: User) -> None:
    logged = operations.submit(submission=asking(person))

    kinds = [json.loads(frame.chunk)["type"] for frame in logged.frames]
    assert kinds == ["RUN_STARTED", "CUSTOM"]
    assert Notice.objects.get().seq == 2


def test_who_goes_on_is_told_every_three_hours(person: User) -> None:
    say(person)
    assert say(person) == []

    hours_pass(2.9)
    assert say(person) == []
    hours_pass(0.2)
    assert reasons(say(person)) == ["interval"]
    assert say(person) == []


def test_who_says_to_be_under_18_is_told_every_hour_from_then_on(person: User) -> None:
    say(person)
    hours_pass(1.1)

    assert say(person, "not much today") == []
    assert reasons(say(person, "im 15 and tired")) == ["interval"]
    assert Thread.objects.get().minor
    hours_pass(1.1)
    assert reasons(say(person, "I am 35 by the way")) == ["interval"]
    assert Thread.objects.get().minor


def test_another_conversation_of_a_minor_does_not_know_it(person: User) -> None:
    say(person, "i'm only 13", thread_id="t1")
    say(person, "hello", thread_id="t2")

    assert list(Thread.objects.order_by("client_thread_id").values_list("minor", flat=True)) == [
        True,
        False,
    ]


def test_who_comes_back_after_seven_days_is_told(person: User) -> None:
    say(person)
    hours_pass(7 * 24)

    assert reasons(say(person)) == ["idle"]


def test_the_operator_may_tell_more_often(person: User, settings: Settings) -> None:
    settings.DISCLOSURE_HOURS, settings.DISCLOSURE_IDLE_DAYS = 0.5, 1.0
    say(person)
    hours_pass(0.6)
    assert reasons(say(person)) == ["interval"]

    hours_pass(24)
    assert reasons(say(person)) == ["idle"]


def test_who_asks_is_told_each_time(person: User) -> None:
    say(person)

    assert reasons(say(person, "Are you a human?")) == ["asked"]
    assert reasons(say(person, "no really, am I talking to a bot")) == ["asked"]
    assert say(person, "I feel like a robot") == []


def test_another_reply_to_the_question_tells_nothing_again(person: User) -> None:
    say(person)
    say(person, "are you human?", message_id="m2")

    assert say(person, "are you human?", message_id="m2", run_id="again") == []


def test_a_message_edited_into_the_question_is_told(person: User) -> None:
    say(person, message_id="m1")

    assert reasons(say(person, "are you human?", message_id="m2", replaces="m1")) == ["asked"]


def test_the_same_submit_again_tells_nothing_again(person: User) -> None:
    same = asking(person, "are you human?")

    first, again = (operations.submit(submission=same) for _ in range(2))

    assert reasons(told(first)) == ["start"]
    assert told(again) == []
    assert Notice.objects.count() == 1


async def test_of_two_windows_that_send_at_once_one_is_told(person: User) -> None:
    await bridge.run(say, person)
    await bridge.run(hours_pass, 4)

    both = [asking(person, if_busy="stop") for _ in range(2)]
    answers = await asyncio.gather(
        *(bridge.run(operations.submit, submission=each) for each in both)
    )

    assert sum(len(told(answer)) for answer in answers) == 1


def test_a_reload_shows_it_and_a_reviewer_reads_it(person: User) -> None:
    say(person, message_id="m1")

    snapshot, _ = queries.thread_snapshot(owner_id=person.pk, thread_id="t1")

    [notice] = snapshot.notices
    assert (notice["name"], notice["afterMessageId"]) == (NAME, "m1")


def test_the_demo_says_that_it_is_no_ai(person: User, settings: Settings) -> None:
    settings.OPENAI_API_KEY = settings.OPENAI_BASE_URL = ""
    settings.ALLOW_REHEARSAL, settings.REHEARSAL_URL = True, "http://127.0.0.1:9/v1"

    [value] = say(person)

    assert value["wording"] == "demo.start"
    assert "not an AI" in value["text"]


def test_a_place_adds_its_words(person: User) -> None:
    us = replace(asking(person), place={"country": "US", "timeZone": None, "locale": None})

    [value] = told(operations.submit(submission=us))

    assert value["text"].endswith("It does not give therapy or treatment.")


def test_the_operators_place_adds_its_words_for_everybody(
    person: User, settings: Settings
) -> None:
    settings.POLICY_PLACES = ["US-NV"]

    [value] = say(person)

    assert value["text"].endswith("It does not give therapy or treatment.")


@pytest.mark.parametrize(
    ("told", "country"),
    [
        ({"country": "GB", "timeZone": None, "locale": None}, "GB"),
        ({"country": None, "timeZone": "Europe/Berlin", "locale": "de-DE"}, "DE"),
        ({"country": None, "timeZone": "Europe/Berlin", "locale": "en-US"}, None),
        ({"country": "ZZ", "timeZone": None, "locale": None}, None),
        ({"country": "drop table", "timeZone": None, "locale": None}, None),
        ({}, None),
    ],
)
def test_only_a_country_there_is_counts_as_one(
    told: dict[str, str | None], country: str | None
) -> None:
    assert country_of(told) == country
