"""Asking again, editing and interrupting: one reply at a time, and what it replaces is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection

from realtime.accounts.models import User
from realtime.chat import agui, log, operations, queries
from realtime.chat.log import Logged
from realtime.chat.models import Message, Run
from realtime.chat.operations import Refusal
from realtime.chat.protocol import Cursor
from realtime.chat.transcript import text_of
from tests.support.invariants import assert_log_invariants
from tests.support.runs import START_TEXT, WORDS, append, asking, claim_one

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person() -> User:
    return User.objects.create(username="alice")


def ask(person: User, text: str, message_id: str, **more: Any) -> Logged:
    return operations.submit(submission=asking(person, text, message_id=message_id, **more))


def answer(reply_id: str) -> None:
    """Write a whole reply to the run that waits."""
    claim = claim_one()
    run = claim.run_log(renewed_at=0.0)
    text = agui.TextMessageContent(message_id=reply_id, delta=f"Reply {reply_id}.")
    run.restart([agui.TextMessageStart(message_id=reply_id, role="assistant"), text])
    ended = agui.RunFinished(thread_id=claim.thread_id, run_id=claim.client_run_id)
    run.end(ended, state="completed")
    with connection.cursor() as sql:
        sql.execute(log.APPEND, log.append_parameters([run.take()], lease_s=15))
        assert log.read_outcomes(sql.fetchall())[claim.run_id] is log.Outcome.WROTE


def conversation(person: User) -> list[str]:
    """The words that stand, as a reload shows them."""
    missed = queries.catch_up(owner_id=person.pk, thread_id="t1", cursor=None)
    assert missed.snapshot is not None
    return [message.content or "" for message in missed.snapshot.messages]


def told(logged: Logged) -> list[str]:
    """The words in the snapshot that everybody who watches is sent."""
    [snapshot] = [
        e for f in logged.frames if (e := json.loads(f.chunk))["type"].startswith("MESS")
    ]
    return [message["content"] for message in snapshot["messages"]]


def test_an_edit_takes_the_place_of_its_message_and_of_what_followed(person: User) -> None:
    ask(person, "one", "u1")
    answer("a1")
    ask(person, "two", "u2")
    answer("a2")

    logged = ask(person, "two, better", "u3", replaces="u2")
    answer("a3")

    assert told(logged) == ["one", "Reply a1.", "two, better"]
    assert conversation(person) == ["one", "Reply a1.", "two, better", "Reply a3."]
    replaced = Message.objects.filter(superseded_by=logged.run_id).order_by("ord", "idx")
    assert [text_of(message.content) for message in replaced] == ["two", "Reply a2."]
    assert_log_invariants()


def test_the_first_message_may_be_edited_too(person: User) -> None:
    ask(person, "one", "u1")
    answer("a1")
    ask(person, "two", "u2")
    answer("a2")

    logged = ask(person, "one, better", "u3", replaces="u1")

    assert told(logged) == ["one, better"]


def test_an_edit_ends_the_reply_that_is_being_written(person: User) -> None:
    ask(person, "one", "u1", run_id="r1")
    claim = claim_one()
    append(claim, START_TEXT, WORDS)

    logged = ask(person, "one, better", "u2", replaces="u1")

    assert logged.ended is not None
    assert (logged.ended.run_id, logged.start) == (claim.run_id, Cursor(1, 5))
    assert append(claim, WORDS, last_seq=3) is log.Outcome.FENCED
    assert Run.objects.get(id=claim.run_id).state == "cancelled"
    answer("a2")
    assert conversation(person) == ["one, better", "Reply a2."]
    assert_log_invariants()


def test_the_same_edit_again_gives_the_same_run(person: User) -> None:
    ask(person, "one", "u1")
    answer("a1")
    edit = asking(person, "better", message_id="u2", replaces="u1")

    first = operations.submit(submission=edit)
    again = operations.submit(submission=edit)

    assert (again.run_id, again.frames) == (first.run_id, [])


@pytest.mark.parametrize(
    ("message_id", "replaces"),
    [("u2", "nothing"), ("u2", "a1"), ("u1", "u1"), ("a1", "u1")],
    ids=["unknown", "of the agent", "itself", "under a known id"],
)
def test_what_cannot_be_edited_is_refused(person: User, message_id: str, replaces: str) -> None:
    ask(person, "one", "u1")
    answer("a1")

    with pytest.raises(Refusal) as refused:
        ask(person, "better", message_id, replaces=replaces)

    assert refused.value.code == "invalid_input"
    assert conversation(person) == ["one", "Reply a1."]


def test_a_message_that_was_replaced_is_edited_no_more(person: User) -> None:
    ask(person, "one", "u1")
    answer("a1")
    ask(person, "better", "u2", replaces="u1")
    answer("a2")

    with pytest.raises(Refusal, match="no longer"):
        ask(person, "best", "u3", replaces="u1")


def test_asking_again_ends_the_reply_that_is_being_written(person: User) -> None:
    ask(person, "one", "u1", run_id="r1")
    append(claim_one(), START_TEXT, WORDS)

    again = ask(person, "one", "u1", run_id="r2")
    twice = ask(person, "one", "u1", run_id="r3")

    assert [run.state for run in Run.objects.order_by("ord")] == ["cancelled"] * 2 + ["queued"]
    assert told(again) == told(twice) == ["one"]
    answer("a3")
    assert conversation(person) == ["one", "Reply a3."]
    assert_log_invariants()


def test_a_new_message_may_end_the_reply_that_is_being_written(person: User) -> None:
    ask(person, "one", "u1", run_id="r1")
    claim = claim_one()
    append(claim, START_TEXT, WORDS)

    logged = ask(person, "two", "u2", if_busy="stop")

    assert logged.ended is not None
    assert json.loads(logged.ended.frames[-1].chunk)["outcome"] == {"type": "cancelled"}
    answer("a2")
    assert conversation(person) == ["one", "Half a rep", "two", "Reply a2."]


def test_a_refused_message_leaves_the_reply_that_is_being_written(person: User) -> None:
    ask(person, "one", "u1", run_id="r1")

    with pytest.raises(Refusal):
        ask(person, "other words", "u1", if_busy="stop")

    assert Run.objects.get().state == "queued"
