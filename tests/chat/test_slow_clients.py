"""Clients that read slowly or never, against real servers: they cost little and harm nobody."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from realtime.accounts.models import ClientToken
from realtime.chat.models import Run
from tests.support.chat_client import ChatClient
from tests.support.eventually import until, wait_until
from tests.support.openai_scenarios import says
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer, client_token
from tests.support.slow_line import (
    LONG_LOG,
    connect_narrow,
    hung_up,
    narrow_line,
    rss_kb,
    was_reset,
    write_long_log,
)

pytestmark = pytest.mark.process


@sync_to_async
def long_log() -> None:
    """For the person whose token is the newest."""
    write_long_log(ClientToken.objects.latest("pk").user_id)


@asynccontextmanager
async def stalled(
    app: AppServer, headers: dict[str, str], *, pings: bool = True
) -> AsyncIterator[ClientConnection]:
    """A client that has asked for the long log and reads nothing of it."""
    async with connect_narrow(ws_url(app), headers, pings=pings) as connection:
        await connection.recv()  # ready
        connection.transport.pause_reading()
        await connection.send('{"type":"subscribe","threadId":"long","cursor":"0-0"}')
        yield connection
        connection.transport.abort()


def ws_url(app: AppServer) -> str:
    return app.url.replace("http", "ws") + "/ws/v1/chat"


class NarrowClient(ChatClient):
    async def connect(self) -> ClientConnection:
        return await connect_narrow(self.url, self.headers)


async def test_a_client_that_never_reads_is_hung_up_on_and_costs_little(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str]
) -> None:
    await long_log()
    model.play(says("Hello ", "there."))

    async with contextlib.AsyncExitStack() as clients:
        me = await clients.enter_async_context(ChatClient(app.url, headers))
        before = rss_kb(app.pid)
        silent = [await clients.enter_async_context(stalled(app, headers)) for _ in range(5)]
        await me.submit("hi", "t1")
        view = await me.finished("t1")
        grown = rss_kb(app.pid) - before
        await until(lambda: all(hung_up(one) for one in silent), patience_s=60)

    assert view.reply == "Hello there."
    assert grown < 5 * 1_024 + 8_192


def masked(opcode: int, payload: bytes = b"", *, fin: bool = True) -> bytes:
    """A WebSocket frame of a client (RFC 6455 5.2), masked with zeros."""
    return bytes([opcode | (0x80 if fin else 0), 0x80 | len(payload)]) + bytes(4) + payload


async def test_of_pongs_that_nobody_reads_only_the_newest_is_kept(
    transactional_db: None, model: ThreadedOpenAIServer, server_log: Path
) -> None:
    own = {"OPENAI_BASE_URL": model.base_url, "TIMINGS_SCALE": "1"}  # it is to stay for a while
    async with AppServer(server_log, **own) as app:
        headers = await asyncio.to_thread(client_token, app)
        await long_log()
        async with stalled(app, headers, pings=False) as silent:
            await asyncio.sleep(1)
            before = rss_kb(app.pid)
            for _ in range(120):
                silent.transport.write(masked(0x9, b"x" * 125) * 500)  # 8 MB in all
                await asyncio.sleep(0.01)
            await until(lambda: silent.transport.get_write_buffer_size() == 0)
            grown = rss_kb(app.pid) - before
            assert not hung_up(silent)
            newest = await silent.ping(b"newest")
            silent.transport.resume_reading()
            reading = asyncio.ensure_future(read_on(silent))
            async with asyncio.timeout(40):
                await newest
            reading.cancel()

    assert grown < 4_096


async def read_on(connection: ClientConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        async for _ in connection:
            pass


async def test_a_message_in_fragments_without_end_is_hung_up_on(
    app: AppServer, headers: dict[str, str]
) -> None:
    """Empty ones weigh nothing, so that no limit of size ever ends them."""
    async with ChatClient(app.url, headers) as me:
        assert me.socket is not None
        me.socket.transport.write(masked(0x1, fin=False) + masked(0x0, fin=False) * 2_000)
        await until(lambda: me.socket is not None and hung_up(me.socket))


async def test_a_stream_over_http_that_nobody_reads_is_hung_up_on(
    app: AppServer, headers: dict[str, str]
) -> None:
    await long_log()
    path = "/api/v1/threads/long/events?cursor=0-0"
    asked = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    asked += "".join(f"{name}: {value}\r\n" for name, value in headers.items())

    with narrow_line(app.url) as own:
        own.sendall(asked.encode() + b"\r\n")
        await until(lambda: was_reset(own), patience_s=60)


async def test_a_client_that_lagged_is_given_the_rest_in_one_piece(
    transactional_db: None, model: ThreadedOpenAIServer, server_log: Path
) -> None:
    words = [f"{n} " for n in range(400)]
    with AppServer(server_log, OPENAI_BASE_URL=model.base_url, TIMINGS_SCALE="0.3") as app:
        headers = await asyncio.to_thread(client_token, app)
        model.play(says(*words).paced(0.01))
        await long_log()
        async with NarrowClient(app.url, headers) as me:
            assert me.socket is not None
            await me.send('{"type":"subscribe","threadId":"long","cursor":"0-0"}')
            await me.wait(lambda: bool(me.view("long").events))
            me.socket.transport.pause_reading()
            run_id = await me.submit("hi", "t1")
            await answered(run_id)
            me.socket.transport.resume_reading()
            view = await me.finished("t1")
            long = me.view("long")
            await me.wait(lambda: long.cursor == f"1-{len(LONG_LOG) + 1}")

    told = [e["delta"] for e in view.events if e["type"] == "TEXT_MESSAGE_CONTENT"]
    assert view.reply == "".join(words)
    assert long.texts["m"] == "".join(LONG_LOG)
    assert max(len(delta) for delta in told) > len(view.reply) / 2


@sync_to_async
def answered(run_id: str) -> None:
    done = Run.objects.filter(client_run_id=run_id, state="completed")
    wait_until(done.exists, patience_s=30)
