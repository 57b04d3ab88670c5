"""Clients that read slowly or never, against real servers: they cost little and harm nobody."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from asgiref.sync import sync_to_async
from websockets.asyncio.client import ClientConnection, connect

from realtime.accounts.models import ClientToken
from realtime.chat import agui
from realtime.chat.models import Run, RunEvent, Thread
from tests.support.chat_client import ChatClient
from tests.support.eventually import until, wait_until
from tests.support.openai_scenarios import says
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer, client_token

pytestmark = pytest.mark.process

# More than the kernel takes for a peer that does not read (some 4 MB, if it lets buffers grow).
LONG_LOG = [f"{n:04}" + "x" * 59_996 for n in range(200)]


CLOSED = 7  # TCP_CLOSE of Linux


@sync_to_async
def write_long_log(thread_id: str = "long") -> None:
    """A finished run of 12 MB for the person whose token is the newest."""
    owner = ClientToken.objects.latest("pk").user
    thread = Thread.objects.create(owner=owner, client_thread_id=thread_id, last_ord=1)
    run = Run.objects.create(
        owner=owner,
        thread=thread,
        client_run_id=f"run-{thread_id}",
        ord=1,
        state="completed",
        last_seq=len(LONG_LOG) + 1,
        input={},
    )
    deltas = (agui.TextMessageContent(message_id="m", delta=delta) for delta in LONG_LOG)
    events = [agui.TextMessageStart(message_id="m", role="assistant"), *deltas]
    RunEvent.objects.bulk_create(
        RunEvent(run_id=run.pk, seq=seq, epoch=1, kind=event.kind, payload=agui.encode(event))
        for seq, event in enumerate(events, start=1)
    )


@asynccontextmanager
async def stalled(app: AppServer, headers: dict[str, str]) -> AsyncIterator[ClientConnection]:
    """A client that has asked for the long log and reads nothing of it."""
    async with connect_narrow(ws_url(app), headers) as connection:
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


def connect_narrow(url: str, headers: dict[str, str]) -> connect:
    """Over a line that holds little, so that it is soon full."""
    address = urlsplit(url)
    own = socket.socket()
    own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    own.connect((address.hostname, address.port))
    return connect(
        url, sock=own, additional_headers=headers, compression=None, max_size=None, proxy=None
    )


def hung_up(connection: ClientConnection) -> bool:
    """Whether the line was reset, as can be seen without reading."""
    own: socket.socket = connection.transport.get_extra_info("socket")
    if own.fileno() < 0:
        return True
    return own.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == CLOSED


def rss_kb(app: AppServer) -> int:
    status = Path(f"/proc/{app.pid}/status").read_text("utf-8")
    return int(next(line.split()[1] for line in status.splitlines() if "VmRSS" in line))


async def test_a_client_that_never_reads_is_hung_up_on_and_costs_little(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str]
) -> None:
    await write_long_log()
    model.play(says("Hello ", "there."))

    async with contextlib.AsyncExitStack() as clients:
        me = await clients.enter_async_context(ChatClient(app.url, headers))
        before = rss_kb(app)
        silent = [await clients.enter_async_context(stalled(app, headers)) for _ in range(5)]
        await me.submit("hi", "t1")
        view = await me.finished("t1")
        grown = rss_kb(app) - before
        await until(lambda: all(hung_up(one) for one in silent), patience_s=60)

    assert view.reply == "Hello there."
    assert grown < 5 * 1_024 + 8_192


async def test_a_client_that_lagged_is_given_the_rest_in_one_piece(
    transactional_db: None, model: ThreadedOpenAIServer, server_log: Path
) -> None:
    words = [f"{n} " for n in range(400)]
    with AppServer(server_log, OPENAI_BASE_URL=model.base_url, TIMINGS_SCALE="0.3") as app:
        headers = await asyncio.to_thread(client_token, app)
        model.play(says(*words).paced(0.01))
        await write_long_log()
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
