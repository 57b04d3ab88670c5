"""What the model is told of danger, and how its look-up and the card agree."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from realtime.accounts.models import User
from realtime.agent.model import ModelText
from realtime.agent.prompt import CARD_SHOWN, PROMPT_VERSION
from realtime.agent.testing import Gate, ScriptedModel, call, calls, says
from realtime.chat.models import Message, Run
from realtime.chat.toolbox import ALREADY_SHOWN
from tests.chat.test_engine import watching
from tests.chat.test_raising import answered, asking
from tests.chat.test_turns import killed
from tests.support.engine import running_engine

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def owner() -> int:
    return (await User.objects.acreate(username=str(uuid4()))).pk


def told(model: ScriptedModel, request: int = 0) -> str:
    first, *rest = model.requests[request].messages
    assert not any(type(message) is type(first) for message in rest)  # one system message
    return str(getattr(first, "content", ""))


async def test_a_model_is_told_the_level_and_the_card_that_stands_beside_its_reply(
    owner: int,
) -> None:
    model = ScriptedModel(says("Hi."), says("Yes."))
    async with answered(model, owner, asking(owner, "crisis")) as (engine, watcher):
        await watcher.until(lambda w: w.over)
        await engine.intake.submit(asking(owner))
        await watcher.until(lambda w: "Yes." in w.text)

    first, second = told(model), told(model, 1)
    assert f"{CARD_SHOWN}. On it: Samaritans (Call: 116 123" in first
    assert "points to danger" in first
    assert "points to danger" in second
    assert "a help card earlier. On it: Samaritans" in second


async def test_a_model_is_told_of_concern_without_a_card(owner: int) -> None:
    model = ScriptedModel(says("Hi."))
    async with answered(model, owner, asking(owner, "concern")) as (_, watcher):
        await watcher.until(lambda w: w.over)

    assert "may point to danger" in told(model)
    assert "help card" not in told(model)


async def test_of_an_ordinary_talk_it_is_told_nothing(owner: int) -> None:
    model = ScriptedModel(says("Hi."))
    async with answered(model, owner, asking(owner)) as (_, watcher):
        await watcher.until(lambda w: w.over)

    assert "Note of this service" not in told(model)


async def test_the_version_of_the_prompt_stays_with_a_run_that_another_process_takes_over(
    owner: int,
) -> None:
    first, second = ScriptedModel([ModelText("Half "), Gate()]), ScriptedModel(says("Whole."))
    async with running_engine(first) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(asking(owner, "crisis"))
        await watcher.until(lambda w: w.text == "Half ")
        assert (await Run.objects.aget()).prompt_version == PROMPT_VERSION == "system-2"
        await Run.objects.aupdate(prompt_version="system-1")  # as if of an older release
        async with killed(engine):
            pass
        async with running_engine(second):
            await watcher.until(lambda w: w.over)

    assert (await Run.objects.aget()).prompt_version == "system-2"
    assert CARD_SHOWN in told(second)


async def test_a_look_up_for_what_the_card_is_for_gives_the_card(
    owner: int, directory: None
) -> None:
    asked = '{"country": null, "needs": ["suicide"]}'
    model = ScriptedModel(calls(call("find_hotlines", asked)), says("There."))
    sent = asking(owner, "crisis")
    async with answered(model, owner, sent) as (_, watcher):
        await watcher.until(lambda w: w.over)

    result = await Message.objects.aget(role="tool")
    found = json.loads(result.content[0]["content"])
    assert (found["cardId"], found["lines"]) == (sent.run_id, sent.aid.card["lines"])  # type: ignore[index]
    assert found["message"].endswith(ALREADY_SHOWN)
    assert "level" not in found
