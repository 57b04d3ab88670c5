"""A turn that goes on where another one broke off."""

from __future__ import annotations

from realtime.agent.errors import ModelUnavailable
from realtime.agent.events import TextDelta, TextEnded, TurnFinished
from realtime.agent.model import AssistantMessage, ChatMessage, ToolCall, ToolMessage, UserMessage
from realtime.agent.testing import ScriptedModel, call, calls, says
from realtime.agent.turn import OpenText
from tests.agent.talk import QUICK, HeldTool, find, played, results, talk, text

GB = '{"country": "GB"}'
MADE = ToolCall("c1", "find", GB)
SAID: list[ChatMessage] = [AssistantMessage("Let me look.", (MADE,))]


async def test_finished_rounds_stand_before_the_next_request() -> None:
    model = ScriptedModel(says("Here."))
    answer = ToolMessage("c1", "{}")

    events = [e async for e in talk(model, find(), said=[*SAID, answer])]

    assert model.requests[0].messages == (UserMessage("Hello"), *SAID, answer)
    assert text(events) == "Here."


async def test_calls_that_nobody_answered_are_run_before_the_model_is_asked() -> None:
    model = ScriptedModel(says("Here."))

    events = [e async for e in talk(model, find(), said=SAID, pending=[MADE])]

    [found] = results(events)
    assert (found.call_id, found.content, found.ok) == ("c1", '{"found": "GB"}', True)
    assert model.requests[0].messages[-1] == ToolMessage("c1", found.content)


async def test_a_call_whose_tool_hangs_is_answered_by_an_error() -> None:
    limits = type(QUICK)(backoff_s=0.001, tool_s=0.05)
    turn = talk(
        ScriptedModel(says("Well.")), find(HeldTool()), limits=limits, said=SAID, pending=[MADE]
    )

    [found] = results([e async for e in turn])

    assert not found.ok
    assert "timeout" in found.content


async def test_an_answer_stands_behind_its_call_though_text_came_between() -> None:
    model = ScriptedModel(says("Here."))
    answer, between = ToolMessage("c1", "{}"), AssistantMessage("Meanwhile.")

    _ = [e async for e in talk(model, find(), said=[*SAID, between, answer])]

    assert model.requests[0].messages[1:] == (*SAID, answer, between)


async def test_rounds_before_it_broke_off_count() -> None:
    limits = type(QUICK)(backoff_s=0.001, rounds=2)
    said = [*SAID, ToolMessage("c1", "{}")]
    model = ScriptedModel(calls(call("find", GB)), says("Enough."))

    events = [e async for e in talk(model, find(), limits=limits, said=said)]

    assert [bool(request.tools) for request in model.requests] == [True, False]
    assert text(events) == "Enough."


async def test_all_may_have_been_said_before_it_broke_off() -> None:
    said = [*SAID, ToolMessage("c1", "{}")]

    events = [e async for e in talk(ScriptedModel(says(" ")), find(), said=said)]

    assert isinstance(events[-1], TurnFinished)
    assert not any(isinstance(event, TextDelta) for event in events)


async def test_without_anything_said_a_turn_begins_from_the_start() -> None:
    model = ScriptedModel(says("Hi"))

    assert text(await played(model)) == "Hi"


async def test_an_open_text_is_gone_on_with_in_its_message() -> None:
    model = ScriptedModel(says(" and more."))

    events = [e async for e in talk(model, open_text=OpenText("m1", "Half"))]

    assert events == [TextDelta("m1", " and more."), TextEnded("m1"), TurnFinished(None)]
    assert model.requests[0].messages[-1] == AssistantMessage("Half")
    assert model.requests[0].continues


async def test_an_open_text_to_which_nothing_is_added_was_whole() -> None:
    events = [e async for e in talk(ScriptedModel(says()), open_text=OpenText("m1", "Whole."))]

    assert events == [TextEnded("m1"), TurnFinished(None)]


async def test_after_the_open_text_a_next_round_is_a_message_of_its_own() -> None:
    model = ScriptedModel(calls(call("find", GB), before=[" look."]), says("Here."))

    events = [e async for e in talk(model, find(), open_text=OpenText("m1", "Let me"))]

    made = model.requests[1].messages[1]
    assert isinstance(made, AssistantMessage)
    assert made.content == "Let me look."
    assert not model.requests[1].continues
    assert text(events) == " look.Here."


async def test_an_open_text_that_the_model_does_not_go_on_with_is_asked_for_again() -> None:
    model = ScriptedModel([ModelUnavailable("x")], says(" and more."))

    events = [e async for e in talk(model, open_text=OpenText("m1", "Half"))]

    assert [request.continues for request in model.requests] == [True, True]
    assert text(events) == " and more."
