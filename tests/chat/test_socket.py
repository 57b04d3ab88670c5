"""The socket as a custom client meets it: a real server, a real model over HTTP, a real log."""

from __future__ import annotations

import asyncio
import contextlib
import json
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from django.urls import reverse
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from realtime.accounts.models import User
from realtime.chat.models import Message, Run
from tests.support.chat_client import ChatClient
from tests.support.openai_scenarios import Call, Gate, says
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer, client_token, http

pytestmark = pytest.mark.process


def client(app: AppServer, headers: dict[str, str], query: str = "") -> ChatClient:
    return ChatClient(app.url, headers, query)


def open_socket(
    app: AppServer,
    path: str = "/ws/v1/chat",
    *,
    headers: dict[str, str] | None = None,
    subprotocols: list[Subprotocol] | None = None,
) -> connect:
    url = app.url.replace("http", "ws") + path
    return connect(url, additional_headers=headers, subprotocols=subprotocols, proxy=None)


def add_need_in_admin(slug: str) -> None:
    admin = Client()
    admin.force_login(User.objects.create_superuser("operator"))
    need = {"slug": slug, "name": slug.title(), "definition": "Feeling alone for long."}
    answer = admin.post(reverse("admin:hotlines_need_add"), need)
    assert answer.status_code == 302


async def reply_in_database(thread_id: str) -> str:
    rows = Message.objects.filter(thread__client_thread_id=thread_id, role="assistant")
    return "".join(
        [
            p["text"]
            async for row in rows.order_by("ord", "idx")
            for p in row.content
            if "text" in p
        ]
    )


async def test_a_message_is_answered_word_by_word(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str]
) -> None:
    model.play(says("Hello ", "there, ", "friend."))

    async with client(app, headers) as me:
        await me.submit("hi", "t1")
        view = await me.finished("t1")

    assert view.reply == "Hello there, friend."
    assert view.outcome == "success"
    assert await reply_in_database("t1") == view.reply


async def test_ready_comes_first_and_names_the_protocol(
    app: AppServer, headers: dict[str, str]
) -> None:
    async with client(app, headers) as me:
        assert me.frames[0]["type"] == "ready"
        assert me.frames[0]["protocol"] == "kindline.v1"


async def test_say_is_answered_without_ids_of_the_clients(
    app: AppServer, headers: dict[str, str]
) -> None:
    async with client(app, headers) as me:
        await me.send({"type": "say", "text": "hi"})
        await me.wait(lambda: any(v.outcome == "success" for v in me.threads.values()))
        await me.send({"type": "say", "text": "and again"})
        [view] = me.threads.values()
        await me.wait(lambda: len(view.texts) == 4 and not view.generating)


async def test_what_was_delivered_was_durable_before(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str]
) -> None:
    gate = Gate()
    model.play(says("One ", gate, "two."))

    async with client(app, headers) as me:
        await me.submit("hi", "t1")
        await me.wait(lambda: me.view("t1").reply == "One ")
        run = await Run.objects.aget()
        assert str(run.last_seq) == me.view("t1").cursor.split("-")[1]  # type: ignore[union-attr] # set by then
        gate.open()
        await me.finished("t1")


async def test_text_a_tool_call_and_more_text_come_in_one_reply(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str], directory: None
) -> None:
    arguments = '{"country":"GB","needs":["suicide"]}'
    model.play(says("I will look. ", Call("find_hotlines", arguments)), says("There you are."))

    async with client(app, headers) as me:
        await me.submit("where can I call?", "t1")
        view = await me.finished("t1")

    assert view.reply == "I will look. There you are."
    [result] = view.results
    assert json.loads(result)["lines"][0]["id"] == "gb-samaritans"
    kinds = [event["type"] for event in view.events]
    assert kinds.index("TEXT_MESSAGE_CONTENT") < kinds.index("TOOL_CALL_START")
    assert kinds.index("TOOL_CALL_RESULT") < len(kinds) - 1 - kinds[::-1].index(
        "TEXT_MESSAGE_START"
    )


