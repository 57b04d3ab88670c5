"""A turn that is left at any moment leaves no task, stream or tool behind."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from realtime.agent.errors import ModelRateLimited, ModelUnavailable
from realtime.agent.model import ModelCallStarted, ModelText
from realtime.agent.testing import Gate, Reply, ScriptedModel, call, calls
from tests.agent.talk import HeldTool, find, played, talk

GB = '{"country":"GB"}'

pytestmark = pytest.mark.usefixtures("no_task_is_left")


@pytest.fixture
async def no_task_is_left() -> AsyncIterator[None]:
    yield
    mine = asyncio.current_task()  # pytest's own: each half of a fixture is a task
    assert [task for task in asyncio.all_tasks() if task is not mine] == []


def a_full_turn() -> ScriptedModel:
    return ScriptedModel(
        [ModelUnavailable("x")],
        calls(call("find", GB, call_id="a"), call("find", GB, call_id="b"), before=["One", "two"]),
        [ModelText("Here"), ModelUnavailable("cut")],
    )


async def test_a_turn_may_be_closed_after_any_event() -> None:
    length = len(await played(a_full_turn(), find()))

    for stop_after in range(length + 1):
        model = a_full_turn()
        async with aclosing(talk(model, find())) as turn:
            for _ in range(stop_after):
                await anext(turn)
        assert model.streaming == 0


async def test_a_turn_may_be_closed_before_it_began() -> None:
    await talk(ScriptedModel()).aclose()


@pytest.mark.parametrize(
    "before",
    [[], [ModelText("Hel")], [ModelCallStarted("c", "find")], call("find", GB)],
)
async def test_a_turn_may_be_cancelled_while_the_model_is_awaited(before: Reply) -> None:
    gate = Gate()
    model = ScriptedModel([*before, gate])
    playing = asyncio.create_task(played(model, find()))
    await gate.reached.wait()

    playing.cancel()

    with pytest.raises(asyncio.CancelledError):
        await playing
    assert model.streaming == 0


@pytest.mark.parametrize("reply", [calls(call("find", GB)), [*call("find", GB), Gate()]])
async def test_a_turn_may_be_cancelled_while_a_tool_runs(reply: Reply) -> None:
    tool = HeldTool()
    model = ScriptedModel(reply)
    playing = asyncio.create_task(played(model, find(tool)))
    await tool.began.wait()

    playing.cancel()

    with pytest.raises(asyncio.CancelledError):
        await playing
    assert tool.cancelled
    assert model.streaming == 0


async def test_a_turn_may_be_cancelled_while_it_waits_to_ask_again() -> None:
    model = ScriptedModel([ModelRateLimited("429", retry_after_s=60)])
    turn = talk(model)
    await anext(turn)
    waiting = asyncio.create_task(anext(turn))
    await asyncio.sleep(0)

    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_turn_may_be_closed_while_the_model_is_far_ahead() -> None:
    model = ScriptedModel([ModelText("x") for _ in range(1000)])
    turn = talk(model)
    await anext(turn)

    await turn.aclose()

    assert model.streaming == 0


async def test_leaving_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="realtime"):
        async with aclosing(talk(ScriptedModel([ModelText("Hi"), Gate()]))) as turn:
            await anext(turn)

    assert caplog.records == []


async def test_a_second_cancellation_while_leaving_is_harmless() -> None:
    tool = HeldTool()
    model = ScriptedModel([*call("find", GB), Gate()])
    playing = asyncio.create_task(played(model, find(tool)))
    await tool.began.wait()

    playing.cancel()
    await asyncio.sleep(0)
    playing.cancel()

    with pytest.raises(asyncio.CancelledError):
        await playing
    for _ in range(5):
        await asyncio.sleep(0)
    assert tool.cancelled
