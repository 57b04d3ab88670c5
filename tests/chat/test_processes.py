"""What must hold between two server processes on one Postgres and one Redis."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from realtime.chat.models import RunEvent
from tests.support.chat_client import ChatClient
from tests.support.openai_scenarios import Gate, says
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer, client_token

pytestmark = pytest.mark.process


@pytest.fixture
def other(app: AppServer, model: ThreadedOpenAIServer, server_log: Path) -> Iterator[AppServer]:
    """A second server process on the same Postgres and Redis."""
    with AppServer(server_log, OPENAI_BASE_URL=model.base_url) as server:
        yield server


async def test_a_reply_is_followed_live_from_another_process(
    app: AppServer, other: AppServer, model: ThreadedOpenAIServer
) -> None:
    headers = client_token(app)
    gate = Gate()
    model.play(says("One ", gate, "two."))

    async with ChatClient(app.url, headers) as me, ChatClient(other.url, headers) as there:
        await there.subscribe("t1")
        await there.wait(lambda: there.view("t1").cursor == "0-0")
        await me.submit("hi", "t1")
        await there.wait(lambda: there.view("t1").reply == "One ")
        gate.open()
        view = await there.finished("t1")

    assert view.reply == "One two."


async def test_a_stop_from_another_process_ends_the_run(
    app: AppServer, other: AppServer, model: ThreadedOpenAIServer
) -> None:
    headers = client_token(app)
    model.play(says("One ", Gate(), "two."))

    async with ChatClient(app.url, headers) as me, ChatClient(other.url, headers) as there:
        run_id = await me.submit("hi", "t1")
        await me.wait(lambda: me.view("t1").reply == "One ")
        await there.send({"type": "abort", "runId": run_id})
        view = await me.finished("t1")

    assert view.outcome == "cancelled"
    assert await RunEvent.objects.filter(kind__in=["RUN_FINISHED", "RUN_ERROR"]).acount() == 1
