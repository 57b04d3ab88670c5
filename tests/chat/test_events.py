"""Server-Sent Events of a thread and of a run, through a real server: bodies end or break."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from realtime.accounts.models import ClientToken
from realtime.chat.models import Message, Run
from tests.support.chat_client import ChatClient
from tests.support.event_source import EventSource, event_source, saying
from tests.support.eventually import wait_until
from tests.support.openai_scenarios import Gate, says
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer, client_token, http

pytestmark = pytest.mark.process

HI = saying("hi", run_id="r1", message_id="m1")


def agui(app: AppServer) -> str:
    return f"{app.url}/api/v1/agui"


def events_of(app: AppServer, thread_id: str = "t1") -> str:
    return f"{app.url}/api/v1/threads/{thread_id}/events"


async def ended_run(app: AppServer, headers: dict[str, str]) -> EventSource:
    async with event_source(agui(app), headers, say=HI) as source:
        await source.ended()
    return source


async def guest_cookie(app: AppServer) -> str:
    url, origin = f"{app.url}/api/v1/guest", {"Origin": app.url}
    async with aiohttp.ClientSession() as page, page.post(url, headers=origin) as entered:
        return f"sessionid={entered.cookies['sessionid'].value}"


async def run_is(state: str) -> None:
    await sync_to_async(wait_until)(lambda: Run.objects.get().state == state)


async def test_a_run_is_heard_from_its_start_to_its_end_and_the_body_ends_well(
    app: AppServer, headers: dict[str, str]
) -> None:
    source = await ended_run(app, headers)

    assert (source.kinds[0], source.kinds[-1]) == ("RUN_STARTED", "RUN_FINISHED")
    assert (source.text, source.cut) == ("I hear you.", False)
    assert source.ids == [f"1-{number}" for number in range(1, len(source.ids) + 1)]
    assert source.headers["Cache-Control"] == "no-store, no-transform"
    assert source.headers["X-Accel-Buffering"] == "no"
    assert "Content-Encoding" not in source.headers


async def test_the_same_body_again_is_the_same_run(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str]
) -> None:
    gate = Gate()
    model.play(says("One ", gate, "two."))

    async with event_source(agui(app), headers, say=HI) as one:
        await one.wait(lambda: one.text == "One ")
        async with event_source(agui(app), headers, say=HI) as two:
            await two.wait(lambda: two.text == "One ")
            gate.open()
            await one.ended()
            await two.ended()
    after = await ended_run(app, headers)

    assert one.text == two.text == after.text == "One two."
    assert await Run.objects.acount() == await Message.objects.filter(role="user").acount() == 1


async def test_a_reply_goes_on_when_who_asked_has_gone(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str]
) -> None:
    gate = Gate()
    model.play(says("One ", gate, "two."))

    async with event_source(agui(app), headers, say=HI) as source:
        await source.wait(lambda: source.text == "One ")
    gate.open()

    await run_is("completed")
    assert (await ended_run(app, headers)).text == "One two."


async def test_a_run_is_gone_on_with_strictly_after_the_last_id(
    app: AppServer, headers: dict[str, str]
) -> None:
    await ended_run(app, headers)
    whole = await ended_run(app, headers)  # from the log, as are the others

    for at, last in enumerate(whole.ids):
        again = {**headers, "Last-Event-ID": str(last)}
        async with event_source(agui(app), again, say=HI) as rest:
            await rest.ended()
        assert (rest.ids, rest.cut) == (whole.ids[at + 1 :], False)


async def test_an_id_of_an_earlier_run_is_no_place_in_a_new_one(
    app: AppServer, headers: dict[str, str]
) -> None:
    """A client that keeps its last id and asks anew hears the new reply from its start."""
    await ended_run(app, headers)
    later = {**headers, "Last-Event-ID": "1-3"}

    async with event_source(
        agui(app), later, say=saying("and then?", run_id="r2", message_id="m2")
    ) as source:
        await source.ended()

    assert source.kinds[0] == "RUN_STARTED"
    assert source.text == "I hear you."


async def test_a_run_is_heard_again_by_its_name(app: AppServer, headers: dict[str, str]) -> None:
    await ended_run(app, headers)
    whole = await ended_run(app, headers)  # from the log, as the other: live words come in pieces

    async with event_source(f"{agui(app)}?runId=r1&offset=-1", headers) as again:
        await again.ended()

    assert again.events == whole.events


async def test_runs_of_others_and_places_of_none_are_refused(
    app: AppServer, headers: dict[str, str]
) -> None:
    await ended_run(app, headers)

    async with event_source(f"{agui(app)}?runId=r1", client_token(app)) as foreign:
        assert (foreign.status, foreign.answer["code"]) == (404, "not_found")
    async with event_source(f"{agui(app)}?runId=%00&offset=-1", headers) as odd:
        assert (odd.status, odd.answer["code"]) == (422, "invalid_input")
    async with event_source(f"{agui(app)}?runId=r1&offset=7-7", headers) as nowhere:
        assert (nowhere.status, nowhere.answer["code"]) == (422, "invalid_input")


async def test_a_second_message_in_mid_reply_is_refused_with_the_run_that_goes_on(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str]
) -> None:
    gate = Gate()
    model.play(says("One ", gate, "two."))

    async with event_source(agui(app), headers, say=HI) as source:
        await source.wait(lambda: source.text == "One ")
        more = saying("more", run_id="r2", message_id="m2")
        async with event_source(agui(app), headers, say=more) as refused:
            pass
        gate.open()
        await source.ended()

    told = {name: refused.answer[name] for name in ("code", "retryable", "activeRunId")}
    assert refused.status == 409
    assert told == {"code": "thread_busy", "retryable": False, "activeRunId": "r1"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"threadId": "t1", "runId": "r1"}, 422),
        ({"threadId": "t1", "runId": "r1", "messages": []}, 422),
        ({"threadId": "t1", "runId": "r 1", "messages": HI["messages"]}, 422),
        ({"type": "ping"}, 422),
        ([], 422),
        (HI | {"state": "x" * 1_048_576}, 413),
    ],
)
async def test_what_is_no_message_is_refused_in_the_houses_shape(
    app: AppServer, headers: dict[str, str], body: Any, status: int
) -> None:
    async with event_source(agui(app), headers, say=body) as refused:
        assert (refused.status, refused.answer["code"]) == (status, "invalid_input")


async def test_help_stands_in_a_refusal_of_who_writes_of_danger(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str], directory: None
) -> None:
    gate = Gate()
    model.play(says("One ", gate, "two."))

    async with event_source(agui(app), headers, say=HI) as source:
        await source.wait(lambda: source.text == "One ")
        danger = saying("I want to kill myself", run_id="r2", message_id="m2")
        async with event_source(agui(app), headers, say=danger) as refused:
            pass
        gate.open()
        await source.ended()

    assert refused.answer["code"] == "thread_busy"
    assert refused.answer["help"]["level"] == "crisis"


async def test_nobody_is_heard_without_credentials_or_with_a_cookie_from_nowhere(
    app: AppServer,
) -> None:
    async with event_source(agui(app), {}, say=HI) as stranger:
        assert (stranger.status, stranger.answer["code"]) == (401, "unauthenticated")
    origin = {"Origin": app.url}
    cookie = {"Cookie": await guest_cookie(app)}
    danger = saying("I want to kill myself", run_id="r1", message_id="m1")
    async with event_source(agui(app), cookie, say=danger) as bare:
        assert (bare.status, bare.answer["code"]) == (403, "forbidden")
        assert bare.answer["help"]["level"] == "crisis"  # who asks need not be known for that
    async with event_source(agui(app), cookie | origin, say=HI) as page:
        await page.ended()
        assert page.text == "I hear you."


async def test_a_thread_is_followed_from_a_snapshot_on(
    app: AppServer, headers: dict[str, str]
) -> None:
    whole = await ended_run(app, headers)

    async with event_source(events_of(app), headers) as source:
        await source.wait(lambda: source.kinds[-1:] == ["RUN_FINISHED"])
        async with event_source(
            agui(app), headers, say=saying("more", run_id="r2", message_id="m2")
        ) as other:
            await other.ended()
        await source.wait(lambda: source.kinds.count("RUN_FINISHED") == 2)

    assert source.kinds[:4] == ["RUN_STARTED", "MESSAGES_SNAPSHOT", "CUSTOM", "RUN_FINISHED"]
    assert source.events[0]["metadata"] == {"kindline": {"snapshot": True}}
    assert [m["content"] for m in source.events[1]["messages"]] == ["hi", "I hear you."]
    assert source.ids[:4] == [None, None, None, whole.last_id]
    assert source.events[4:] == other.events


async def test_a_thread_is_gone_on_with_from_the_last_id(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str]
) -> None:
    gate = Gate()
    model.play(says("One ", gate, "two."))
    async with ChatClient(app.url, headers) as me:
        await me.submit("hi", "t1")
        async with event_source(events_of(app), headers) as before:
            await before.wait(lambda: before.text == "One ")
        gate.open()
        await me.finished("t1")

    again = {**headers, "Last-Event-ID": before.last_id}
    async with event_source(events_of(app), again) as after:
        await after.wait(lambda: after.kinds[-1:] == ["RUN_FINISHED"])

    assert before.text + after.text == "One two."
    assert "MESSAGES_SNAPSHOT" not in after.kinds
    async with event_source(f"{events_of(app)}?cursor={before.last_id}", headers) as same:
        await same.wait(lambda: same.kinds == after.kinds)


async def test_the_events_of_a_thread_are_no_thread(
    app: AppServer, headers: dict[str, str]
) -> None:
    async with event_source(events_of(app, "a%2Fevents"), headers) as source:
        await source.wait(lambda: len(source.kinds) == 3)
    read = await asyncio.to_thread(
        http, "GET", f"{app.url}/api/v1/threads/a%2Fevents", headers=headers
    )

    assert source.events[0]["threadId"] == json.loads(read)["threadId"] == "a/events"


async def test_a_deletion_ends_the_run_and_shows_the_thread_empty(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str]
) -> None:
    gate = Gate()
    model.play(says("One ", gate, "two."))

    async with (
        event_source(agui(app), headers, say=HI) as run,
        event_source(events_of(app), headers) as thread,
    ):
        await run.wait(lambda: run.text == "One ")
        await thread.wait(lambda: thread.text == "One ")
        url = f"{app.url}/api/v1/threads/t1"
        await asyncio.to_thread(http, "DELETE", url, headers=headers)
        await run.ended()
        await thread.wait(lambda: thread.kinds[-1] == "RUN_FINISHED")
        gate.open()

    assert (run.events[-1]["code"], run.cut) == ("not_found", False)
    assert thread.kinds[-4:] == ["RUN_ERROR", "RUN_STARTED", "MESSAGES_SNAPSHOT", "RUN_FINISHED"]
    assert thread.events[-2]["messages"] == []


async def test_a_token_that_is_revoked_cuts_its_streams(
    transactional_db: None, model: ThreadedOpenAIServer, server_log: Path
) -> None:
    gate = Gate()
    model.play(says("One ", gate, "two."))
    fast = {"OPENAI_BASE_URL": model.base_url, "TIMINGS_SCALE": "0.002"}
    with AppServer(server_log, **fast) as server:
        headers = client_token(server)
        async with event_source(events_of(server), headers) as source:
            await source.wait(lambda: len(source.kinds) == 3)
            await ClientToken.objects.aupdate(revoked_at=timezone.now())
            await source.ended()

    assert source.cut is True


async def test_a_quiet_stream_is_kept_alive(
    transactional_db: None, model: ThreadedOpenAIServer, server_log: Path
) -> None:
    with AppServer(server_log, OPENAI_BASE_URL=model.base_url, TIMINGS_SCALE="0.01") as server:
        async with event_source(events_of(server), client_token(server)) as source:
            await source.wait(lambda: source.comments.count(": keep-alive") >= 2)


async def test_a_server_that_leaves_cuts_its_streams_at_once(
    transactional_db: None, model: ThreadedOpenAIServer, server_log: Path
) -> None:
    gate = Gate()
    model.play(says("One ", gate, "two."))
    async with AppServer(server_log, OPENAI_BASE_URL=model.base_url) as server:
        headers = client_token(server)
        async with (
            event_source(agui(server), headers, say=HI) as run,
            event_source(events_of(server), headers) as thread,
        ):
            await run.wait(lambda: run.text == "One ")
            stopping = asyncio.create_task(asyncio.to_thread(server.stop))
            await run.ended()
            await thread.ended()
            gate.open()
            await stopping

    assert (run.cut, thread.cut) == (True, True)
    said = await asyncio.to_thread(server_log.read_text)
    assert "timeout graceful shutdown exceeded" not in said
    assert "without completing response" not in said


async def admitted_again(server: AppServer, headers: dict[str, str]) -> None:
    async with asyncio.timeout(10):
        while True:
            async with event_source(events_of(server), headers) as source:
                if source.status == 200:
                    return


async def test_a_person_has_only_so_many_streams(
    transactional_db: None, model: ThreadedOpenAIServer, server_log: Path
) -> None:
    few = {"OPENAI_BASE_URL": model.base_url, "SOCKETS_PER_PERSON": "1"}
    with AppServer(server_log, **few) as server:
        headers = client_token(server)
        url = events_of(server)
        async with event_source(url, headers), event_source(url, headers) as second:
            assert (second.status, second.answer["code"]) == (429, "rate_limited")
        await admitted_again(server, headers)


@pytest.mark.parametrize("kind", ["daphne", "runserver"])
async def test_one_run_is_heard_under(
    kind: str, transactional_db: None, model: ThreadedOpenAIServer, server_log: Path
) -> None:
    with AppServer(server_log, kind=kind, OPENAI_BASE_URL=model.base_url) as server:
        source = await ended_run(server, client_token(server))

    assert (source.text, source.cut) == ("I hear you.", False)
