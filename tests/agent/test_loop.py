"""The shell around the turn: rounds, tools, budgets, retries, cancellation."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import aclosing
from dataclasses import replace

import pytest

from realtime.agent.errors import (
    ContentFiltered,
    ModelBroken,
    ModelError,
    ModelMalformed,
    ModelRateLimited,
    ModelRefused,
    ModelTimeout,
    ModelUnavailable,
)
from realtime.agent.events import (
    Retrying,
    TextDelta,
    TextEnded,
    TextStarted,
    ToolArgumentsDelta,
    ToolCallStarted,
    ToolFinished,
    TurnBrokeOff,
    TurnEvent,
    TurnFailed,
    TurnFinished,
    Usage,
)
from realtime.agent.loop import TurnLimits
from realtime.agent.model import (
    AssistantMessage,
    ModelCallCompleted,
    ModelFinished,
    ModelText,
    ToolCall,
    ToolMessage,
    UserMessage,
)
from realtime.agent.testing import Gate, Reply, ScriptedModel, call, calls, says
from tests.agent.talk import QUICK, HeldTool, find, played, results, talk, text

GB = '{"country":"GB"}'
SOON = 0.02  # a budget that is meant to run out


def failed(error: type[ModelError]) -> TurnFailed:
    return TurnFailed(error.code, error.message, error.retryable)


def broke_off(error: type[ModelError]) -> TurnBrokeOff:
    return TurnBrokeOff(error.code, error.message)


async def test_an_answer_of_text_is_one_round() -> None:
    model = ScriptedModel(says("Hel", "lo", usage=Usage(3, 2)))

    events = await played(model)

    assert text(events) == "Hello"
    assert events[-1] == TurnFinished(Usage(3, 2))


async def test_the_model_gets_history_tools_and_identifier() -> None:
    model = ScriptedModel(says("Hi"))

    await played(model, find())

    [request] = model.requests
    assert request.messages == (UserMessage("Hello"),)
    assert [tool.name for tool in request.tools] == ["find"]
    assert request.safety_identifier == "abc123"


async def test_a_call_is_run_and_the_model_asked_again_with_its_result() -> None:
    model = ScriptedModel(calls(call("find", GB), before=["One moment."]), says("Here."))

    events = await played(model, find())

    [result] = results(events)
    assert (json.loads(result.content), result.ok) == ({"found": "GB"}, True)
    assert model.requests[1].messages[1:] == (
        AssistantMessage("One moment.", (ToolCall(result.call_id, "find", GB),)),
        ToolMessage(result.call_id, result.content),
    )
    assert text(events) == "One moment.Here."


async def test_a_call_runs_before_the_reply_ends() -> None:
    gate = Gate()
    model = ScriptedModel([*call("find", GB), gate, *says()], says("Here."))
    turn = talk(model, find())

    async for event in turn:
        if isinstance(event, ToolFinished):
            gate.opened.set()

    assert gate.reached.is_set()


async def test_what_the_model_is_told_is_looked_at_anew_for_each_request() -> None:
    told = [[UserMessage("with examples")], [UserMessage("without")]]
    model = ScriptedModel(calls(call("find", GB)), says("Here."))

    async for _ in talk(model, find(), history=lambda: told.pop(0)):
        pass

    assert [request.messages[0] for request in model.requests] == [
        UserMessage("with examples"), UserMessage("without"),
    ]  # fmt: skip


async def test_calls_of_one_reply_run_side_by_side() -> None:
    tool = HeldTool()
    first, second = call("find", GB, call_id="a"), call("wait", GB, call_id="b")
    model = ScriptedModel(calls(second, first), says("Here."))
    events: list[TurnEvent] = []

    async for event in talk(model, find(), replace(find(tool), name="wait")):
        events.append(event)
        if isinstance(event, ToolFinished):
            tool.go.set()

    assert [type(event) for event in events].count(ToolFinished) == 2
    names = {e.call_id: e.name for e in events if isinstance(e, ToolCallStarted)}
    assert [names[result.call_id] for result in results(events)] == ["find", "wait"]


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (call("find", '{"country":'), "invalid_arguments"),
        (call("find", '{"country":"Great Britain"}'), "invalid_arguments"),
        (call("nothing", "{}"), "unknown_tool"),
    ],
)
async def test_a_call_that_cannot_run_is_told_to_the_model(made: Reply, told: str) -> None:
    model = ScriptedModel(calls(list(made)), says("Sorry."))

    events = await played(model, find())

    [result] = results(events)
    assert (json.loads(result.content)["error"], result.ok) == (told, False)
    assert events[-1] == TurnFinished(None)


async def test_a_tool_that_hangs_is_told_to_the_model() -> None:
    tool = HeldTool()
    model = ScriptedModel(calls(call("find", GB)), says("Sorry."))

    events = await played(model, find(tool), limits=replace(QUICK, tool_s=SOON))

    assert json.loads(results(events)[0].content)["error"] == "timeout"
    assert events[-1] == TurnFinished(None)
    assert tool.cancelled


async def test_after_six_rounds_of_calls_a_last_one_has_no_tools() -> None:
    model = ScriptedModel(*[calls(call("find", GB)) for _ in range(6)], says("Enough."))

    events = await played(model, find())

    assert [len(request.tools) for request in model.requests] == [1] * 6 + [0]
    assert text(events) == "Enough."


async def test_a_model_that_only_ever_calls_ends_in_a_failure() -> None:
    model = ScriptedModel(*[calls(call("find", GB)) for _ in range(20)])

    events = await played(model, find())

    assert len(results(events)) == 6
    assert events[-1] == failed(ModelUnavailable)


@pytest.mark.parametrize("error", [ModelUnavailable, ModelMalformed, ModelTimeout])
async def test_a_failure_before_text_is_asked_again(error: type[ModelError]) -> None:
    model = ScriptedModel([error("x")], [error("x")], says("Hello"))

    events = await played(model)

    assert [e.attempt for e in events if isinstance(e, Retrying)] == [1, 2]
    assert text(events) == "Hello"


async def test_three_retries_are_enough() -> None:
    model = ScriptedModel(*[[ModelUnavailable("x")] for _ in range(9)])

    events = await played(model)

    assert [type(event) for event in events] == [Retrying, Retrying, Retrying, TurnFailed]
    assert len(model.requests) == 4


async def test_each_retry_waits_longer_but_never_without_bound() -> None:
    limits = TurnLimits(backoff_s=100, turn_s=10_000)
    turn = talk(ScriptedModel([ModelUnavailable("x")]), limits=limits)

    async with aclosing(turn):
        first = await anext(turn)

    assert isinstance(first, Retrying)
    assert 4 <= first.wait_s <= 12


async def test_retry_after_is_honoured() -> None:
    turn = talk(ScriptedModel([ModelRateLimited("429", retry_after_s=20)]))

    async with aclosing(turn):
        first = await anext(turn)

    assert isinstance(first, Retrying)
    assert 20 <= first.wait_s < 21


async def test_the_model_is_left_alone_until_the_wait_is_over() -> None:
    model = ScriptedModel([ModelRateLimited("429", retry_after_s=0.2)], says("Hello"))
    began = asyncio.get_running_loop().time()

    await played(model)

    assert asyncio.get_running_loop().time() - began >= 0.2


async def test_a_wait_longer_than_the_turn_fails_at_once() -> None:
    model = ScriptedModel([ModelRateLimited("429", retry_after_s=301)])

    assert await played(model) == [failed(ModelRateLimited)]


@pytest.mark.parametrize("error", [ModelRefused, ContentFiltered])
async def test_a_final_failure_is_not_asked_again(error: type[ModelError]) -> None:
    model = ScriptedModel([error("x")])

    assert await played(model) == [failed(error)]


async def test_a_failure_after_text_breaks_the_turn_off_and_closes_nothing() -> None:
    model = ScriptedModel([ModelText("Hel"), ModelUnavailable("cut")])

    events = await played(model)

    assert [type(event) for event in events] == [TextStarted, TextDelta, TurnBrokeOff]
    assert len(model.requests) == 1


async def test_a_failure_after_text_that_nothing_mends_closes_it_and_ends_the_turn() -> None:
    model = ScriptedModel([ModelText("Hel"), ContentFiltered("filtered")])

    events = await played(model)

    assert [type(event) for event in events][-2:] == [TextEnded, TurnFailed]


async def test_a_failure_in_a_call_leaves_it_open_and_never_runs_it() -> None:
    tool = HeldTool()
    begun = call("find", GB)[:-1]
    model = ScriptedModel([*begun, ModelUnavailable("cut")])

    events = await played(model, find(tool))

    assert [type(event) for event in events][-2:] == [ToolArgumentsDelta, TurnBrokeOff]
    assert not tool.began.is_set()


async def test_a_failure_while_a_tool_runs_cancels_it() -> None:
    tool = HeldTool()
    gate = Gate()
    model = ScriptedModel([*call("find", GB), gate, ModelUnavailable("cut")])
    playing = asyncio.create_task(played(model, find(tool)))
    await tool.began.wait()

    gate.opened.set()

    assert (await playing)[-1] == broke_off(ModelUnavailable)
    assert tool.cancelled


async def test_a_failure_in_the_second_round_may_be_asked_again() -> None:
    model = ScriptedModel(calls(call("find", GB)), [ModelUnavailable("x")], says("Here."))

    events = await played(model, find())

    assert len(results(events)) == 1
    assert text(events) == "Here."


async def test_an_empty_answer_is_asked_again_and_then_fails() -> None:
    model = ScriptedModel(*[says() for _ in range(4)])

    events = await played(model)

    assert [type(event) for event in events] == [Retrying, Retrying, Retrying, TurnFailed]
    assert events[-1] == failed(ModelUnavailable)


async def test_a_filtered_reply_ends_the_turn() -> None:
    model = ScriptedModel([ModelText("Well"), ModelFinished("content_filter", None)])

    events = await played(model)

    assert [type(event) for event in events][-2:] == [TextEnded, TurnFailed]
    assert events[-1] == failed(ContentFiltered)


async def test_a_stream_without_end_is_a_failure() -> None:
    model = ScriptedModel([ModelText("Hel")])

    assert (await played(model))[-1] == broke_off(ModelUnavailable)


async def test_what_comes_after_the_end_of_a_reply_is_not_heard() -> None:
    model = ScriptedModel([*says("Hi"), ModelText("more")])

    assert text(await played(model)) == "Hi"


async def test_what_comes_after_a_reply_of_calls_is_not_heard() -> None:
    model = ScriptedModel([*calls(call("find", GB)), ModelText("more")], says("Here."))

    assert text(await played(model, find())) == "Here."


async def test_a_model_that_breaks_its_port_breaks_the_turn_off() -> None:
    model = ScriptedModel([ModelText("Hi"), ModelCallCompleted("nobody")])

    assert (await played(model))[-1] == broke_off(ModelMalformed)


async def test_a_defect_of_the_adapter_fails_the_turn_and_quotes_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    model = ScriptedModel([ModelText("Hi"), KeyError("a secret sorrow")])

    events = await played(model)

    assert events[-1] == failed(ModelBroken)
    assert "KeyError" in caplog.text
    assert "sorrow" not in caplog.text


async def test_a_model_that_says_nothing_is_left_and_asked_again() -> None:
    silent = Gate()
    model = ScriptedModel([silent], says("Hello"))

    events = await played(model, limits=replace(QUICK, first_token_s=SOON))

    assert isinstance(events[0], Retrying)
    assert text(events) == "Hello"
    assert model.streaming == 0


async def test_a_model_that_falls_silent_breaks_the_turn_off() -> None:
    model = ScriptedModel([ModelText("Hel"), Gate()])

    async with asyncio.timeout(5):
        events = await played(model, limits=replace(QUICK, idle_s=SOON))

    assert events[-1] == broke_off(ModelTimeout)


async def test_a_tools_answer_gives_a_silent_model_no_more_time() -> None:
    model = ScriptedModel([*call("find", GB), Gate()])

    events = await played(model, find(), limits=replace(QUICK, idle_s=SOON))

    assert len(results(events)) == 1
    assert events[-1] == broke_off(ModelTimeout)


async def test_a_model_may_be_silent_while_its_tools_run() -> None:
    tool = HeldTool()
    model = ScriptedModel(calls(call("find", GB)), says("Here."))
    limits = replace(QUICK, idle_s=SOON, tool_s=SOON * 5)

    events = await played(model, find(tool), limits=limits)

    assert text(events) == "Here."


async def test_a_turn_has_a_budget_of_its_own() -> None:
    limits = replace(QUICK, turn_s=SOON)

    assert await played(ScriptedModel([Gate()]), limits=limits) == [failed(ModelTimeout)]


async def test_a_tool_gets_no_more_time_than_the_turn_has() -> None:
    tool = HeldTool()
    model = ScriptedModel(calls(call("find", GB)))

    async with asyncio.timeout(5):
        events = await played(model, find(tool), limits=replace(QUICK, turn_s=SOON))

    assert events[-1] == failed(ModelTimeout)
    assert tool.cancelled


async def test_a_slow_reader_slows_the_model() -> None:
    model = ScriptedModel([ModelText("x") for _ in range(10_000)])
    turn = talk(model)

    async with aclosing(turn):
        await anext(turn)
        for _ in range(1000):
            await asyncio.sleep(0)
        assert model.streaming == 1


async def test_ten_thousand_pieces_arrive_whole() -> None:
    pieces = [f"{number} " for number in range(10_000)]

    assert text(await played(ScriptedModel(says(*pieces)))) == "".join(pieces)


async def test_every_turn_ends_once_and_leaves_no_task() -> None:
    before = asyncio.all_tasks()
    model = ScriptedModel(calls(call("find", GB)), [ModelUnavailable("x")], says("Here."))

    events = await played(model, find())

    endings = [event for event in events if isinstance(event, TurnFinished | TurnFailed)]
    assert endings == events[-1:]
    assert asyncio.all_tasks() == before


async def test_a_failure_is_logged_with_its_cause(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        await played(ScriptedModel([ModelRefused("401 invalid_api_key")]))

    assert "ModelRefused: 401 invalid_api_key" in caplog.text
