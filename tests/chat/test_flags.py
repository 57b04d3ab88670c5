"""Levels that only rise, and flags: written with what they are about, closed with a note, once."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from realtime.accounts.models import User
from realtime.chat import claiming, operations, purging, queries, reviewing
from realtime.chat.helping import Aid
from realtime.chat.models import Run, SafetyFlag, Thread
from realtime.safety.rules import Level
from realtime.safety.screen import Screening
from tests.chat.test_cards import card
from tests.support.runs import asking

pytestmark = pytest.mark.django_db
LEVELS: list[Level] = ["none", "concern", "crisis"]


@pytest.fixture
def person() -> User:
    return User.objects.create(username="alice")


@pytest.fixture
def reviewer() -> User:
    return User.objects.create_superuser("reviewer")


@pytest.fixture
def desk(reviewer: User) -> Client:
    client = Client()
    client.force_login(reviewer)
    return client


def say(
    person: User, level: Level, *, category: str = "suicide", text: str = "hi there", **ids: str
) -> None:
    submission = asking(person, text, **ids)
    found = Screening() if level == "none" else Screening(level, category, (3, 8))
    aid = Aid(found, card(submission.run_id) if level == "crisis" else None)
    operations.submit(submission=replace(submission, aid=aid))
    operations.stop(owner_id=person.pk, run_id=submission.run_id)


def flags() -> list[tuple[str, str]]:
    return list(SafetyFlag.objects.order_by("id").values_list("message", "level"))


# --- written -------------------------------------------------------------------------------------


def test_a_flag_says_what_and_where_and_no_word_of_it(person: User) -> None:
    say(person, "concern", text="my secret words", run_id="r1", message_id="m1")

    flag = SafetyFlag.objects.get()
    run = Run.objects.get()
    assert (flag.level, flag.category, flag.detector) == ("concern", "suicide", "screen")
    assert (flag.message, flag.run_id) == ("m1", run.id)
    assert (flag.span_start, flag.span_end) == (3, 8)
    assert (flag.closed_by, flag.closed_at, flag.note) == (None, None, "")
    row = SafetyFlag.objects.values().get()
    assert not [value for value in row.values() if isinstance(value, str) and "secret" in value]


def test_an_ordinary_message_is_not_flagged(person: User) -> None:
    say(person, "none")

    assert (flags(), Thread.objects.get().level) == ([], "none")


def test_the_same_submit_again_and_another_reply_flag_it_once(person: User) -> None:
    for run_id in ("r1", "r1", "r2"):
        say(person, "crisis", run_id=run_id, message_id="m1")

    assert flags() == [("m1", "crisis")]


def test_an_edit_that_says_the_same_is_no_news(person: User) -> None:
    say(person, "crisis", message_id="m1")
    say(person, "crisis", message_id="m2", replaces="m1", text="other words")
    say(person, "crisis", message_id="m3", replaces="m2", text="and others")
    assert flags() == [("m1", "crisis")]

    say(person, "crisis", category="self-harm", message_id="m4", replaces="m3", text="this")
    assert flags() == [("m1", "crisis"), ("m4", "crisis")]


def test_an_edit_is_news_when_the_flag_was_closed(person: User, reviewer: User) -> None:
    say(person, "crisis", message_id="m1")
    reviewing.close_flag(flag_id=SafetyFlag.objects.get().pk, by=reviewer, note="Read.")
    say(person, "crisis", message_id="m2", replaces="m1", text="other words")

    assert flags() == [("m1", "crisis"), ("m2", "crisis")]


def test_a_submit_that_is_refused_leaves_no_flag_and_no_level(person: User) -> None:
    say(person, "none", message_id="m1", text="hi")
    with pytest.raises(operations.Refusal):
        say(person, "crisis", message_id="m1", text="something else")

    assert (flags(), Thread.objects.get().level) == ([], "none")


# --- a level only rises --------------------------------------------------------------------------


class LevelsOnlyRise(TestCase):
    @settings(max_examples=8, deadline=None)
    @given(st.lists(st.sampled_from(LEVELS), min_size=1, max_size=4))
    def test_a_thread_is_as_grave_as_the_gravest_that_was_found(self, found: list[Level]) -> None:
        person = User.objects.create(username="alice")
        for count, level in enumerate(found, 1):
            say(person, level)

            assert Thread.objects.get().level == max(found[:count], key=LEVELS.index)


@pytest.mark.parametrize("lower", ["none", "concern"])
def test_not_even_by_hand_can_a_level_fall(person: User, lower: str) -> None:
    Thread.objects.create(owner=person, client_thread_id="t", level="crisis")

    with pytest.raises(IntegrityError, match="never falls"), transaction.atomic():
        Thread.objects.update(level=lower)
    assert Thread.objects.get().level == "crisis"


@pytest.mark.parametrize("other", ["concern", "crisis"])
def test_the_level_of_a_flag_stays(person: User, other: str) -> None:
    say(person, "crisis" if other == "concern" else "concern")

    with pytest.raises(IntegrityError, match="never falls"), transaction.atomic():
        SafetyFlag.objects.update(level=other)


def test_a_thread_keeps_its_level_when_a_guest_becomes_an_account(person: User) -> None:
    say(person, "concern")
    account = User.objects.create(username="bob", kind=User.Kind.ACCOUNT)

    claiming.move_all(guest_id=person.pk, account_id=account.pk)

    thread = Thread.objects.get()
    assert (thread.owner, thread.level, thread.flags.count()) == (account, "concern", 1)


# --- gone with the conversation ------------------------------------------------------------------


def test_flags_go_with_their_conversation(person: User) -> None:
    say(person, "crisis", thread_id="t1")
    say(person, "crisis", thread_id="t2", message_id="kept")

    operations.delete_thread(owner_id=person.pk, thread_id="t1")

    assert flags() == [("kept", "crisis")]


def test_flags_go_with_a_conversation_that_is_too_old(person: User) -> None:
    say(person, "crisis")
    thread = Thread.objects.get()
    Run.objects.update(finished_at=thread.created_at)

    assert purging.delete_quiet_threads(ids=[thread.id], since=queries.now()) == 1
    assert flags() == []


def test_a_flag_outlives_who_closed_it(person: User, reviewer: User) -> None:
    say(person, "crisis")
    reviewing.close_flag(flag_id=SafetyFlag.objects.get().pk, by=reviewer, note="Read.")
    reviewer.delete()

    flag = SafetyFlag.objects.get()
    assert (flag.closed_by, flag.note, flag.closed_at is None) == (None, "Read.", False)


# --- reviewed ------------------------------------------------------------------------------------


def test_a_flag_is_closed_once_and_with_a_note(person: User, reviewer: User) -> None:
    say(person, "crisis")
    flag_id = SafetyFlag.objects.get().pk
    other = User.objects.create_superuser("other")

    with pytest.raises(ValueError, match="note"):
        reviewing.close_flag(flag_id=flag_id, by=reviewer, note="  ")
    assert reviewing.close_flag(flag_id=flag_id, by=reviewer, note=" Called back. ")
    assert not reviewing.close_flag(flag_id=flag_id, by=other, note="Mine.")

    flag = SafetyFlag.objects.get()
    assert (flag.closed_by, flag.note, flag.level) == (reviewer, "Called back.", "crisis")


def queue(desk: Client, **query: str) -> list[str]:
    """The levels of the list's rows, from the top."""
    answer = desk.get(reverse("admin:chat_safetyflag_changelist"), query)
    assert answer.status_code == 200
    return re.findall(r'badge badge-\w+">(\w+)<', answer.content.decode())


