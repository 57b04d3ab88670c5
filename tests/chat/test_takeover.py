"""What a new owner makes of a log that somebody left."""

from __future__ import annotations

import pytest

from realtime.agent.model import AssistantMessage, ToolCall, ToolMessage
from realtime.agent.turn import OpenText
from realtime.chat import agui
from realtime.chat.takeover import Resumption, resumption
from realtime.chat.transcript import Transcript

ASKED = agui.Message(id="u", role="user", content="hi")
STARTED = agui.RunStarted(
    thread_id="t",
    run_id="r",
    protocol_version="1.0",
    input=agui.RunInput(
        thread_id="t", run_id="r", messages=[ASKED], state={}, tools=[], context=[]
    ),
)


def text(message_id: str, *, ends: bool = True) -> list[agui.AguiEvent]:
    begun: list[agui.AguiEvent] = [
        agui.TextMessageStart(message_id=message_id, role="assistant"),
        agui.TextMessageContent(message_id=message_id, delta="Words."),
    ]
    return [*begun, agui.TextMessageEnd(message_id=message_id)] if ends else begun


def call(call_id: str, message_id: str, *, ends: bool = True) -> list[agui.AguiEvent]:
    begun: list[agui.AguiEvent] = [
        agui.ToolCallStart(
            tool_call_id=call_id, tool_call_name="find", parent_message_id=message_id
        ),
        agui.ToolCallArgs(tool_call_id=call_id, delta="{}"),
    ]
    return [*begun, agui.ToolCallEnd(tool_call_id=call_id)] if ends else begun


def result(call_id: str) -> agui.AguiEvent:
    return agui.ToolCallResult(
        message_id=f"result of {call_id}", tool_call_id=call_id, content="[]", role="tool"
    )


def resumed(*events: agui.AguiEvent) -> Resumption:
    return resumption(Transcript().apply_all([STARTED, *events]), [ASKED])


def kinds(plan: Resumption) -> list[str]:
    return [event.kind for event in plan.closing]


def shown(plan: Resumption) -> list[str]:
    """Ids of the messages that the snapshot leaves."""
    snapshot = plan.closing[-1]
    assert isinstance(snapshot, agui.MessagesSnapshot)
    return [message.id for message in snapshot.messages]


@pytest.mark.parametrize("prefill", [False, True])
def test_a_run_that_said_nothing_begins_from_the_start(prefill: bool) -> None:
    transcript = Transcript().apply_all([STARTED])

    assert resumption(transcript, [ASKED], prefill=prefill) == Resumption((), (), ())


def test_open_text_is_closed_and_discarded() -> None:
    plan = resumed(*text("m1", ends=False))

    assert kinds(plan) == ["TEXT_MESSAGE_END", "MESSAGES_SNAPSHOT"]
    assert shown(plan) == ["u"]
    assert (plan.said, plan.pending) == ((), ())


def test_text_that_nothing_follows_is_discarded_too() -> None:
    assert kinds(resumed(*text("m1"))) == ["MESSAGES_SNAPSHOT"]


@pytest.mark.parametrize("answered", [True, False])
def test_a_call_whose_arguments_may_be_cut_is_discarded_with_its_round(answered: bool) -> None:
    first = [*call("c1", "m1"), *([result("c1")] if answered else [])]

    plan = resumed(*text("m1"), *first, *call("c2", "m1", ends=False))

    assert kinds(plan) == ["TOOL_CALL_END", "MESSAGES_SNAPSHOT"]
    assert shown(plan) == ["u"]
    assert plan.pending == ()


def test_a_whole_call_without_a_result_is_run_again_and_its_round_stays() -> None:
    plan = resumed(*text("m1"), *call("c1", "m1"))

    assert plan.closing == ()
    assert plan.pending == (ToolCall("c1", "find", "{}"),)
    assert plan.said == (AssistantMessage("Words.", plan.pending),)


def test_a_logged_result_stands() -> None:
    plan = resumed(*text("m1"), *call("c1", "m1"), *call("c2", "m1"), result("c1"))

    assert [pending.call_id for pending in plan.pending] == ["c2"]
    assert plan.said[-1] == ToolMessage("c1", "[]")


def test_only_the_last_round_is_discarded() -> None:
    plan = resumed(*text("m1"), *call("c1", "m1"), result("c1"), *text("m2", ends=False))

    assert shown(plan) == ["u", "m1", "result of c1"]
    assert len(plan.said) == 2


def test_text_beside_a_call_is_discarded_and_the_call_is_run() -> None:
    plan = resumed(*call("c1", "m1"), *text("m2", ends=False))

    assert shown(plan) == ["u", "m1"]
    assert [pending.call_id for pending in plan.pending] == ["c1"]


def test_an_open_text_may_be_gone_on_with() -> None:
    transcript = Transcript().apply_all([STARTED, *text("m1", ends=False)])

    plan = resumption(transcript, [ASKED], prefill=True)

    assert plan == Resumption((), (), (), OpenText("m1", "Words."))


@pytest.mark.parametrize(
    "unfinished",
    [text("m1"), [*text("m1"), *call("c1", "m1", ends=False)], text("m1", ends=False)[:1]],
    ids=["ended text", "open call", "no words yet"],
)
def test_what_is_no_open_text_is_discarded_all_the_same(unfinished: list[agui.AguiEvent]) -> None:
    transcript = Transcript().apply_all([STARTED, *unfinished])

    plan = resumption(transcript, [ASKED], prefill=True)

    assert plan.open_text is None
    assert shown(plan) == ["u"]


def test_what_was_discarded_is_no_part_of_the_transcript() -> None:
    transcript = Transcript().apply_all([STARTED, *text("m1", ends=False)])

    transcript.apply_all(resumption(transcript, [ASKED]).closing)
    transcript.apply_all(text("m2"))

    assert [message.client_msg_id for message in transcript.rows()] == ["m2"]


def test_a_plan_for_what_was_mended_already_mends_nothing() -> None:
    once = resumed(*call("c1", "m1"), result("c1"), *text("m2", ends=False))

    events = [*call("c1", "m1"), result("c1"), *text("m2", ends=False), *once.closing]

    assert resumed(*events) == Resumption((), once.said, ())
