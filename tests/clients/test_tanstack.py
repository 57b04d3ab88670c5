"""The stock client of @tanstack/ai-client over the socket, unmodified."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async

from realtime.chat.models import Run
from tests.clients.driver import StockClient, stock_client
from tests.clients.stored import stored_reply
from tests.support.chat_client import ChatClient
from tests.support.eventually import wait_until
from tests.support.openai_scenarios import Call, Gate, says
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer, client_token
from tests.support.tcp_proxy import TcpProxy, tcp_proxy

pytestmark = pytest.mark.process

FIND = Call("find_hotlines", '{"country":"GB","needs":["suicide"]}')


@asynccontextmanager
async def tanstack(
    node: Path, url: str, headers: dict[str, str], *, over: str = "socket"
) -> AsyncIterator[StockClient]:
    paths = {"socket": url.replace("http", "ws") + "/ws/v1/chat", "http": f"{url}/api/v1/agui"}
    asked = {
        over: paths[over],
        "token": headers["Authorization"].removeprefix("Bearer "),
        "threadId": "t1",
        "delayMs": 50,
    }
    async with stock_client(node, "tanstack.mjs", **asked) as client:
        yield client


async def cancelled() -> None:
    def is_so() -> bool:
        return Run.objects.get().state == Run.State.CANCELLED

    await sync_to_async(wait_until)(is_so)


async def test_a_plain_reply(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str], node: Path
) -> None:
    model.play(says("Hello ", "there, ", "friend."))

    async with tanstack(node, app.url, headers) as me:
        await me.do("send", "hi")
        await me.ended()

    assert me.reply == await stored_reply() == "Hello there, friend."
    assert me.complaints == []
    assert "error" not in me.seen


async def test_a_second_turn_on_the_same_socket(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str], node: Path
) -> None:
    model.play(says("One. "), says("Two."))

    async with tanstack(node, app.url, headers) as me:
        await me.do("send", "hi")
        await me.wait(lambda: me.reply == "One. " and me.seen["status"] == "ready")
        await me.do("send", "more")
        await me.wait(lambda: me.reply == "One. Two." and me.seen["status"] == "ready")

    assert me.complaints == []


async def test_a_look_up_in_mid_reply(
    app: AppServer,
    model: ThreadedOpenAIServer,
    headers: dict[str, str],
    directory: None,
    node: Path,
) -> None:
    model.play(says("I will look. ", FIND), says("There you are."))

    async with tanstack(node, app.url, headers) as me:
        await me.do("send", "where can I call?")
        await me.ended()

    assert me.reply == "I will look. There you are."
    calls = [p for m in me.seen["messages"] for p in m["parts"] if p["type"] == "tool-call"]
    assert [call["name"] for call in calls] == ["find_hotlines"]
    assert (me.complaints, me.seen["status"]) == ([], "ready")


async def test_its_stop_stops_the_run(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str], node: Path
) -> None:
    gate = Gate()
    model.play(says("One ", gate, "two."))

    async with tanstack(node, app.url, headers) as me:
        await me.do("send", "hi")
        await me.wait(lambda: me.reply == "One ")
        await me.do("stop")
        await cancelled()

    assert await stored_reply() == "One "


async def test_another_answer_to_the_same_question(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str], node: Path
) -> None:
    model.play(says("First."), says("Second."))

    async with tanstack(node, app.url, headers) as me:
        await me.do("send", "hi")
        await me.wait(lambda: me.reply == "First." and me.seen["status"] == "ready")
        await me.do("reload")
        await me.wait(lambda: me.reply == "Second." and me.seen["status"] == "ready")

    assert await stored_reply() == "Second."
    assert me.complaints == []


def cut(proxy: TcpProxy) -> None:
    """Cut every line; the next ones work."""
    proxy.leave()
    proxy.away = False


@pytest.mark.parametrize("over", ["socket", "http"])
async def test_a_line_that_is_cut_in_mid_reply_again_and_again_costs_no_word(
    over: str,
    app: AppServer,
    model: ThreadedOpenAIServer,
    headers: dict[str, str],
    directory: None,
    node: Path,
) -> None:
    gates = [Gate() for _ in range(4)]
    first, second, third, fourth = gates
    model.play(
        says("Hello ", first, "wörld, ", second, "I look. ", FIND),
        says("There ", third, "you ", fourth, "are 🙂."),
    )
    shown = ["Hello ", "Hello wörld, ", "Hello wörld, I look. There "]
    shown.append("Hello wörld, I look. There you ")

    async with tcp_proxy(app.url) as (proxy, url), tanstack(node, url, headers, over=over) as me:
        await me.do("send", "where can I call?")
        for gate, so_far in zip(gates, shown, strict=True):
            await me.wait(lambda so_far=so_far: me.reply == so_far)  # type: ignore[misc] # bound now
            cut(proxy)
            gate.open()
        await me.ended()

    assert me.reply == await stored_reply() == "Hello wörld, I look. There you are 🙂."
    assert (me.complaints, me.seen["status"]) == ([], "ready")
    assert await Run.objects.acount() == 1


async def test_the_turn_after_a_cut_goes_on_an_ordinary_socket(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str], node: Path
) -> None:
    gate = Gate()
    model.play(says("One ", gate, "two. "), says("Three."))

    async with tcp_proxy(app.url) as (proxy, url), tanstack(node, url, headers) as me:
        await me.do("send", "hi")
        await me.wait(lambda: me.reply == "One ")
        cut(proxy)
        gate.open()
        await me.wait(lambda: me.reply == "One two. " and me.seen["status"] == "ready")
        await me.do("send", "more")
        await me.wait(lambda: me.reply == "One two. Three." and me.seen["status"] == "ready")

    assert me.complaints == []


@pytest.mark.parametrize("over", ["socket", "http"])
async def test_it_joins_a_run_of_another_window(
    over: str, app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str], node: Path
) -> None:
    gate = Gate()
    model.play(says("One ", gate, "two."))

    joining = tanstack(node, app.url, headers, over=over)
    async with ChatClient(app.url, headers) as other, joining as me:
        run_id = await other.submit("hi", "t1")
        await gate.reached()
        await me.do("join", run_id)
        await me.wait(lambda: me.joined == "One ")
        gate.open()
        await me.wait(lambda: me.seen["joined"] == "done")

    assert me.joined == "One two."


async def test_a_refusal_is_an_error_with_its_words(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str], node: Path
) -> None:
    gate = Gate()
    model.play(says("One ", gate, "two."))

    async with ChatClient(app.url, headers) as other, tanstack(node, app.url, headers) as me:
        await other.submit("hi", "t1")
        await gate.reached()
        await me.do("send", "and this?")
        await me.ended()
        gate.open()
        await other.finished("t1")

    assert me.seen["status"] == "error"
    assert me.seen["error"] == "A reply is still being written in this conversation."


@pytest.mark.parametrize("over", ["socket", "http"])
async def test_padding_is_nothing_to_it(
    over: str, padding_app: AppServer, model: ThreadedOpenAIServer, node: Path
) -> None:
    gate = Gate()
    model.play(says("One ", gate, "two."))

    headers = client_token(padding_app)

    async with (
        tcp_proxy(padding_app.url) as (proxy, url),
        tanstack(node, url, headers, over=over) as me,
    ):
        await me.do("send", "hi")
        await me.wait(lambda: me.reply == "One ")
        cut(proxy)
        gate.open()
        await me.ended()

    assert (me.reply, me.complaints, me.seen["status"]) == ("One two.", [], "ready")
