"""Deleted is deleted: not a row and not a word is left, whoever deletes and whatever goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from django.urls import reverse

from realtime.accounts.models import User
from realtime.chat.models import Notice, Run
from tests.support.chat_client import ChatClient
from tests.support.openai_scenarios import Call, Gate, says
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.rows import columns_holding, counts
from tests.support.server import AppServer, http

pytestmark = pytest.mark.process

SAID = "the green lighthouse"
ANSWERED = "the blue harbour"
FIND = Call("find_hotlines", '{"country":"GB","needs":["suicide"]}')


@pytest.fixture
def other(app: AppServer, model: ThreadedOpenAIServer, server_log: Path) -> Iterator[AppServer]:
    """A second server process on the same Postgres and Redis."""
    with AppServer(server_log, OPENAI_BASE_URL=model.base_url) as server:
        yield server


async def rows() -> dict[str, int]:
    """Of every table but that of sums by day, which a server writes when it likes."""
    found = await sync_to_async(counts)()
    return {table: number for table, number in found.items() if table != "day_count"}


async def places(*words: str) -> list[str]:
    """Where in the database these words stand."""
    return sorted(
        {place for each in words for place in await sync_to_async(columns_holding)(each)}
    )


async def delete(server: AppServer, headers: dict[str, str], thread_id: str = "t1") -> None:
    url = f"{server.url}/api/v1/threads/{thread_id}"
    await asyncio.to_thread(http, "DELETE", url, headers=headers)


async def test_of_a_whole_conversation_not_a_row_is_left_in_any_table(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str], directory: None
) -> None:
    before = await rows()
    model.play(says(ANSWERED, FIND), says(ANSWERED), says(ANSWERED, Gate()))
    async with ChatClient(app.url, headers) as me:
        await me.submit(SAID, "t1", message_id="asked")
        await me.finished("t1")
        await _show_notice()
        again = await me.submit(SAID, "t1", message_id="asked")  # supersedes
        await me.wait(lambda: me.view("t1").reply == ANSWERED)
        await me.send({"type": "abort", "runId": again})
        await me.finished("t1")
    held = await places(SAID, ANSWERED, "find_hotlines")
    assert {"message.content", "notice.value", "run_event.payload"} <= set(held)

    await delete(app, headers)

    assert await rows() == before
    assert await places(SAID, ANSWERED, "find_hotlines") == []


async def test_of_a_reply_under_way_nothing_is_written_after_its_deletion(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str]
) -> None:
    await _delete_under_way(app, app, model, headers)


async def test_of_a_reply_that_another_process_writes_nothing_is_left_either(
    app: AppServer, other: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str]
) -> None:
    await _delete_under_way(app, other, model, headers)


async def test_a_person_deleted_in_the_admin_leaves_no_word(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str]
) -> None:
    gate = Gate()
    model.play(says(ANSWERED, gate, " and more"), says("Another."))
    person = await User.objects.aget()
    async with ChatClient(app.url, headers) as me:
        await me.submit(SAID, "t1")
        await me.wait(lambda: me.view("t1").reply == ANSWERED)

        await sync_to_async(_delete_in_admin)(person)
        gate.open()

    assert not await User.objects.filter(pk=person.pk).aexists()
    assert await places(SAID, ANSWERED, "and more") == []
    assert await _conversations() == {}


async def _delete_under_way(
    writing: AppServer,
    deleting: AppServer,
    model: ThreadedOpenAIServer,
    headers: dict[str, str],
) -> None:
    before = await rows()
    gate = Gate()
    model.play(says(ANSWERED, gate, " and more"), says("Another."))
    async with ChatClient(writing.url, headers) as me:
        await me.submit(SAID, "t1")
        await me.wait(lambda: me.view("t1").reply == ANSWERED)

        await delete(deleting, headers)
        assert await rows() == before
        gate.open()
        # A later reply of the same process is through: so is all it held of the deleted one.
        await me.submit("hi", "t2")
        await me.finished("t2")
    await delete(deleting, headers, "t2")

    assert await rows() == before
    assert await places(SAID, ANSWERED, "and more") == []
    logs = writing.log.read_text() + deleting.log.read_text()
    assert all(words not in logs for words in (SAID, ANSWERED))


async def _show_notice() -> None:
    run = await Run.objects.aget()
    value = {"words": SAID}
    await Notice.objects.acreate(
        thread_id=run.thread_id, run_id=run.id, seq=1, name="kindline.help", value=value
    )


def _delete_in_admin(person: User) -> None:
    operator = Client(headers={"Host": "127.0.0.1"})
    operator.force_login(User.objects.create_superuser("operator"))
    url = reverse("admin:accounts_user_delete", args=[person.pk])
    assert operator.post(url, {"post": "yes"}).status_code == 302


async def _conversations() -> dict[str, int]:
    tables = ("thread", "message", "run", "run_event", "notice")
    return {table: n for table, n in (await rows()).items() if table in tables and n}
