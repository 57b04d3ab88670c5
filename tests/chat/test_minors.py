"""Who says that they are under 18: lines for young people, and a model that is told."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from realtime.accounts.models import User
from realtime.agent.testing import ScriptedModel, call, calls, says
from realtime.chat import helping, operations
from realtime.chat.helping import Aid
from realtime.chat.models import Message, Run, Thread
from realtime.chat.operations import Submission
from realtime.chat.protocol import parse
from realtime.chat.transcript import text_of
from realtime.safety.screen import Screening
from tests.support.engine import running_engine
from tests.support.eventually import until_async
from tests.support.runs import PLACE

pytestmark = pytest.mark.django_db(transaction=True)

GB = {**PLACE, "country": "GB"}
WORST = "I want to kill myself"


@pytest.fixture
def person() -> User:
    return User.objects.create(username="alice")


def frame(text: str) -> Any:
    said = [{"id": "m1", "role": "user", "content": text}]
    props = {"kindline": {"country": "GB"}}
    return parse(
        json.dumps({"threadId": "t1", "runId": "r1", "messages": said, "forwardedProps": props})
    )


def first(card: dict[str, Any] | None) -> str:
    assert card is not None
    name: str = card["lines"][0]["id"]
    return name


def for_the_young(card: dict[str, Any] | None) -> bool:
    assert card is not None
    return any("youth" in line["audiences"] for line in card["lines"])


def submission(person: User, run: str, text: str, aid: Aid | None = None) -> Submission:
    sent = Submission(person.pk, "t1", run, f"m-{run}", text, GB)
    return sent if aid is None else replace(sent, aid=aid)


def shown(logged: Any) -> dict[str, Any]:
    events = [json.loads(each.chunk) for each in logged.frames]
    cards: list[dict[str, Any]] = [e["value"] for e in events if e.get("name") == "kindline.help"]
    [card] = cards
    return card


def test_the_card_holds_a_line_for_young_people_and_the_lead_line_first() -> None:
    young, old = helping.card_now(frame(f"I'm 14. {WORST}")), helping.card_now(frame(WORST))

    assert first(young) == first(old) == "gb-samaritans"
    assert for_the_young(young)
    assert not for_the_young(old)


def test_a_later_card_of_the_conversation_holds_it_too(person: User) -> None:
    operations.submit(submission=submission(person, "r1", "i'm 14 and sad"))
    operations.stop(owner_id=person.pk, run_id="r1")
    card = helping.card_now(frame(WORST))

    found = Aid(Screening("crisis", "suicide", (0, 5)), card)
    logged = operations.submit(submission=submission(person, "r2", WORST, found))

    assert Thread.objects.get().minor
    assert for_the_young(shown(logged))
    assert shown(logged)["cardId"] == "r1"  # as the card had it


def test_who_did_not_say_so_gets_the_card_as_it_was(person: User) -> None:
    found = Aid(Screening("crisis", "suicide", (0, 5)), helping.card_now(frame(WORST)))

    logged = operations.submit(submission=submission(person, "r1", WORST, found))

    assert not for_the_young(shown(logged))
    assert Run.objects.get().input["place"] == GB


async def test_the_model_is_told_and_its_tool_finds_lines_for_young_people(person: User) -> None:
    find = call("find_hotlines", '{"country": "GB", "needs": ["general-emotional-support"]}')
    model = ScriptedModel(calls(find), says("There."))
    async with running_engine(model) as engine:
        await engine.intake.submit(submission(person, "r1", "im 13 and so alone"))
        await until_async(Message.objects.filter(role="assistant").aexists)

    system = str(model.requests[0].messages[0])
    assert "said that they are under 18" in system
    result = await Message.objects.aget(role="tool")
    assert for_the_young(json.loads(result.content[0]["content"]))


async def test_of_others_nothing_is_told(person: User) -> None:
    model = ScriptedModel(says("Hello."))
    async with running_engine(model) as engine:
        await engine.intake.submit(submission(person, "r1", "my son is 13"))
        await until_async(Message.objects.filter(role="assistant").aexists)

    assert "under 18" not in str(model.requests[0].messages[0]).split("Where the person is")[1]
    assert text_of((await Message.objects.aget(role="user")).content) == "my son is 13"
