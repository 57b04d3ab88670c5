"""One socket against a real engine, seen from inside: what it leaves and what it finishes."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import uuid4

import pytest
from channels.testing import WebsocketCommunicator
from django.db import connection, transaction

from realtime.accounts import operations as accounts
from realtime.accounts.models import ClientToken, User
from realtime.agent.model import ModelFinished, ModelText
from realtime.agent.testing import Gate, ScriptedModel, says
from realtime.chat import bridge, consumers, following, protocol
from realtime.chat.consumers import ChatConsumer
from realtime.chat.engine import Engine
from realtime.chat.models import Run
from tests.support.engine import TIMINGS, running_engine
from tests.support.eventually import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@asynccontextmanager
async def socket(engine: Engine, token: str) -> AsyncIterator[WebsocketCommunicator]:
    headers = [(b"authorization", f"Bearer {token}".encode())]
    peer = WebsocketCommunicator(
        ChatConsumer.as_asgi(engine=engine), "/ws/v1/chat", headers=headers
    )
    connected, _ = await peer.connect(timeout=10)
    assert connected
    yield peer
    await peer.disconnect(timeout=10)


@pytest.fixture
async def token() -> str:
    return (await bridge.run(accounts.create_client_token)).token


def submit(thread_id: str = "t1", run_id: str | None = None) -> str:
    message = {"id": str(uuid4()), "role": "user", "content": "hi"}
    frame = {"threadId": thread_id, "runId": run_id or str(uuid4()), "messages": [message]}
    return json.dumps(frame)


async def closed_with(peer: WebsocketCommunicator) -> int:
    while True:
        event = await peer.receive_output(timeout=10)
        if event["type"] == "websocket.close":
            code: int = event["code"]
            return code


async def heard(peer: WebsocketCommunicator, kind: str) -> None:
    while True:
        frame = json.loads(await peer.receive_from(timeout=10))
        if frame.get("chunk", frame).get("type") == kind:
            return


async def test_a_socket_that_left_is_followed_by_nothing(token: str) -> None:
    async with running_engine(ScriptedModel(says("Hello."))) as engine:
        async with socket(engine, token) as peer:
            await peer.send_to(submit())
            await heard(peer, "RUN_FINISHED")
            assert engine.hub._followers

        assert not engine.hub._followers


async def test_a_burst_of_bad_frames_closes_once_and_leaves_nothing(token: str) -> None:
    async with running_engine(None) as engine, socket(engine, token) as peer:
        await peer.send_to('{"type":"subscribe","threadId":"t1"}')
        for _ in range(150):
            await peer.send_to("{")

        assert await closed_with(peer) == 4400
        assert not engine.hub._followers


async def test_a_defect_of_ours_is_an_error_frame_and_the_socket_lives(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(n: int | None) -> str:
        raise TypeError("a defect")

    monkeypatch.setattr(protocol, "pong", broken)
    async with running_engine(None) as engine, socket(engine, token) as peer:
        await peer.send_to('{"type":"ping"}')
        await heard(peer, "error")
        await peer.send_to('{"type":"subscribe","threadId":"t1"}')
        await heard(peer, "subscribed")


async def test_a_revoked_token_ends_at_the_next_request(token: str) -> None:
    async with running_engine(ScriptedModel(says("No."))) as engine, socket(engine, token) as peer:
        ids = [row.pk async for row in ClientToken.objects.all()]
        await bridge.run(accounts.revoke_client_tokens, ids=ids)

        await peer.send_to(submit())

        assert await closed_with(peer) == 4401
    assert not await Run.objects.aexists()


async def test_a_revoked_token_ends_also_for_those_who_only_watch(token: str) -> None:
    timings = replace(TIMINGS, recheck_s=0.05)
    async with running_engine(None, timings=timings) as engine, socket(engine, token) as peer:
        ids = [row.pk async for row in ClientToken.objects.all()]
        await bridge.run(accounts.revoke_client_tokens, ids=ids)

        assert await closed_with(peer) == 4401


async def test_a_stop_sent_in_leaving_is_done(token: str) -> None:
    gate = Gate()
    model = ScriptedModel([ModelText("One "), gate, ModelFinished("stop", None)])

    async with running_engine(model) as engine:
        async with socket(engine, token) as peer:
            await peer.send_to(submit(run_id="r1"))
            await gate.reached.wait()
            await peer.send_to('{"type":"abort","runId":"r1"}')
        await asyncio.wait(set(consumers._working) or {asyncio.create_task(asyncio.sleep(0))})

    assert (await Run.objects.aget()).state == "cancelled"


async def test_too_many_threads_are_refused_before_anything_is_stored(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "MAX_THREADS", 1)
    async with (
        running_engine(ScriptedModel(says("One."))) as engine,
        socket(engine, token) as peer,
    ):
        await peer.send_to(submit("t1"))
        await heard(peer, "RUN_FINISHED")
        await peer.send_to(submit("t2"))
        await heard(peer, "RUN_ERROR")

    assert await Run.objects.acount() == 1


async def test_who_is_deleted_while_they_write_is_closed_with_4401(token: str) -> None:
    deleted, go_on = threading.Event(), threading.Event()

    def delete() -> None:
        with transaction.atomic():
            accounts.lock_for_deletion(ids=list(User.objects.values_list("pk", flat=True)))
            User.objects.all().delete()
            deleted.set()
            go_on.wait(10)

    async with running_engine(ScriptedModel()) as engine, socket(engine, token) as peer:
        deletion = asyncio.create_task(bridge.run(delete))
        await asyncio.to_thread(deleted.wait, 10)
        await peer.send_to(submit())
        await bridge.run(wait_until, submit_waits)
        go_on.set()

        assert await closed_with(peer) == 4401
        await deletion


def submit_waits() -> bool:
    with connection.cursor() as sql:
        sql.execute(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock' AND query LIKE '%FOR NO KEY UPDATE'"
        )
        return sql.fetchone() is not None
