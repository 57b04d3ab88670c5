"""The demo as the agent hears it: through the provider, over HTTP."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from typing import Literal

import pytest
from pydantic import BaseModel

from realtime.agent.events import (
    TextDelta,
    TextStarted,
    ToolArgumentsDelta,
    ToolFinished,
    TurnEvent,
    TurnFinished,
)
from realtime.agent.loop import TurnLimits, run_turn
from realtime.agent.model import UserMessage
from realtime.agent.tools import Tool, Toolbox
from realtime.provider.client import OpenAIModel, ProviderConfig
from realtime.rehearsal import texts
from realtime.rehearsal.server import Server


class Wanted(BaseModel):
    country: str | None
    needs: list[Literal["grief", "suicide"]]
    audiences: list[str] = []


async def find_hotlines(wanted: Wanted) -> str:
    assert wanted.needs == ["suicide"]
    return '{"country": "CA", "lines": []}'


@pytest.fixture
async def model(server: Server) -> AsyncIterator[OpenAIModel]:
    config = ProviderConfig(api_key="none", base_url=f"http://127.0.0.1:{server.port}/v1")
    demo = OpenAIModel(config)
    yield demo
    await demo.close()


async def turn(model: OpenAIModel, text: str) -> list[TurnEvent]:
    ids = itertools.count()
    events = run_turn(
        model=model,
        toolbox=Toolbox([Tool("find_hotlines", "", Wanted, find_hotlines)]),
        history=[UserMessage(text)],
        safety_identifier="guest",
        limits=TurnLimits(retries=0),
        new_id=lambda: f"id{next(ids)}",
    )
    return [event async for event in events]


def said(events: list[TurnEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def test_the_helpline_reply_has_text_a_call_and_more_text(model: OpenAIModel) -> None:
    events = await turn(model, texts.HELPLINE)

    marks = [type(e) for e in events if isinstance(e, TextStarted | ToolFinished | TurnFinished)]
    assert marks == [TextStarted, ToolFinished, TextStarted, TurnFinished]
    assert said(events) == texts.HELPLINE_INTRO + texts.HELPLINE_FOUND
    assert sum(isinstance(event, ToolArgumentsDelta) for event in events) > 2


async def test_a_grave_turn_is_one_sentence_and_a_card(model: OpenAIModel) -> None:
    events = await turn(model, "I want to die")

    marks = [type(e) for e in events if isinstance(e, TextStarted | ToolFinished | TurnFinished)]
    assert marks == [TextStarted, ToolFinished, TurnFinished]
    assert said(events) == texts.GRAVE_REPLY
