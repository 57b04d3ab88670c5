"""Servers that are alone on the tests' database: woken, killed, stopped, of every kind."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async

from realtime.chat import agui, queries
from realtime.chat.models import Run, RunEvent
from tests.support.chat_client import ChatClient
from tests.support.openai_scenarios import Stall, says
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer, client_token, http

pytestmark = pytest.mark.process


async def test_another_process_is_woken_through_the_channel_layer(
    transactional_db: None, model: ThreadedOpenAIServer, tmp_path: Path
) -> None:
    """With timers so slow that the safety poll cannot be what brings the frames."""
    slow = {"OPENAI_BASE_URL": model.base_url, "TIMINGS_SCALE": "20"}
    with (
        AppServer(tmp_path / "a.log", **slow) as one,
        AppServer(tmp_path / "b.log", **slow) as two,
    ):
        headers = client_token(one)
        async with ChatClient(one.url, headers) as me, ChatClient(two.url, headers) as there:
            await there.subscribe("t1")
            await there.wait(lambda: there.view("t1").cursor == "0-0")
            await me.submit("hi", "t1")

            async with asyncio.timeout(8):  # the poll of an active thread comes after 40 s
                view = await there.finished("t1")

    assert view.reply == "I hear you."


async def test_after_kill_9_the_reply_is_written_again_and_nothing_says_generating(
    transactional_db: None, model: ThreadedOpenAIServer, server_log: Path
) -> None:
    model.play(says("These words ", "were seen. ", Stall()))
    async with AppServer(server_log, OPENAI_BASE_URL=model.base_url) as server:
        me = ChatClient(server.url, client_token(server))
        await me.open()
        await me.submit("hi", "t1")
        await me.wait(lambda: me.view("t1").reply == "These words were seen. ")

        await asyncio.to_thread(server.kill)
        await me.drop()
        await asyncio.to_thread(server.start)
        await me.open()
        await me.subscribe("t1")
        view = await me.finished("t1")
        fresh = ChatClient(server.url, me.headers)
        await fresh.open()
        await fresh.subscribe("t1")
        await fresh.wait(lambda: fresh.view("t1").snapshots == 1)
        await me.drop()
        await fresh.drop()

    assert view.outcome == "success"
    assert view.reply == fresh.view("t1").reply == "I hear you."
    assert not await Run.objects.filter(state__in=Run.ACTIVE).aexists()


async def test_a_server_that_is_asked_to_stop_leaves_its_turns_to_others_at_once(
    transactional_db: None, model: ThreadedOpenAIServer, server_log: Path
) -> None:
    model.play(says("Half ", Stall()))
    # With real timers: it is to end before the stall is given up (idle_s).
    async with (
        AppServer(server_log, OPENAI_BASE_URL=model.base_url, TIMINGS_SCALE="1") as server,
        ChatClient(server.url, client_token(server)) as me,
    ):
        await me.submit("hi", "t1")
        await me.wait(lambda: me.view("t1").reply == "Half ")
        await asyncio.to_thread(server.stop)

    run = await Run.objects.aget()
    assert (run.state, run.attempt) == ("running", 0)
    assert run.lease_until is not None
    assert run.lease_until < await sync_to_async(queries.now)()
    words = [agui.decode(event.payload) async for event in RunEvent.objects.order_by("seq")]
    assert [event.kind for event in words][2:] == ["TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT"]


async def test_a_server_that_is_asked_to_stop_says_goodbye_with_1012(
    transactional_db: None, model: ThreadedOpenAIServer, server_log: Path
) -> None:
    async with (
        AppServer(server_log, OPENAI_BASE_URL=model.base_url) as server,
        ChatClient(server.url, client_token(server)) as me,
    ):
        await asyncio.to_thread(server.stop)
        assert me.socket is not None
        await me.socket.wait_closed()

    assert me.socket.close_code == 1012
    assert me.frames[-1] == {"type": "draining", "reconnectMs": 1500}


@pytest.mark.parametrize("kind", ["daphne", "runserver"])
async def test_one_turn_runs_under(
    kind: str, transactional_db: None, model: ThreadedOpenAIServer, server_log: Path
) -> None:
    with AppServer(server_log, kind=kind, OPENAI_BASE_URL=model.base_url) as server:
        async with ChatClient(server.url, client_token(server)) as me:
            await me.submit("hi", "t1")

            view = await me.finished("t1")

    assert view.reply == "I hear you."


async def test_without_a_model_chat_is_refused_and_help_is_served(
    transactional_db: None, server_log: Path
) -> None:
    with AppServer(server_log, OPENAI_BASE_URL="", OPENAI_API_KEY="", REHEARSAL_URL="") as server:
        async with ChatClient(server.url, client_token(server)) as me:
            await me.submit("hi", "t1")
            await me.wait(lambda: bool(me.refusals))
        help_page = await asyncio.to_thread(http, "GET", f"{server.url}/help", headers={})

    assert me.refusals[0]["code"] == "upstream_unavailable"
    assert b"<html" in help_page
