"""A real server: from imported exchanges to what its model is shown."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async

from realtime.agent.examples import examples_in
from realtime.chat.models import Run
from realtime.corpus import indexing
from realtime.corpus.models import Exchange
from tests.corpus.shelves import TALKS, exchanges
from tests.support.chat_client import ChatClient
from tests.support.eventually import until_async
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer, client_token

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]
_, ASKED, ANSWER = TALKS[1]


async def retrieved(me: ChatClient) -> object:
    """What a new conversation's first reply was given of the corpus."""
    thread_id = str(uuid4())
    run_id = await me.submit(ASKED, thread_id)
    await me.finished(thread_id)
    return (await Run.objects.aget(client_run_id=run_id)).retrieved


async def test_a_server_builds_searches_and_forgets(
    model: ThreadedOpenAIServer, server_log: Path, index_dir: Path
) -> None:
    made = await sync_to_async(exchanges)()
    server = AppServer(server_log, OPENAI_BASE_URL=model.base_url, INDEX_DIR=str(index_dir))
    async with server, ChatClient(server.url, await asyncio.to_thread(client_token, server)) as me:

        async def found() -> bool:
            return isinstance(await retrieved(me), list)

        async def forgot() -> bool:
            return await retrieved(me) == "no index"

        await until_async(found)  # it serves without, until its child has built
        system = model.requests[-1].body["messages"][0]["content"]
        assert ANSWER in str(examples_in(system))

        await Exchange.objects.filter(pk=made[1].pk).adelete()
        await retrieved(me)
        assert ANSWER not in str(model.requests[-1].body)

        await Exchange.objects.all().adelete()
        await sync_to_async(indexing.note_change)()
        await until_async(forgot)
    log = await sync_to_async(server_log.read_text)("utf-8")
    assert "Traceback" not in log
