"""A message that is not taken, in a conversation where somebody may be in danger: help comes."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from realtime.accounts import operations as accounts
from realtime.accounts.models import User
from realtime.agent.testing import Gate, ScriptedModel, says
from realtime.chat import bridge, gate, operations
from realtime.chat.models import Thread
from realtime.chat.operations import Submission
from realtime.chat.refusals import Refusal
from realtime.safety.rules import Level
from tests.chat.test_consumers import heard, socket, submit
from tests.chat.test_raising import answered, asking
from tests.support.engine import running_engine

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def owner() -> int:
    return (await User.objects.acreate(username=str(uuid4()))).pk


@pytest.fixture
async def token() -> str:
    return (await bridge.run(accounts.create_client_token)).token


async def help_with(engine: Any, sent: Submission) -> dict[str, Any] | None:
    with pytest.raises(Refusal) as refused:
        await engine.intake.submit(sent)
    return refused.value.help


LEVELS: list[tuple[Level, str | None]] = [
    ("none", None),
    ("concern", "concern"),
    ("crisis", "crisis"),
]


@pytest.mark.parametrize(("level", "told"), LEVELS)
async def test_a_busy_conversation_refuses_with_help_by_its_level(
    owner: int, level: Level, told: str | None
) -> None:
    held = Gate()
    model = ScriptedModel([held, *says("Hi.")])
    async with answered(model, owner, asking(owner, level)) as (engine, watcher):
        await held.reached.wait()
        ordinary = asking(owner)
        help = await help_with(engine, ordinary)
        held.opened.set()
        await watcher.until(lambda w: w.over)

    if told is None:
        assert help is None
    else:
        assert help is not None
        assert (help["level"], help["reason"]) == (told, "model_down")
        assert (help["cardId"], help["lines"][0]["name"]) == (ordinary.run_id, "Samaritans")


async def test_what_the_text_calls_for_comes_before_what_the_conversation_does(owner: int) -> None:
    held = Gate()
    model = ScriptedModel([held, *says("Hi.")])
    async with answered(model, owner, asking(owner, "concern")) as (engine, watcher):
        await held.reached.wait()
        help = await help_with(engine, asking(owner, "crisis"))
        held.opened.set()
        await watcher.until(lambda w: w.over)

    assert help is not None
    assert (help["level"], help["reason"]) == ("crisis", "message")


@pytest.mark.parametrize(("level", "told"), LEVELS)
async def test_where_no_model_is_configured_the_level_is_read(
    owner: int, level: Level, told: str | None
) -> None:
    await Thread.objects.acreate(owner_id=owner, client_thread_id="t1", level=level)
    async with running_engine(None) as engine:
        help = await help_with(engine, asking(owner))

    assert (help or {}).get("level") == told


async def test_where_storage_is_away_too_the_refusal_still_comes(
    owner: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise bridge.StorageUnavailable("x")

    async with running_engine(None) as engine:
        monkeypatch.setattr(bridge, "run", away)
        help = await help_with(engine, asking(owner))
        monkeypatch.undo()

    assert help is None


async def test_a_server_remembers_what_it_knows_and_needs_no_storage_for_it(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = (await User.objects.aget()).pk
    await Thread.objects.acreate(owner_id=owner, client_thread_id="t1", level="concern")
    async with (
        running_engine(ScriptedModel(says("Hi."))) as engine,
        socket(engine, token) as peer,
    ):
        await peer.send_to(submit("t1"))
        await heard(peer, "RUN_FINISHED")
        monkeypatch.setattr(gate, "BURST", 0.0)  # each is too fast: refused before anything else
        await peer.send_to(submit("t2"))
        elsewhere = await heard(peer, "RUN_ERROR")
        await peer.send_to(submit("t1"))
        here = await heard(peer, "RUN_ERROR")
        monkeypatch.undo()

    assert "help" not in elsewhere["metadata"]["kindline"]
    assert here["metadata"]["kindline"]["help"]["reason"] == "model_down"


def test_a_repetition_says_the_level_again(db: None) -> None:
    person = User.objects.create(username="alice")
    sent = asking(person.pk, "concern")

    told = [operations.submit(submission=sent).level for _ in range(2)]

    assert told == ["concern", "concern"]
