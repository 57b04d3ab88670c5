"""The stock HttpAgent of @ag-ui/client against POST /api/v1/agui, with its own verifier."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async

from realtime.chat.models import Run
from tests.clients.driver import StockClient, stock_client
from tests.clients.stored import stored_reply
from tests.support.chat_client import ChatClient
from tests.support.event_source import event_source
from tests.support.openai_scenarios import Call, Gate, says
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer, client_token, http
from tests.support.tcp_proxy import tcp_proxy

pytestmark = pytest.mark.process

FIND = Call("find_hotlines", '{"country":"GB","needs":["suicide"]}')


@asynccontextmanager
async def http_agent(
    node: Path, url: str, headers: dict[str, str], thread_id: str = "t1"
) -> AsyncIterator[StockClient]:
    asked = {
        "http": f"{url}/api/v1/agui",
        "token": headers["Authorization"].removeprefix("Bearer "),
        "threadId": thread_id,
    }
    async with stock_client(node, "agui.mjs", **asked) as client:
        yield client


async def test_a_plain_reply(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str], node: Path
) -> None:
    model.play(says("Hello ", "there, ", "friend."))

    async with http_agent(node, app.url, headers) as me:
        await me.do("send", "hi", "m1", "r1")
        await me.ended()

    assert me.reply == await stored_reply() == "Hello there, friend."
    assert (me.complaints, me.seen["status"]) == ([], "ready")


async def test_a_look_up_in_mid_reply(
    app: AppServer,
    model: ThreadedOpenAIServer,
    headers: dict[str, str],
    directory: None,
    node: Path,
) -> None:
    model.play(says("I will look. ", FIND), says("There you are."))

    async with http_agent(node, app.url, headers) as me:
        await me.do("send", "where can I call?", "m1", "r1")
        await me.ended()

    assert me.reply == "I will look. There you are."
    assert [m["role"] for m in me.seen["messages"]] == ["user", "assistant", "tool", "assistant"]
    assert (me.complaints, me.seen["status"]) == ([], "ready")


async def test_a_reply_that_was_stopped_is_cancelled(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str], node: Path
) -> None:
    gate = Gate()
    model.play(says("One ", gate, "two."))

    async with http_agent(node, app.url, headers) as me:
        await me.do("send", "hi", "m1", "r1")
        await me.wait(lambda: me.reply == "One ")
        stop = f"{app.url}/api/v1/threads/t1/runs/r1/stop"
        await asyncio.to_thread(http, "POST", stop, headers=headers)
        await me.ended()

    assert me.events[-1]["outcome"] == {"type": "cancelled"}
    assert (me.reply, me.complaints, me.seen["status"]) == ("One ", [], "ready")


async def test_its_abort_leaves_the_reply_to_others(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str], node: Path
) -> None:
    gate = Gate()
    model.play(says("One ", gate, "two."))

    async with ChatClient(app.url, headers, "?threadId=t1") as other:
        async with http_agent(node, app.url, headers) as me:
            await me.do("send", "hi", "m1", "r1")
            await me.wait(lambda: me.reply == "One ")
            await me.do("stop")
            await me.ended()
        gate.open()
        view = await other.finished("t1")

    assert view.reply == await stored_reply() == "One two."


async def test_another_answer_to_the_same_question(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str], node: Path
) -> None:
    model.play(says("First."), says("Second."))

    async with http_agent(node, app.url, headers) as me:
        await me.do("send", "hi", "m1", "r1")
        await me.ended()
        await me.do("reload", "r2")
        await me.wait(lambda: me.reply == "Second." and me.seen["status"] == "ready")

    assert [m["role"] for m in me.seen["messages"]] == ["user", "assistant"]
    assert (await stored_reply(), me.complaints) == ("Second.", [])


async def test_after_a_cut_the_same_run_is_heard_from_its_start(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str], node: Path
) -> None:
    gate = Gate()
    model.play(says("One ", gate, "two."))

    async with tcp_proxy(app.url) as (proxy, url), http_agent(node, url, headers) as me:
        await me.do("send", "hi", "m1", "r1")
        await me.wait(lambda: me.reply == "One ")
        proxy.leave()
        await me.ended()
        assert me.seen["status"] == "error"  # never taken for the end
        proxy.away = False
        gate.open()
        await me.do("reload", "r1")
        await me.wait(lambda: me.seen["status"] == "ready")

    assert me.reply == await stored_reply() == "One two."
    assert await sync_to_async(Run.objects.count)() == 1


async def test_a_refusal_is_an_error_with_its_words(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str], node: Path
) -> None:
    gate = Gate()
    model.play(says("One ", gate, "two."))

    async with ChatClient(app.url, headers) as other, http_agent(node, app.url, headers) as me:
        busy = await other.submit("hi", "t1")
        await gate.reached()
        await me.do("send", "and this?", "m2", "r2")
        await me.ended()
        gate.open()
        await other.finished("t1")

    assert me.seen["refusal"] == {
        "code": "thread_busy",
        "message": "A reply is still being written in this conversation.",
        "retryable": False,
        "activeRunId": busy,
    }


async def test_its_verifier_takes_all_that_a_thread_is_followed_by(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str], node: Path
) -> None:
    model.play(says("First."), says("Second."), says("Third."))
    async with ChatClient(app.url, headers) as me:
        await me.submit("hi", "t1", message_id="m1")
        await me.finished("t1")
        async with event_source(f"{app.url}/api/v1/threads/t1/events", headers) as source:
            await me.submit("hi", "t1", message_id="m1")
            await source.wait(lambda: source.kinds.count("RUN_FINISHED") == 2)
            url = f"{app.url}/api/v1/threads/t1"
            await asyncio.to_thread(http, "DELETE", url, headers=headers)
            await source.wait(lambda: source.kinds.count("RUN_FINISHED") == 3)

    async with stock_client(node, "verify.mjs") as verifier:
        for event in source.events:
            await verifier.do("event", json.dumps(event))
        await verifier.do("done")
        await verifier.ended()

    assert verifier.complaints == []


async def test_padding_is_nothing_to_it(
    padding_app: AppServer, model: ThreadedOpenAIServer, node: Path
) -> None:
    model.play(says("One ", "two."))

    async with http_agent(node, padding_app.url, client_token(padding_app)) as me:
        await me.do("send", "hi", "m1", "r1")
        await me.ended()

    assert (me.reply, me.complaints, me.seen["status"]) == ("One two.", [], "ready")
