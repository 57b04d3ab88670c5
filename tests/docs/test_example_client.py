"""The client of docs/protocol.md, run as its readers run it, over a line that is cut."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings

from realtime.chat.models import Run
from realtime.chat.operations import delete_thread
from tests.support.openai_scenarios import Gate, says
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer
from tests.support.tcp_proxy import tcp_proxy

pytestmark = pytest.mark.process
CLIENT = Path(settings.BASE_DIR) / "docs" / "examples" / "client.py"
PATIENCE_S = 30
MASKED_TEXT = b"\x81\xfe"  # how a client's text frame of more than 125 bytes begins


@asynccontextmanager
async def client_of(url: str) -> AsyncIterator[Process]:
    """The client as a process, which ends with the test."""
    command = (sys.executable, CLIENT, url, "hi")
    client = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
    try:
        yield client
    finally:
        if client.returncode is None:
            client.kill()
            await client.wait()


async def rest_of(client: Process) -> tuple[str, str]:
    async with asyncio.timeout(PATIENCE_S):
        said, complained = await client.communicate()
    return said.decode(), complained.decode()


async def test_the_client_shows_a_reply(app: AppServer) -> None:
    async with client_of(app.url) as client:
        assert await rest_of(client) == ("I hear you.\n[finished]\n", "")


async def test_it_does_not_wait_for_a_reply_whose_thread_was_deleted(
    app: AppServer, model: ThreadedOpenAIServer
) -> None:
    model.play(says("Before. ", Gate(), "After."))
    async with client_of(app.url) as client:
        assert client.stdout is not None
        await client.stdout.readexactly(len("Before. "))
        run = await Run.objects.select_related("thread").aget()

        thread_id = run.thread.client_thread_id
        await sync_to_async(delete_thread)(owner_id=run.owner_id, thread_id=thread_id)

        assert await rest_of(client) == ("\n[gone]\n", "")


async def test_a_line_cut_in_mid_reply_costs_no_word_and_repeats_none(
    app: AppServer, model: ThreadedOpenAIServer
) -> None:
    gate = Gate()
    model.play(says("Before. ", gate, "After."))
    async with tcp_proxy(app.url) as (proxy, url), client_of(url) as client:
        assert client.stdout is not None
        before = await client.stdout.readexactly(len("Before. "))

        proxy.cut()
        gate.open()
        after, complaints = await rest_of(client)

    assert (before.decode() + after, complaints) == ("Before. After.\n[finished]\n", "")
    assert await Run.objects.acount() == 1


async def test_a_message_whose_acknowledgement_was_lost_is_sent_again_and_asked_once(
    app: AppServer,
) -> None:
    async with tcp_proxy(app.url) as (proxy, url):
        proxy.lose_answer_to = MASKED_TEXT
        async with client_of(url) as client:
            said = await rest_of(client)

    assert said == ("I hear you.\n[finished]\n", "")
    assert proxy.lost.is_set()
    assert await Run.objects.acount() == 1