async def test_a_need_added_in_the_admin_is_offered_at_the_next_turn_of_a_running_server(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str], directory: None
) -> None:
    async with client(app, headers) as me:
        await me.submit("hi", "t1")
        await me.finished("t1")
        await sync_to_async(add_need_in_admin)("homesickness")
        await me.submit("hi again", "t2")
        await me.finished("t2")

    before, after = (json.dumps(asked.body["tools"]) for asked in model.requests)
    assert "homesickness" not in before
    assert "homesickness: Feeling alone for long." in after


async def test_a_client_that_comes_back_goes_on_from_its_cursor(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str]
) -> None:
    gate = Gate()
    model.play(says("Ants ", "bees ", gate, "crows."))
    me = client(app, headers)
    await me.open()
    await me.submit("hi", "t1")
    await me.wait(lambda: me.view("t1").reply == "Ants bees ")

    await me.drop()
    gate.open()
    await me.open()
    await me.subscribe("t1")
    view = await me.finished("t1")
    await me.drop()

    assert view.reply == "Ants bees crows."
    assert view.snapshots == 0


async def test_a_second_client_without_a_cursor_gets_a_snapshot_and_the_running_reply(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str]
) -> None:
    gate = Gate()
    model.play(says("First."), says("Second ", gate, "reply."))

    async with client(app, headers) as me, client(app, headers) as other:
        await me.submit("one", "t1")
        await me.finished("t1")
        await me.submit("two", "t1")
        await me.wait(lambda: me.view("t1").reply == "First.Second ")
        await other.subscribe("t1")
        await other.wait(lambda: other.view("t1").reply == "First.Second ")
        gate.open()
        view = await other.finished("t1")

    assert view.snapshots == 1
    assert view.reply == "First.Second reply."
    assert view.texts == me.view("t1").texts


async def test_a_thread_can_be_watched_before_it_exists(
    app: AppServer, headers: dict[str, str]
) -> None:
    async with client(app, headers) as me, client(app, headers) as other:
        await other.subscribe("new")
        await other.wait(lambda: other.view("new").cursor == "0-0")
        await me.submit("hi", "new")

        assert (await other.finished("new")).reply == "I hear you."


async def test_the_same_submit_again_is_one_run(app: AppServer, headers: dict[str, str]) -> None:
    run_id, message_id = str(uuid4()), str(uuid4())

    async with client(app, headers) as me, client(app, headers) as other:
        for _ in range(3):
            await me.submit("hi", "t1", run_id=run_id, message_id=message_id)
            await other.submit("hi", "t1", run_id=run_id, message_id=message_id)
        await me.finished("t1")
        await other.finished("t1")

    assert await Run.objects.acount() == 1
    assert await Message.objects.filter(role="user").acount() == 1
    assert me.refusals == other.refusals == []


async def test_a_busy_thread_refuses_another_message_and_keeps_the_first(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str]
) -> None:
    gate = Gate()
    model.play(says("One ", gate, "two."))

    async with client(app, headers) as me:
        first = await me.submit("hi", "t1")
        await me.wait(lambda: me.view("t1").reply == "One ")
        second = await me.submit("wait", "t1")
        await me.wait(lambda: bool(me.refusals))
        gate.open()
        view = await me.finished("t1")

    about = me.refusals[0]["metadata"]["kindline"]
    assert me.refusals[0]["code"] == "thread_busy"
    assert (about["runId"], about["activeRunId"], about["retryable"]) == (second, first, False)
    assert view.reply == "One two."


async def test_abort_ends_the_run_and_keeps_what_was_said(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str]
) -> None:
    gate = Gate()
    model.play(says("One ", gate, "two."))

    async with client(app, headers) as me, client(app, headers) as other:
        run_id = await me.submit("hi", "t1")
        await me.wait(lambda: me.view("t1").reply == "One ")
        await other.send({"type": "abort", "runId": run_id})
        view = await me.finished("t1")
        await other.send({"type": "abort", "runId": run_id})

    assert view.outcome == "cancelled"
    message = await Message.objects.aget(role="assistant")
    assert message.status == "partial"
    assert message.content == [{"type": "text", "text": "One "}]
    gate.open()


