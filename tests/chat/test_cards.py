"""When a conversation shows a help card, and when it leaves a person in peace."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from realtime.accounts.models import User
from realtime.chat import cards, operations, queries
from realtime.chat.helping import Aid
from realtime.chat.log import Logged
from realtime.chat.models import Message, Notice, Run
from realtime.safety.rules import Level
from realtime.safety.screen import Screening
from tests.support.runs import asking

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person() -> User:
    return User.objects.create(username="alice")


def card(run_id: str, level: str = "crisis") -> dict[str, Any]:
    return {"cardId": run_id, "level": level, "reason": "message", "country": "GB", "lines": []}


def say(person: User, run_id: str, *, level: Level = "crisis", **ids: str) -> Logged:
    """A message and the end of its run; `level` is what the screen found in it."""
    submission = asking(person, run_id=run_id, **ids)
    found = Screening() if level == "none" else Screening(level, "suicide", (2, 7))
    aid = Aid(found, card(run_id) if level == "crisis" else None)
    logged = operations.submit(submission=replace(submission, aid=aid))
    operations.stop(owner_id=person.id, run_id=run_id)
    return logged


def shown(logged: Logged) -> list[str]:
    """The ids of the cards among these frames."""
    events = [json.loads(frame.chunk) for frame in logged.frames]
    return [event["value"]["cardId"] for event in events if event["type"] == "CUSTOM"]


def test_the_card_stands_after_run_started_and_in_the_notices(person: User) -> None:
    logged = say(person, "r1", message_id="m1")

    notice = Notice.objects.get()
    assert [json.loads(f.chunk)["type"] for f in logged.frames] == ["RUN_STARTED", "CUSTOM"]
    assert (notice.seq, notice.after_message, notice.name) == (2, "m1", "kindline.help")
    assert notice.value == card("r1")


def test_the_card_stands_after_the_snapshot_of_a_regenerated_reply(person: User) -> None:
    say(person, "r1", message_id="m1", level="none")

    logged = say(person, "r2", message_id="m1")

    kinds = [json.loads(frame.chunk)["type"] for frame in logged.frames]
    assert kinds == ["RUN_STARTED", "MESSAGES_SNAPSHOT", "CUSTOM"]
    assert Notice.objects.get().seq == 3


def test_a_message_that_calls_for_none_shows_none(person: User) -> None:
    assert shown(say(person, "r1", level="none")) == []


def test_the_same_submit_again_shows_no_second_card(person: User) -> None:
    say(person, "r1", message_id="m1")

    assert say(person, "r1", message_id="m1").frames == []
    assert Notice.objects.count() == 1


def test_a_second_grave_message_soon_after_shows_no_second_card(person: User) -> None:
    say(person, "r1")

    assert shown(say(person, "r2")) == []


def test_another_conversation_shows_its_own(person: User) -> None:
    say(person, "r1")

    assert shown(say(person, "r2", thread_id="t2")) == ["r2"]


def test_a_rise_to_crisis_shows_one_and_concern_by_itself_none(person: User) -> None:
    assert shown(say(person, "r1", level="concern")) == []
    assert shown(say(person, "r2", level="crisis")) == ["r2"]
    assert shown(say(person, "r3", level="concern")) == []


def test_after_ten_messages_it_is_shown_again(person: User) -> None:
    say(person, "r0")
    for number in range(1, cards.QUIET_MESSAGES):
        say(person, f"r{number}", level="none")
    assert shown(say(person, "soon")) == []

    assert shown(say(person, "later")) == ["later"]


def test_once_at_crisis_concern_is_reason_enough_to_show_it_again_after_a_while(
    person: User,
) -> None:
    say(person, "r0")
    for number in range(1, cards.QUIET_MESSAGES):
        say(person, f"r{number}", level="none")
    assert shown(say(person, "soon", level="concern")) == []

    [event] = [json.loads(f.chunk) for f in say(person, "later", level="concern").frames[1:]]
    assert (event["value"]["cardId"], event["value"]["level"]) == ("later", "crisis")
    assert event["value"]["reason"] == "message"


def test_below_crisis_concern_never_is(person: User) -> None:
    for number in range(cards.QUIET_MESSAGES + 3):
        assert shown(say(person, f"r{number}", level="concern")) == []


def test_after_half_an_hour_it_is_shown_again(person: User) -> None:
    say(person, "r1")
    Run.objects.update(created_at=queries.now() - cards.QUIET - timedelta(seconds=1))

    assert shown(say(person, "r2")) == ["r2"]


def test_the_card_of_a_message_that_was_edited_away_is_replaced(person: User) -> None:
    say(person, "r1", message_id="m1")
    edited = say(person, "other", level="none").run_id
    Message.objects.filter(client_msg_id="m1").update(superseded_by=edited)

    assert shown(say(person, "r2")) == ["r1"]
