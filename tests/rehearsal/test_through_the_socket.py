"""The first look, as `./dev run` gives it: the demo behind the real server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from realtime.rehearsal.server import Server
from realtime.rehearsal.texts import GRAVE_REPLY, HELPLINE, STREAMING, WHAT_I_AM
from tests.support.chat_client import ChatClient, ThreadView
from tests.support.server import AppServer, client_token

pytestmark = pytest.mark.process


@pytest.fixture
async def app(
    transactional_db: None, server: Server, server_log: Path
) -> AsyncIterator[AppServer]:
    """The application with no model of its own, so that the demo answers."""
    own = f"http://127.0.0.1:{server.port}/v1"
    async with AppServer(server_log, REHEARSAL_URL=own) as application:
        yield application


async def hear(app: AppServer, text: str) -> ThreadView:
    headers = await asyncio.to_thread(client_token, app)
    async with ChatClient(app.url, headers) as me:
        await me.submit(text, "t1")
        return await me.finished("t1")


async def test_the_helpline_suggestion_streams_text_a_card_and_more_text(app: AppServer) -> None:
    view = await hear(app, f"{HELPLINE} in Ireland")

    kinds = [event["type"] for event in view.events]
    card = kinds.index("TOOL_CALL_RESULT")
    assert "TEXT_MESSAGE_CONTENT" in kinds[:card]
    assert "TEXT_MESSAGE_CONTENT" in kinds[card:]
    assert json.loads(view.results[0])["country"] == "IE"
    assert WHAT_I_AM in view.reply


async def test_grave_words_bring_one_sentence_and_the_card_and_nothing_else(
    app: AppServer,
) -> None:
    view = await hear(app, "I want to die")

    assert view.outcome == "success"
    assert view.reply == GRAVE_REPLY
    assert view.results == []  # the message brought the card itself: a look-up would be a second
    cards = [event["value"] for event in view.events if event.get("name") == "kindline.help"]
    assert [card["reason"] for card in cards] == ["message"]


async def test_an_ordinary_reply_says_that_it_is_a_demo(app: AppServer) -> None:
    assert WHAT_I_AM in (await hear(app, STREAMING)).reply
