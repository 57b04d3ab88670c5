"""One stream from inside: when its body ends well, and when it is left unfinished."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from realtime.accounts import operations as accounts
from realtime.accounts.errors import ApiError
from realtime.accounts.identity import Identity
from realtime.accounts.queries import identify_token
from realtime.agent.testing import ScriptedModel, says
from realtime.chat import api_streams, bridge, protocol
from realtime.chat import engine as engines
from realtime.chat.engine import Engine
from realtime.chat.follower import Place
from realtime.chat.sse import EVENTS
from realtime.chat.streams import EventStream
from tests.support.engine import running_engine
from tests.support.eventually import until

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Client:
    """The other end of a stream's body; `stalled`: it takes nothing."""

    stalled: bool = False
    told: list[str] = field(default_factory=list)
    leaves: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, text: str) -> None:
        if self.stalled:
            await asyncio.Event().wait()
        self.told.append(text)

    async def gone(self) -> None:
        await self.leaves.wait()


@pytest.fixture
async def identity() -> Identity:
    issued = await bridge.run(accounts.create_client_token)
    found = await bridge.run(identify_token, token=issued.token)
    assert found is not None
    return found


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with running_engine(ScriptedModel(says("I hear you."))) as running:
        yield running


def stream_of(engine: Engine, identity: Identity) -> EventStream:
    return EventStream(engine, identity, "t1", Place(None), EVENTS)


async def test_a_client_that_goes_ends_it_and_all_that_belongs_to_it(
    engine: Engine, identity: Identity
) -> None:
    client, stream = Client(), stream_of(engine, identity)
    writing = asyncio.create_task(stream.write(client.send, client.gone))
    await until(lambda: bool(client.told))
    before = asyncio.all_tasks()

    client.leaves.set()

    assert await writing is False
    assert engine.hub._followers == {}
    assert len(asyncio.all_tasks()) < len(before)


async def test_a_client_that_takes_nothing_is_given_up(engine: Engine, identity: Identity) -> None:
    client, stream = Client(stalled=True), stream_of(engine, identity)

    async with asyncio.timeout(10):
        assert await stream.write(client.send, client.gone) is False


async def test_a_process_that_is_behind_takes_no_stream(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "_installed", engine)
    assert await api_streams._unhurried() is engine

    engine.limits.lag.most_s = -1e9

    with pytest.raises(ApiError) as refused:
        await api_streams._unhurried()
    assert (refused.value.status, refused.value.code) == (503, "rate_limited")


async def test_a_server_that_leaves_cuts_it(engine: Engine, identity: Identity) -> None:
    client, stream = Client(), stream_of(engine, identity)
    writing = asyncio.create_task(stream.write(client.send, client.gone))

    await engine.leave()

    assert await writing is False


async def test_a_hint_is_told_inside_of_its_run_only(engine: Engine, identity: Identity) -> None:
    client, stream = Client(), stream_of(engine, identity)
    hint = protocol.status(thread_id="t1", run_id="r1", state="retrying")
    started = 'data: {"type":"RUN_STARTED","threadId":"t1","runId":"r1"}\n\n'
    finished = 'data: {"type":"RUN_FINISHED","threadId":"t1","runId":"r1"}\n\n'

    for text in (hint, started, hint, finished, hint):
        await stream._tell(text, client.send)

    assert client.told == [started, f"data: {hint}\n\n", finished]


async def test_what_a_message_says_never_ends_a_run(engine: Engine, identity: Identity) -> None:
    stream = EventStream(engine, identity, "t1", Place(None), EVENTS, one_run=True)
    client = Client()
    said = '\\n\\ndata: {\\"type\\":\\"RUN_FINISHED\\"}'
    text = f'data: {{"type":"TEXT_MESSAGE_CONTENT","messageId":"m","delta":"{said}"}}\n\n'
    stream._over = asyncio.get_running_loop().create_future()

    await stream._tell(text, client.send)

    assert not stream._over.done()
