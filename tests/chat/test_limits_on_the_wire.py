"""Limits as clients of two server processes meet them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from realtime.chat.models import Run
from tests.support.chat_client import ChatClient
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer, client_token

pytestmark = pytest.mark.process


def servers(model: ThreadedOpenAIServer, place: Path, **limits: str) -> list[AppServer]:
    said = {"OPENAI_BASE_URL": model.base_url, "REDIS_PREFIX": f"test-{uuid4().hex}", **limits}
    return [AppServer(place / f"{n}.log", **said) for n in range(2)]


async def test_submits_of_a_person_are_counted_over_all_processes(
    transactional_db: None, model: ThreadedOpenAIServer, tmp_path: Path
) -> None:
    limits = {"SUBMITS_PER_MINUTE": "2", "SUBMITS_BURST": "2"}
    one, two = servers(model, tmp_path, **limits)
    with one, two:
        headers = client_token(one)
        async with ChatClient(one.url, headers) as here, ChatClient(two.url, headers) as there:
            first = await here.submit("hi", "t1", message_id="m1")
            await here.finished("t1")
            await there.submit("hi", "t2")
            await there.finished("t2")
            await there.submit("hi", "t1", run_id=first, message_id="m1")
            refused = await there.submit("hi", "t3")
            await there.wait(lambda: bool(there.refusals))

    [refusal] = there.refusals
    told = refusal["metadata"]["kindline"]
    assert (refusal["code"], told["runId"], told["retryable"]) == ("rate_limited", refused, True)
    assert 20_000 < told["retryAfterMs"] <= 30_000
    assert await Run.objects.acount() == 2


async def test_the_socket_that_is_one_too_many_is_closed_in_any_process(
    transactional_db: None, model: ThreadedOpenAIServer, tmp_path: Path
) -> None:
    one, two = servers(model, tmp_path, SOCKETS_PER_PERSON="2")
    with one, two:
        headers = client_token(one)
        async with ChatClient(one.url, headers), ChatClient(two.url, headers):
            with pytest.raises(InvalidStatus) as program:
                await connect(_socket(one), additional_headers=headers, proxy=None)
            browser = {**headers, "Origin": two.url}
            async with connect(_socket(two), additional_headers=browser, proxy=None) as tab:
                with pytest.raises(ConnectionClosed) as closed:
                    await tab.recv()

    assert program.value.response.status_code == 429
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4409


async def test_sockets_of_a_killed_process_are_forgotten(
    transactional_db: None, model: ThreadedOpenAIServer, tmp_path: Path
) -> None:
    one, two = servers(model, tmp_path, SOCKETS_PER_PERSON="1")
    with one, two:
        headers = client_token(one)
        lost = ChatClient(one.url, headers)
        await lost.open()
        await asyncio.to_thread(one.kill)
        await lost.drop()
        with pytest.raises(InvalidStatus):
            await connect(_socket(two), additional_headers=headers, proxy=None)

        await _opened_in_the_end(two, headers)


async def test_limits_hold_in_each_process_while_redis_is_away(
    transactional_db: None, model: ThreadedOpenAIServer, tmp_path: Path
) -> None:
    limits = {"SUBMITS_PER_MINUTE": "2", "SUBMITS_BURST": "2", "SOCKETS_PER_PERSON": "1"}
    [one, _] = servers(model, tmp_path, REDIS_URL="redis://127.0.0.1:1/0", **limits)
    with one:
        headers = client_token(one)
        async with ChatClient(one.url, headers) as me:
            with pytest.raises(InvalidStatus):
                await connect(_socket(one), additional_headers=headers, proxy=None)
            for thread in ("t1", "t2"):
                await me.submit("hi", thread)
                await me.finished(thread)
            await me.submit("hi", "t3")
            await me.wait(lambda: bool(me.refusals))

    assert me.refusals[0]["code"] == "rate_limited"


def _socket(server: AppServer) -> str:
    return server.url.replace("http", "ws") + "/ws/v1/chat"


async def _opened_in_the_end(server: AppServer, headers: dict[str, str]) -> None:
    """As a client would: try again until the lease of the lost socket is over (9 s, scaled)."""
    async with asyncio.timeout(20):
        while True:
            try:
                socket = await connect(_socket(server), additional_headers=headers, proxy=None)
            except InvalidStatus:
                await asyncio.sleep(0.3)
            else:
                await socket.close()
                return
