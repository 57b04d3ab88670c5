"""A socket ends with what was shown for it: at once, here and in other processes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from realtime.accounts import operations as accounts
from realtime.accounts.identity import session_name
from realtime.accounts.models import ClientToken, User
from realtime.accounts.queries import identify_session
from realtime.agent.model import ModelFinished, ModelText
from realtime.agent.testing import Gate, Reply, ScriptedModel
from realtime.chat import bridge
from realtime.chat import engine as engines
from realtime.chat.consumers import ChatConsumer
from realtime.chat.engine import Engine
from realtime.chat.models import Run
from realtime.chat.relay import EVERYONE
from tests.support.engine import TIMINGS, running_engine
from tests.support.eventually import until, wait_until
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer, client_token, http

pytestmark = pytest.mark.django_db(transaction=True)

Headers = list[tuple[bytes, bytes]]


@asynccontextmanager
async def installed_engine(model: ScriptedModel | None = None) -> AsyncIterator[Engine]:
    """One that signals find, as in a server."""
    before = engines.installed()
    async with running_engine(model) as engine:
        engines.install(engine)
        try:
            yield engine
        finally:
            engines._installed = before


@asynccontextmanager
async def socket(
    engine: Engine, headers: Headers, query: str = ""
) -> AsyncIterator[WebsocketCommunicator]:
    peer = WebsocketCommunicator(
        ChatConsumer.as_asgi(engine=engine), "/ws/v1/chat" + query, headers=headers
    )
    connected, _ = await peer.connect(timeout=10)
    assert connected
    yield peer
    await peer.disconnect(timeout=10)


async def closed_with(peer: WebsocketCommunicator) -> int:
    """Sooner than at the look that all sockets have now and then (30 s, scaled)."""
    async with asyncio.timeout(15):
        while True:
            event = await peer.receive_output(timeout=15)
            if event["type"] == "websocket.close":
                code: int = event["code"]
                return code


async def heard(peer: WebsocketCommunicator, kind: str) -> dict[str, Any]:
    while True:
        frame: dict[str, Any] = json.loads(await peer.receive_from(timeout=10))
        if frame.get("chunk", frame).get("type") == kind:
            return frame


def by_token(lifetime: timedelta = timedelta(days=1)) -> Headers:
    issued = accounts.create_client_token(lifetime=lifetime)
    return [(b"authorization", f"Bearer {issued.token}".encode())]


def logged_in() -> tuple[Client, Headers]:
    client = Client()
    client.force_login(User.objects.create_user(f"user-{uuid4().hex}"))
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.session.session_key}"
    host = [(b"host", b"localhost"), (b"origin", b"http://localhost")]
    return client, [(b"cookie", cookie.encode()), *host]


def revoke() -> None:
    accounts.revoke_client_tokens(ids=list(ClientToken.objects.values_list("pk", flat=True)))


def delete_everybody() -> None:
    User.objects.all().delete()


def deactivate() -> None:
    user = User.objects.get()
    user.is_active = False
    user.save()


def reply_is_complete() -> bool:
    return Run.objects.filter(state="completed").exists()


def submit() -> str:
    message = {"id": "m1", "role": "user", "content": "hi"}
    return json.dumps({"threadId": "t1", "runId": "r1", "messages": [message]})


async def test_a_socket_closes_at_the_moment_its_token_ends() -> None:
    headers = await bridge.run(by_token, timedelta(seconds=1))

    async with installed_engine() as engine, socket(engine, headers) as peer:
        assert await closed_with(peer) == 4401
        assert timezone.now() >= (await ClientToken.objects.aget()).expires_at


async def test_a_session_that_was_made_longer_lives_on() -> None:
    _, headers = await bridge.run(logged_in)
    soon = timezone.now() + timedelta(seconds=1)
    await Session.objects.all().aupdate(expire_date=soon)

    async with installed_engine() as engine, socket(engine, headers) as peer:
        await Session.objects.all().aupdate(expire_date=soon + timedelta(days=1))
        assert await peer.receive_nothing(timeout=1.2) is False  # `ready`
        await heard(peer, "ready")
        await peer.send_to('{"type":"ping"}')
        await heard(peer, "pong")


@pytest.mark.parametrize("end", [revoke, delete_everybody, deactivate])
async def test_a_socket_closes_when_its_token_or_person_does(end: Callable[[], None]) -> None:
    headers = await bridge.run(by_token)

    async with installed_engine() as engine, socket(engine, headers) as peer:
        await bridge.run(end)

        assert await closed_with(peer) == 4401


async def test_after_logout_no_frame_reaches_the_socket_and_the_reply_goes_on() -> None:
    client, headers = await bridge.run(logged_in)
    gate = Gate()
    words: Reply = [
        ModelText("Before. "),
        gate,
        ModelText("After."),
        ModelFinished("stop", None),
    ]

    async with (
        installed_engine(ScriptedModel(words)) as engine,
        socket(engine, headers) as peer,
    ):
        await peer.send_to(submit())
        await heard(peer, "TEXT_MESSAGE_CONTENT")
        await sync_to_async(client.logout)()
        gate.opened.set()
        await bridge.run(wait_until, reply_is_complete)

        told = await peer.receive_output(timeout=10)
        assert (told["type"], told["code"]) == ("websocket.close", 4401)
        assert await peer.receive_nothing()


async def test_other_sessions_of_the_same_person_stay() -> None:
    client, headers = await bridge.run(logged_in)
    token = await bridge.run(by_token)

    async with (
        installed_engine() as engine,
        socket(engine, headers) as mine,
        socket(engine, token) as other,
    ):
        await sync_to_async(client.logout)()

        assert await closed_with(mine) == 4401
        await other.send_to('{"type":"ping"}')
        await heard(other, "pong")


async def test_who_is_on_the_way_in_while_their_session_ends_is_turned_round() -> None:
    """Known before the log-out, counted after it."""
    client, headers = await bridge.run(logged_in)
    key = str(client.session.session_key)

    async with installed_engine() as engine:
        engine.hub.end_sockets([session_name(key)], 4401)
        async with socket(engine, headers) as peer:
            assert await closed_with(peer) == 4401


async def test_the_end_of_a_session_reaches_sockets_of_another_process() -> None:
    client, headers = await bridge.run(logged_in)

    async with (
        installed_engine(),
        running_engine(None) as elsewhere,
        socket(elsewhere, headers) as peer,
    ):
        relay = elsewhere.hub._relay
        assert relay is not None
        await until(lambda: EVERYONE in relay._joined)
        await sync_to_async(client.logout)()

        assert await closed_with(peer) == 4401


async def test_a_socket_that_left_is_known_by_no_name() -> None:
    headers = await bridge.run(by_token)

    async with installed_engine() as engine:
        async with socket(engine, headers):
            assert len(engine.hub.sockets._by_name) == 2

        assert not engine.hub.sockets._by_name


async def test_a_ticket_opens_one_socket_that_ends_with_the_session_of_its_asker() -> None:
    client, _ = await bridge.run(logged_in)
    ticket = await bridge.run(ticket_of, str(client.session.session_key))
    query = f"?threadId=t1&ticket={ticket}"

    async with installed_engine() as engine, socket(engine, [], query) as peer:
        await heard(peer, "subscribed")
        await peer.send_to('{"type":"abort","runId":"none"}')
        await peer.send_to('{"type":"ping"}')
        await heard(peer, "pong")
        await sync_to_async(client.logout)()

        assert await closed_with(peer) == 4401


def ticket_of(session_key: str) -> str:
    identity = identify_session(session_key=session_key)
    assert identity is not None
    issued = accounts.create_ws_ticket(identity=identity)
    assert issued is not None
    return issued.ticket


@pytest.mark.process
@pytest.mark.parametrize("kind", ["uvicorn", "runserver"])
async def test_a_ticket_works_once_and_stands_in_no_log(
    kind: str, transactional_db: None, model: ThreadedOpenAIServer, server_log: Path
) -> None:
    said = {"OPENAI_BASE_URL": model.base_url, "LOG_LEVEL": "debug"}
    with AppServer(server_log, kind=kind, **said) as server:
        url = f"{server.url}/api/v1/ws-ticket"
        ticket = json.loads(http("POST", url, headers=client_token(server)))["ticket"]
        address = f"{server.url.replace('http', 'ws')}/ws/v1/chat?ticket={ticket}"
        async with connect(address, proxy=None) as socket:
            ready = json.loads(await socket.recv())
        with pytest.raises(InvalidStatus) as refused:
            await connect(address, proxy=None)

    assert ready["type"] == "ready"
    assert refused.value.response.status_code in (401, 403)  # Daphne can say 403 only
    assert ticket not in await asyncio.to_thread(server_log.read_text)


async def test_who_only_subscribes_is_looked_at_too() -> None:
    """The word that a token has ended may be lost: Redis is a hint."""
    headers = await bridge.run(by_token)
    timings = replace(TIMINGS, look_again_s=0.0)

    async with (
        running_engine(None, timings=timings) as engine,
        socket(engine, headers) as peer,
    ):
        await ClientToken.objects.aupdate(revoked_at=timezone.now())
        await peer.send_to('{"type":"subscribe","threadId":"t1"}')

        assert await closed_with(peer) == 4401


async def test_a_process_that_is_behind_takes_no_socket() -> None:
    headers = await bridge.run(by_token)

    async with installed_engine() as engine:
        engine.limits.lag.most_s = -1e9
        peer = WebsocketCommunicator(
            ChatConsumer.as_asgi(engine=engine),
            "/ws/v1/chat",
            headers=[*headers, (b"origin", b"http://localhost"), (b"host", b"localhost")],
        )
        await peer.connect(timeout=10)

        assert await closed_with(peer) == 1013


async def test_a_claimed_guest_connects_again_and_the_account_sees_the_reply_go_on() -> None:
    headers = await bridge.run(by_token)
    guest = (await User.objects.aget()).pk
    _, of_account = await bridge.run(logged_in)
    account = (await User.objects.aget(kind="account")).pk
    gate = Gate()
    words: Reply = [ModelText("Before. "), gate, ModelText("After."), ModelFinished("stop", None)]

    async with (
        installed_engine(ScriptedModel(words)) as engine,
        socket(engine, headers) as before,
        socket(engine, of_account) as after,
    ):
        await before.send_to(submit())
        await heard(before, "TEXT_MESSAGE_CONTENT")
        await bridge.run(accounts.claim_guest, guest_id=guest, account_id=account)
        assert await closed_with(before) == 1012

        await after.send_to('{"type":"subscribe","threadId":"t1"}')
        first = await heard(after, "TEXT_MESSAGE_CONTENT")
        gate.opened.set()
        second = await heard(after, "TEXT_MESSAGE_CONTENT")
        await heard(after, "RUN_FINISHED")

    assert first["chunk"]["delta"] + second["chunk"]["delta"] == "Before. After."
