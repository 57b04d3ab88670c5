"""The HTTP twins of the socket as another's program meets them: a real server, a real log."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote

import pytest

from tests.support.chat_client import ChatClient
from tests.support.openai_scenarios import Gate, says
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer, client_token, http

pytestmark = pytest.mark.process


def part(id: str) -> str:
    """An id as one part of an address."""
    return quote(id, safe="")


async def asked(app: AppServer, headers: dict[str, str], way: str, path: str) -> tuple[int, Any]:
    """Status and JSON of the answer."""
    try:
        url = f"{app.url}/api/v1/{path}"
        body = await asyncio.to_thread(http, way, url, headers=headers)
    except HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)
    return 200, json.loads(body) if body else None


async def test_a_reply_is_stopped_by_a_request(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str]
) -> None:
    gate = Gate()
    model.play(says("One ", gate, "two."))

    async with ChatClient(app.url, headers) as me:
        run_id = await me.submit("hi", "t1")
        await me.wait(lambda: me.view("t1").reply == "One ")
        status, told = await asked(app, headers, "POST", f"threads/t1/runs/{run_id}/stop")
        view = await me.finished("t1")

    assert (status, told["state"], view.outcome) == (200, "cancelled", "cancelled")


async def test_a_stop_of_what_is_over_says_how_it_ended(
    app: AppServer, headers: dict[str, str]
) -> None:
    async with ChatClient(app.url, headers) as me:
        run_id = await me.submit("hi", "t1")
        await me.finished("t1")

    status, told = await asked(app, headers, "POST", f"threads/t1/runs/{run_id}/stop")

    assert (status, told) == (200, {"threadId": "t1", "runId": run_id, "state": "completed"})


async def test_a_run_that_is_not_yours_is_none_and_goes_on(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str]
) -> None:
    gate = Gate()
    model.play(says("One ", gate, "two."))

    async with ChatClient(app.url, headers) as me:
        run_id = await me.submit("hi", "t1")
        await gate.reached()
        foreign = await asked(app, client_token(app), "POST", f"threads/t1/runs/{run_id}/stop")
        unknown = await asked(app, headers, "POST", "threads/t1/runs/other/stop")
        elsewhere = await asked(app, headers, "POST", f"threads/t2/runs/{run_id}/stop")
        gate.open()
        view = await me.finished("t1")

    assert foreign == unknown == elsewhere
    assert (foreign[0], view.reply) == (404, "One two.")


@pytest.mark.parametrize("thread_id", ["a/events", "a/runs/b/stop", "%2F", "%252f", "a/b/../c?d"])
async def test_an_id_is_one_part_of_an_address_whatever_it_holds(
    app: AppServer, headers: dict[str, str], thread_id: str
) -> None:
    async with ChatClient(app.url, headers) as me:
        run_id = await me.submit("hi", thread_id, run_id="r/stop")
        await me.finished(thread_id)

    read = await asked(app, headers, "GET", f"threads/{part(thread_id)}")
    stopped = await asked(
        app, headers, "POST", f"threads/{part(thread_id)}/runs/{part(run_id)}/stop"
    )
    await asked(app, headers, "DELETE", f"threads/{part(thread_id)}")
    left = await asked(app, headers, "GET", "threads")

    assert len(read[1]["messages"]) == 2
    assert (stopped[1]["threadId"], stopped[1]["state"]) == (thread_id, "completed")
    assert left[1]["threads"] == []
