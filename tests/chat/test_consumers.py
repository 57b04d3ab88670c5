"""One socket against a real engine, seen from inside: what it leaves and what it finishes."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import pytest
from channels.testing import WebsocketCommunicator
from django.db import OperationalError, connection, transaction

from realtime.accounts import operations as accounts
from realtime.accounts.models import ClientToken, User
from realtime.agent.model import ModelFinished, ModelText
from realtime.agent.testing import Gate, ScriptedModel, says
from realtime.chat import bridge, consumers, following, gate, helping, protocol, queries
from realtime.chat.consumers import ChatConsumer
from realtime.chat.engine import Engine
from realtime.chat.models import Run
from realtime.chat.protocol import Cursor
from realtime.chat.relay import group_of
from realtime.safety.screen import Screening, screen
from tests.support.engine import TIMINGS, running_engine
from tests.support.eventually import until, wait_until

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


async def heard(peer: WebsocketCommunicator, kind: str) -> dict[str, Any]:
    while True:
        frame: dict[str, Any] = json.loads(await peer.receive_from(timeout=10))
        if frame.get("chunk", frame).get("type") == kind:
            return frame


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


LONG = " and so on" * 1_500


def grave(text: str = "I want to die.", run_id: str = "r") -> str:
    message = {"id": "m", "role": "user", "content": text}
    return json.dumps({"threadId": "t", "runId": run_id, "messages": [message]})


@dataclass
class Held:
    """The long texts that are being read; none is done before `over` is set."""

    texts: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    held = Held()

    def slow(text: str) -> Screening:
        if len(text) > 1_000:
            held.texts.append(text)
            assert held.over.wait(30), "nobody waits for it"
        return screen(text)

    monkeypatch.setattr(helping, "screen", slow)
    yield held
    held.over.set()


async def test_a_flood_of_long_messages_is_refused_with_help_and_reads_one_of_them_whole(
    token: str, monkeypatch: pytest.MonkeyPatch, held: Held
) -> None:
    """The help is what the ends of the others call for; and nobody else is kept waiting."""
    other = (await bridge.run(accounts.create_client_token)).token
    monkeypatch.setattr(gate, "BURST", 0.0)  # each is too fast
    async with (
        running_engine(None) as engine,
        socket(engine, token) as flooding,
        socket(engine, other) as peer,
    ):
        for _ in range(12):
            await flooding.send_to(grave(LONG + " I want to die."))
        told = [await heard(flooding, "RUN_ERROR") for _ in range(11)]
        await peer.send_to(grave())
        told.append(await heard(peer, "RUN_ERROR"))
        held.over.set()
        told.append(await heard(flooding, "RUN_ERROR"))

    assert len(held.texts) == 1
    assert {refusal["code"] for refusal in told} == {"rate_limited"}
    assert all(refusal["metadata"]["kindline"]["help"] for refusal in told)


async def test_help_that_is_late_does_not_wait_until_a_long_message_was_read(
    token: str, monkeypatch: pytest.MonkeyPatch, held: Held
) -> None:
    async with (
        running_engine(ScriptedModel(says("Hi."))) as engine,
        socket(engine, token) as peer,
    ):
        await peer.send_to(grave(LONG + " I want to die."))
        refusal = await heard(peer, "RUN_ERROR")
        held.over.set()
        await heard(peer, "RUN_FINISHED")

    assert len(held.texts) == 1
    assert refusal["code"] == "storage_unavailable"
    assert refusal["metadata"]["kindline"]["help"]["level"] == "crisis"


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


async def test_an_idle_socket_hears_a_heartbeat_as_often_as_it_was_told(token: str) -> None:
    timings = replace(TIMINGS, ping_s=0.05)
    async with running_engine(None, timings=timings) as engine, socket(engine, token) as peer:
        assert (await heard(peer, "ready"))["heartbeatMs"] == 50
        for _ in range(3):
            await heard(peer, "ping")


async def test_what_comes_too_fast_is_refused_and_who_goes_on_is_closed_with_4429(
    token: str,
) -> None:
    async with running_engine(None) as engine, socket(engine, token) as peer:
        for _ in range(int(gate.BURST) + 1):
            await peer.send_to('{"type":"pong"}')
        await heard(peer, "error")
        for _ in range(2 * int(gate.PATIENCE)):
            await peer.send_to('{"type":"pong"}')

        assert await closed_with(peer) == 4429


async def test_a_message_that_comes_too_fast_gets_its_refusal(token: str) -> None:
    async with running_engine(ScriptedModel()) as engine, socket(engine, token) as peer:
        for _ in range(int(gate.BURST)):
            await peer.send_to('{"type":"pong"}')
        await peer.send_to(submit(run_id="r1"))

        refusal = await heard(peer, "RUN_ERROR")
    assert refusal["code"] == "rate_limited"
    assert refusal["metadata"]["kindline"]["retryable"] is True
    assert not await Run.objects.aexists()


async def test_a_frame_beyond_the_largest_closes_with_1009_also_where_the_server_let_it_in(
    token: str,
) -> None:
    async with running_engine(None) as engine, socket(engine, token) as peer:
        await peer.send_to("x" * (protocol.MAX_FRAME_BYTES + 1))

        assert await closed_with(peer) == 1009


@pytest.mark.parametrize(
    "frame",
    ['{"type":"abort","runId":"\\ud800"}', '{"threadId":"\\ud800","runId":"r","messages":[]}'],
)
async def test_an_id_that_no_text_can_hold_costs_the_socket_nothing(
    token: str, frame: str
) -> None:
    async with (
        running_engine(ScriptedModel(says("Still here."))) as engine,
        socket(engine, token) as peer,
    ):
        await peer.send_to(frame)
        await peer.send_to(submit())

        await heard(peer, "RUN_FINISHED")


async def test_a_message_with_a_field_that_cannot_be_is_refused_for_good(token: str) -> None:
    message = {"id": "m", "role": "user", "content": "I want to die."}
    props = {"kindline": {"country": "x" * 65}}
    asked = {"threadId": "t", "runId": "r", "messages": [message], "forwardedProps": props}

    async with running_engine(ScriptedModel()) as engine, socket(engine, token) as peer:
        await peer.send_to(json.dumps(asked))
        refusal = await heard(peer, "RUN_ERROR")

    about = refusal["metadata"]["kindline"]
    assert (refusal["code"], about["runId"], about["retryable"]) == ("invalid_input", "r", False)
    assert about["help"]["level"] == "crisis"


async def test_a_thread_that_cannot_be_read_closes_with_1013(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**wanted: Any) -> None:
        raise OperationalError

    timings = replace(TIMINGS, subscribe_s=0.2)
    async with running_engine(None, timings=timings) as engine, socket(engine, token) as peer:
        monkeypatch.setattr(queries, "catch_up", away)
        await peer.send_to('{"type":"subscribe","threadId":"t1"}')

        assert await closed_with(peer) == 1013


async def test_a_socket_that_already_shows_a_thread_waits_for_a_storage_that_is_away(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = FailsTwice(queries.catch_up)
    async with running_engine(None) as engine, socket(engine, token) as peer:
        await peer.send_to('{"type":"subscribe","threadId":"t1"}')
        await heard(peer, "subscribed")
        assert engine.hub._reader is not None
        engine.hub._reader.timings = replace(TIMINGS, subscribe_s=0.01)
        monkeypatch.setattr(queries, "catch_up", failing)
        [followers] = engine.hub._followers.values()
        [follower] = followers
        engine.hub.heard_of(group_of(follower.watched), Cursor(9, 9))
        await until(lambda: failing.calls > 2 and follower.live)


class FailsTwice:
    def __init__(self, real: Callable[..., Any]) -> None:
        self.real = real
        self.calls = 0

    def __call__(self, **wanted: Any) -> Any:
        self.calls += 1
        if self.calls <= 2:
            raise OperationalError
        return self.real(**wanted)


async def test_all_are_told_of_a_server_that_will_stop(token: str) -> None:
    async with (
        running_engine(None) as engine,
        socket(engine, token) as one,
        socket(engine, token) as other,
    ):
        engine.hub.sockets.say_to_all(protocol.draining(reconnect_ms=1500))

        told = [await heard(peer, "draining") for peer in (one, other)]
    assert told == [{"type": "draining", "reconnectMs": 1500}] * 2


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