async def test_after_a_stop_the_thread_goes_on(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str]
) -> None:
    model.play(says("One ", Gate(), "two."), says("Again."))

    async with client(app, headers) as me:
        run_id = await me.submit("hi", "t1")
        await me.wait(lambda: me.view("t1").reply == "One ")
        await me.send({"type": "abort", "runId": run_id})
        await me.finished("t1")
        await me.submit("more", "t1")
        view = await me.finished("t1")
        await me.wait(lambda: view.reply == "One Again.")

    said = [m["content"] for m in model.requests[-1].body["messages"] if m["role"] != "system"]
    assert said == ["hi", "One ", "more"]


async def test_the_same_question_again_supersedes_the_reply(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str]
) -> None:
    message_id = str(uuid4())
    model.play(says("First."), says("Second."))

    async with client(app, headers) as me:
        await me.submit("hi", "t1", message_id=message_id)
        await me.finished("t1")
        await me.submit("hi", "t1", message_id=message_id)
        view = await me.finished("t1")
        await me.wait(lambda: view.reply == "Second.")

    kept = Message.objects.filter(role="assistant").order_by("ord")
    assert [row.superseded_by is None async for row in kept] == [False, True]


async def test_two_threads_on_one_socket_do_not_mix(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str]
) -> None:
    gate = Gate()
    model.play(says("A", gate, "a"), says("B", gate, "b"))

    async with client(app, headers) as me:
        await me.submit("one", "t1")
        await me.wait(lambda: me.view("t1").reply == "A")
        await me.submit("two", "t2")
        await me.wait(lambda: me.view("t2").reply == "B")
        gate.open()
        await me.finished("t1")
        await me.finished("t2")

    assert (me.view("t1").reply, me.view("t2").reply) == ("Aa", "Bb")


async def test_another_person_sees_nothing_of_a_thread_of_the_same_name(
    app: AppServer, headers: dict[str, str]
) -> None:
    stranger = client_token(app)
    async with client(app, headers) as me, client(app, stranger) as other:
        run_id = await me.submit("hi", "t1")
        await me.finished("t1")
        await other.subscribe("t1")
        await other.send({"type": "abort", "runId": run_id})
        await other.wait(lambda: other.view("t1").cursor == "0-0")

    assert other.view("t1").texts == {}


async def close_code(socket: ClientConnection) -> int | None:
    """Read to the end, as a client must for the close frame to arrive."""
    with contextlib.suppress(ConnectionClosed):
        async for _ in socket:
            pass
    return socket.close_code


HOSTILE = [
    "{",
    '"text"',
    "[" * 2_000,
    '{"type":"shout"}',
    '{"type":"say","text":7}',
    '{"threadId":"t","runId":"r","messages":{}}',
    b"\x00\x01binary",
]


@pytest.mark.parametrize("frame", HOSTILE, ids=range(len(HOSTILE)))
async def test_a_bad_frame_is_answered_and_the_stream_flows_on(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str], frame: str | bytes
) -> None:
    gate = Gate()
    model.play(says("One ", gate, "two."))

    async with client(app, headers) as me:
        await me.submit("hi", "t1")
        await me.wait(lambda: me.view("t1").reply == "One ")
        await me.send(frame)
        await me.wait(lambda: any(f.get("type") == "error" for f in me.frames))
        gate.open()
        view = await me.finished("t1")

    assert view.reply == "One two."


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ({"id": "m", "role": "assistant", "content": "x"}, "user"),
        ({"id": "m", "role": "user", "content": "  "}, "no text"),
        ({"id": "m", "role": "user", "content": [{"type": "image"}]}, "no text"),
        ({"id": 7, "role": "user", "content": "x"}, "id"),
        ({"id": "m", "role": "user", "content": "x" * 20_000}, "too long"),
    ],
)
async def test_a_message_that_cannot_be_answered_is_refused_with_a_reason(
    app: AppServer, headers: dict[str, str], message: dict[str, object], why: str
) -> None:
    async with client(app, headers) as me:
        await me.send({"threadId": "t1", "runId": "r1", "messages": [message]})
        await me.wait(lambda: bool(me.refusals))

    assert me.refusals[0]["code"] == "invalid_input"
    assert why in me.refusals[0]["message"]
    assert not await Run.objects.aexists()


