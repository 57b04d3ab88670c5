"""The socket that replays one run: TanStack's way back after a drop, and into a run."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.support.chat_client import ChatClient
from tests.support.openai_scenarios import Gate, says
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer, client_token, http

pytestmark = pytest.mark.process


@dataclass
class Replayed:
    """All that came until the server closed."""

    code: int | None = None
    frames: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        return [frame["id"] for frame in self.frames if "chunk" in frame]

    @property
    def kinds(self) -> list[str]:
        return [frame["chunk"]["type"] for frame in self.frames if "chunk" in frame]

    @property
    def text(self) -> str:
        return "".join(f["chunk"].get("delta", "") for f in self.frames if "chunk" in f)


async def replay(
    app: AppServer, headers: dict[str, str], run_id: str, offset: str, say: str | None = None
) -> Replayed:
    url = f"{app.url.replace('http', 'ws')}/ws/v1/chat?runId={run_id}&offset={offset}"
    seen = Replayed()
    async with connect(url, additional_headers=headers, compression=None, proxy=None) as socket:
        try:
            if say is not None:
                await socket.send(say)
            async with asyncio.timeout(20):
                while True:
                    seen.frames.append(json.loads(await socket.recv()))
        except ConnectionClosed as closed:
            seen.code = closed.rcvd.code if closed.rcvd else None
    return seen


async def finished_run(app: AppServer, headers: dict[str, str], thread_id: str = "t1") -> str:
    async with ChatClient(app.url, headers) as me:
        run_id = await me.submit("hi", thread_id)
        await me.finished(thread_id)
    return run_id


async def test_a_finished_run_is_replayed_from_the_start_and_closed_with_1000(
    app: AppServer, headers: dict[str, str]
) -> None:
    run_id = await finished_run(app, headers)

    seen = await replay(app, headers, run_id, "-1")

    assert (seen.kinds[0], seen.kinds[-1], seen.text) == (
        "RUN_STARTED",
        "RUN_FINISHED",
        "I hear you.",
    )
    assert seen.code == 1000


async def test_it_goes_on_strictly_after_the_offset(
    app: AppServer, headers: dict[str, str]
) -> None:
    run_id = await finished_run(app, headers)
    whole = await replay(app, headers, run_id, "-1")

    for at, offset in enumerate(whole.ids):
        seen = await replay(app, headers, run_id, offset)
        assert (seen.ids, seen.code) == (whole.ids[at + 1 :], 1000)


async def test_of_two_runs_only_the_asked_one_comes(
    app: AppServer, headers: dict[str, str]
) -> None:
    first = await finished_run(app, headers)
    second = await finished_run(app, headers)

    one, two = await replay(app, headers, first, "-1"), await replay(app, headers, second, "-1")

    assert {id.split("-")[0] for id in one.ids} == {"1"}
    assert {id.split("-")[0] for id in two.ids} == {"2"}


async def test_a_run_under_way_is_followed_to_its_end(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str]
) -> None:
    gate = Gate()
    model.play(says("One ", gate, "two."))
    async with ChatClient(app.url, headers) as me:
        run_id = await me.submit("hi", "t1")
        await me.wait(lambda: me.view("t1").reply == "One ")

        following = asyncio.create_task(replay(app, headers, run_id, "-1"))
        gate.open()
        seen = await following

    assert (seen.text, seen.kinds[-1], seen.code) == ("One two.", "RUN_FINISHED", 1000)


async def test_an_unknown_run_and_a_foreign_one_are_refused_alike(
    app: AppServer, headers: dict[str, str]
) -> None:
    run_id = await finished_run(app, headers)

    foreign = await replay(app, client_token(app), run_id, "-1")
    unknown = await replay(app, headers, "other", "-1")

    for seen in (foreign, unknown):
        assert [(f["type"], f.get("code")) for f in seen.frames[1:]] == [
            ("RUN_ERROR", "not_found")
        ]
        assert seen.code == 1000


@pytest.mark.parametrize("offset", ["7-1", "1-99", "x", ""])
async def test_an_offset_that_is_not_the_runs_is_refused(
    app: AppServer, headers: dict[str, str], offset: str
) -> None:
    run_id = await finished_run(app, headers)

    seen = await replay(app, headers, run_id, offset or "%20")

    assert (seen.frames[1]["code"], seen.code) == ("invalid_input", 1000)


async def test_a_name_that_can_be_nobodys_is_refused(
    app: AppServer, headers: dict[str, str]
) -> None:
    seen = await replay(app, headers, "%00", "-1")

    assert [frame.get("code") for frame in seen.frames[1:]] == ["invalid_input"]
    assert seen.code == 1000


async def test_it_takes_no_message(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str]
) -> None:
    gate = Gate()
    model.play(says("One ", gate, "two."))
    async with ChatClient(app.url, headers) as me:
        run_id = await me.submit("hi", "t1")
        await gate.reached()

        abort = json.dumps({"type": "abort", "runId": run_id})
        following = asyncio.create_task(replay(app, headers, run_id, "-1", say=abort))
        await asyncio.wait([following], timeout=0.2)
        gate.open()
        seen = await following

    assert [f["code"] for f in seen.frames if f.get("type") == "error"] == ["bad_frame"]
    assert seen.text == "One two."


async def test_a_deletion_ends_it_with_a_refusal(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str]
) -> None:
    gate = Gate()
    model.play(says("One ", gate, "two."))
    async with ChatClient(app.url, headers) as me:
        run_id = await me.submit("hi", "t1")
        await me.wait(lambda: me.view("t1").reply == "One ")

        following = asyncio.create_task(replay(app, headers, run_id, "-1"))
        await asyncio.wait([following], timeout=0.2)
        url = f"{app.url}/api/v1/threads/t1"
        await asyncio.to_thread(http, "DELETE", url, headers=headers)
        seen = await following
        gate.open()

    assert (seen.frames[-1]["code"], seen.code) == ("not_found", 1000)


async def test_a_run_id_without_offset_opens_an_ordinary_socket(
    app: AppServer, headers: dict[str, str]
) -> None:
    async with ChatClient(app.url, headers, "?runId=whatever") as me:
        await me.submit("hi", "t1")
        assert (await me.finished("t1")).reply == "I hear you."