def test_the_queue_is_crisis_first_and_open_only(person: User, desk: Client) -> None:
    say(person, "concern", message_id="m1")
    say(person, "crisis", message_id="m2")
    say(person, "crisis", message_id="m3")
    SafetyFlag.objects.filter(message="m3").update(closed_at=queries.now(), note="Read.")

    assert queue(desk) == ["crisis", "concern"]
    assert queue(desk, state="closed") == ["crisis"]
    assert queue(desk, state="all") == ["crisis", "concern", "crisis"]


def test_of_the_same_level_the_oldest_comes_first(person: User, desk: Client) -> None:
    for message_id in ("older", "newer"):
        say(person, "crisis", message_id=message_id)
    flags_shown = desk.get(reverse("admin:chat_safetyflag_changelist")).context["cl"].result_list

    assert [flag.message for flag in flags_shown] == ["older", "newer"]


def test_a_reviewer_closes_a_flag_and_can_change_nothing_else(
    person: User, reviewer: User, desk: Client
) -> None:
    say(person, "crisis", message_id="m1")
    url = reverse("admin:chat_safetyflag_change", args=[SafetyFlag.objects.get().pk])

    refused = desk.post(url, {"note": "  "})
    closed = desk.post(url, {"note": "Called back.", "level": "concern", "category": "x"})
    again = desk.post(url, {"note": "Other."})

    flag = SafetyFlag.objects.get()
    assert (refused.status_code, closed.status_code) == (200, 302)
    assert (flag.level, flag.category, flag.note) == ("crisis", "suicide", "Called back.")
    assert (flag.closed_by, flag.closed_at is None) == (reviewer, False)
    assert again.status_code in (200, 302)
    assert b"Called back." in desk.get(url).content


def test_flags_are_neither_added_nor_deleted_by_hand(person: User, desk: Client) -> None:
    say(person, "crisis")
    key = SafetyFlag.objects.get().pk

    assert desk.get(reverse("admin:chat_safetyflag_add")).status_code == 403
    assert desk.post(reverse("admin:chat_safetyflag_delete", args=[key])).status_code == 403


def test_a_transcript_shows_its_level_and_its_flags_with_the_words_in_question(
    person: User, desk: Client
) -> None:
    say(person, "crisis", text="so <tired> of it", message_id="m1")

    url = reverse("admin:chat_thread_change", args=[Thread.objects.get().pk])
    page = desk.get(url).content.decode()

    assert "<dt>Level</dt><dd>crisis</dd>" in page
    assert "found by screen" in page
    assert '<q dir="auto">&lt;tire</q>' in page