async def test_nul_and_lone_surrogates_are_stored_as_replacement_characters(
    app: AppServer, headers: dict[str, str]
) -> None:
    async with client(app, headers) as me:
        await me.send(
            '{"type":"say","threadId":"t1","text":"a\\u0000b\\ud800c\\u2028\\ud83d\\ude00"}'
        )
        await me.finished("t1")

    asked = await Message.objects.aget(role="user")
    assert asked.content == [{"type": "text", "text": "a\ufffdb\ufffdc\u2028\U0001f600"}]


async def test_a_frame_of_two_megabytes_closes_with_1009(
    app: AppServer, headers: dict[str, str]
) -> None:
    async with open_socket(app, headers=headers) as socket:
        await socket.send("x" * 2_000_000)
        code = await close_code(socket)

    assert code == 1009


async def test_a_hundred_bad_frames_close_with_4400(
    app: AppServer, headers: dict[str, str]
) -> None:
    async with open_socket(app, headers=headers) as socket:
        for _ in range(100):
            await socket.send("{")
        code = await close_code(socket)

    assert code == 4400


async def test_a_program_without_credentials_is_refused_before_the_handshake(
    app: AppServer,
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await open_socket(app)

    assert refused.value.response.status_code == 401


async def test_a_browser_without_a_session_reads_4401(app: AppServer) -> None:
    async with open_socket(app, headers={"Origin": app.url}) as socket:
        code = await close_code(socket)

    assert code == 4401


async def test_a_token_from_a_foreign_origin_reads_4403(
    app: AppServer, headers: dict[str, str]
) -> None:
    foreign = {**headers, "Origin": "https://elsewhere.example"}
    async with open_socket(app, headers=foreign) as socket:
        code = await close_code(socket)

    assert code == 4403


async def test_an_offered_subprotocol_is_echoed_without_the_token(
    app: AppServer, headers: dict[str, str]
) -> None:
    token = headers["Authorization"].removeprefix("Bearer ")

    offered = [Subprotocol("kindline.v1"), Subprotocol(f"bearer.{token}")]
    async with open_socket(app, subprotocols=offered) as socket:
        ready = json.loads(await socket.recv())

    assert ready["type"] == "ready"
    assert socket.subprotocol == "kindline.v1"


async def test_a_socket_at_an_unknown_path_is_refused(
    app: AppServer, headers: dict[str, str]
) -> None:
    with pytest.raises(InvalidStatus):
        await connect(
            app.url.replace("http", "ws") + "/ws/v9", additional_headers=headers, proxy=None
        )


async def test_ping_is_answered_with_its_number(app: AppServer, headers: dict[str, str]) -> None:
    async with client(app, headers) as me:
        await me.send({"type": "ping", "n": 7})

        await me.wait(lambda: {"type": "pong", "n": 7} in me.frames)


async def test_a_query_subscribes_at_once(app: AppServer, headers: dict[str, str]) -> None:
    async with client(app, headers, "?threadId=t1") as me:
        await me.wait(lambda: me.view("t1").cursor == "0-0")


async def test_a_deleted_thread_is_gone_for_everybody_who_watches(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str]
) -> None:
    model.play(says("One ", Gate(), "two."), says("Anew."))
    async with client(app, headers) as me:
        await me.submit("hi", "t1")
        await me.wait(lambda: me.view("t1").reply == "One ")

        await asyncio.to_thread(http, "DELETE", f"{app.url}/api/v1/threads/t1", headers=headers)
        await me.wait(lambda: me.view("t1").cursor == "0-0")
        me.view("t1").generating = False
        await me.submit("hello again", "t1")
        await me.wait(lambda: me.view("t1").reply == "Anew.")

    assert await Message.objects.acount() <= 2
