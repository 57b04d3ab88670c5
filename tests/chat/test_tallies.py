"""What the room counts, and when: after the commit, once, without anybody's name."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from realtime.accounts.models import User
from realtime.agent.testing import ScriptedModel, call, calls, says
from realtime.chat import helping, operations, tallies
from realtime.chat.helping import Aid
from realtime.chat.operations import Submission
from realtime.chat.protocol import RunAgentInput
from realtime.chat.refusals import Refusal
from realtime.hotlines import tallying
from realtime.hotlines.models import DayCount
from realtime.hotlines.tallying import Tally
from realtime.safety.screen import Screening
from tests.support.engine import running_engine
from tests.support.eventually import until, until_async
from tests.support.runs import PLACE

pytestmark = pytest.mark.django_db(transaction=True)

FIND = call("find_hotlines", '{"country": "GB", "needs": ["suicide"]}')
CARD = {
    "cardId": "r1",
    "level": "crisis",
    "reason": "message",
    "country": "GB",
    "lines": [{"id": "gb-samaritans"}],
    "emergency": {"country": "GB", "numbers": []},
}
SHOWN = {
    ("GB", "card", "crisis", "message"): 1,
    ("GB", "shown", "gb-samaritans", "message"): 1,
    ("GB", "shown", "emergency", "message"): 1,
}


@pytest.fixture(autouse=True)
def tally(monkeypatch: pytest.MonkeyPatch) -> Tally:
    fresh = Tally()
    monkeypatch.setattr(tallying, "tally", fresh)
    monkeypatch.setattr(tallies, "tally", fresh)
    return fresh


@pytest.fixture
def person() -> User:
    return User.objects.create(username="alice")


def in_danger(person: User, **changed: Any) -> Submission:
    aid = Aid(Screening("crisis", "suicide", (0, 2)), CARD)
    place = {**PLACE, "country": "GB"}
    return Submission(person.pk, "t1", "r1", "m1", "hm", place, aid=aid, **changed)


def counted(tally: Tally) -> dict[tuple[str, ...], int]:
    return {key[1:5]: times for key, times in tally._counts.items()}


def test_a_message_its_card_and_the_notice_are_counted(
    person: User, tally: Tally, settings: Settings
) -> None:
    settings.DISCLOSURE_AT_START = True

    operations.submit(submission=in_danger(person))

    assert counted(tally) == {
        **SHOWN,
        ("GB", "screened", "crisis", "suicide"): 1,
        ("GB", "disclosed", "start", ""): 1,
    }


def test_the_same_submit_again_counts_nothing_again(person: User, tally: Tally) -> None:
    for _ in range(2):
        operations.submit(submission=in_danger(person))

    assert set(counted(tally).values()) == {1}


def test_what_was_rolled_back_was_not_shown(person: User, tally: Tally) -> None:
    with transaction.atomic():
        operations.submit(submission=in_danger(person))
        transaction.set_rollback(True)

    assert counted(tally) == {}


def test_the_help_of_a_refusal_is_counted_once(tally: Tally) -> None:
    frame = RunAgentInput(thread_id="t1", run_id="r1", messages=[])

    for _ in range(3):
        helping.refused(frame, Refusal("rate_limited", "Wait."), thread_id="t1", help=CARD)

    assert counted(tally) == {(*key[:3], "refused"): times for key, times in SHOWN.items()}


def test_a_country_of_the_help_page_is_counted_by_its_first_lines(tally: Tally) -> None:
    client = Client(headers={"Host": "127.0.0.1"})
    client.get("/help?country=United Kingdom")
    client.get("/help")
    client.get("/help?country=Atlantis")

    assert ("GB", "shown", "gb-samaritans", "page") in counted(tally)
    assert set(counted(tally).values()) == {1}


async def test_what_the_tool_found_is_counted_and_stored_when_the_server_stops(
    person: User, tally: Tally
) -> None:
    model = ScriptedModel(calls(FIND), says("There."))
    async with running_engine(model) as engine:
        await engine.intake.submit(Submission(person.pk, "t1", "r1", "m1", "hm", PLACE))
        await until(lambda: bool(counted(tally)))

    assert await DayCount.objects.filter(reason="tool", about="gb-samaritans").aexists()


async def test_a_server_stores_what_it_counted_while_it_runs(tally: Tally) -> None:
    tally.add("shown", ["a"])

    async with running_engine(ScriptedModel()):
        await until_async(DayCount.objects.aexists)
