"""Real servers, and a model that hangs, fails, refuses or hangs up: who is in danger gets help."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.support.chat_client import ChatClient
from tests.support.openai_scenarios import Cut, Gate, Scenario, Stall, breaks, refuses, says
from tests.support.openai_server import ThreadedOpenAIServer, Verdict
from tests.support.server import AppServer, client_token

pytestmark = pytest.mark.process

GRAVE = "I do not want to live any more. I want to die."
SAD = "I feel hopeless and worthless."
UK = {"country": "GB"}
DOWN = [
    pytest.param(says(Stall()), id="hangs"),
    pytest.param(refuses(401), id="fails"),
    pytest.param(refuses(400, code="content_policy_violation"), id="refuses"),
    pytest.param(breaks(Cut()), id="hangs up"),
]


def cards(me: ChatClient, thread_id: str = "t1") -> list[dict[str, Any]]:
    events = me.view(thread_id).events
    return [event["value"] for event in events if event.get("name") == "kindline.help"]


@pytest.mark.parametrize("trouble", DOWN)
async def test_a_grave_message_brings_its_card_first_and_once(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str], trouble: Scenario
) -> None:
    model.play_to(GRAVE, trouble)
    hangs = any(isinstance(part, Stall) for part in trouble.parts)

    async with ChatClient(app.url, headers) as me:
        run_id = await me.submit(GRAVE, "t1", props=UK)
        await me.wait(lambda: len(me.view("t1").events) >= 2)
        first = [event["type"] for event in me.view("t1").events[:2]]
        if not hangs:  # for as long as it is asked again
            await me.finished("t1")

    assert first == ["RUN_STARTED", "CUSTOM"]
    [card] = cards(me)
    assert (card["cardId"], card["reason"], card["level"]) == (run_id, "message", "crisis")
    assert card["lines"][0]["name"] == "Samaritans"


async def test_the_card_comes_before_the_models_first_word(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str]
) -> None:
    gate = Gate()
    model.play_to(GRAVE, says(gate, "I am here."))

    async with ChatClient(app.url, headers) as me:
        await me.submit(GRAVE, "t1", props=UK)
        await me.wait(lambda: bool(cards(me)))
        written = len(model.wrote_at)
        gate.open()
        view = await me.finished("t1")

    assert (written, view.reply) == (0, "I am here.")


@pytest.mark.parametrize("trouble", DOWN)
async def test_a_sad_message_that_gets_no_answer_brings_one_too(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str], trouble: Scenario
) -> None:
    model.play_to(SAD, trouble)

    async with ChatClient(app.url, headers) as me:
        run_id = await me.submit(SAD, "t1", props=UK)
        await me.wait(lambda: bool(cards(me)))

    [card] = cards(me)
    assert (card["cardId"], card["reason"], card["level"]) == (run_id, "model_down", "concern")
    assert card["lines"][0]["name"] == "Samaritans"


async def test_redis_is_not_needed_for_any_of_it(
    transactional_db: None, model: ThreadedOpenAIServer, server_log: Path
) -> None:
    """Also not for what moderation finds beside a reply."""
    model.play_to(SAD, refuses(401))
    away = {"REDIS_URL": "redis://127.0.0.1:1/0", "MODERATION": "on", "TIMINGS_SCALE": "1"}
    async with AppServer(server_log, OPENAI_BASE_URL=model.base_url, **away) as server:
        headers = await asyncio.to_thread(client_token, server)
        async with ChatClient(server.url, headers) as me:
            await me.submit(SAD, "t1", props=UK)
            await me.finished("t1")
            await me.submit(GRAVE, "t1", props=UK)
            await me.wait(lambda: len(cards(me)) == 2)
            model.judge(Verdict(("self-harm",)))
            await me.submit("what no screen sees", "t2", props=UK)
            await me.wait(lambda: len(cards(me, "t2")) == 1)

    told = [(card["reason"], card["level"]) for card in cards(me) + cards(me, "t2")]
    assert told == [("model_down", "concern"), ("message", "crisis"), ("moderation", "crisis")]
    log = await asyncio.to_thread(server_log.read_text)
    assert "hopeless" not in log
    assert "no screen" not in log
