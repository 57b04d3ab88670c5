from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from realtime.chat import agui
from tests.support.agui_check import check_event, check_message

QUESTION = agui.Message(id="m", role="user", content="hi")
EVENTS: list[agui.AguiEvent] = [
    agui.RunStarted(
        thread_id="t",
        run_id="r",
        protocol_version=agui.PROTOCOL_VERSION,
        input=agui.RunInput(
            thread_id="t", run_id="r", messages=[QUESTION], state={}, tools=[], context=[]
        ),
    ),
    agui.RunFinished(thread_id="t", run_id="r"),
    agui.RunFinished(thread_id="t", run_id="r", outcome={"type": "cancelled"}),
    agui.RunFinished(thread_id="t", run_id="r", usage=[{"inputTokens": 1, "outputTokens": 2}]),
    agui.RunError(message="no", code="internal", metadata={"kindline": {"retryable": True}}),
    agui.TextMessageStart(message_id="m", role="assistant"),
    agui.TextMessageContent(message_id="m", delta="a", metadata={"kindline": {"off": 0}}),
    agui.TextMessageEnd(message_id="m"),
    agui.ToolCallStart(tool_call_id="c", tool_call_name="find", parent_message_id="m"),
    agui.ToolCallArgs(tool_call_id="c", delta="{}"),
    agui.ToolCallEnd(tool_call_id="c"),
    agui.ToolCallResult(message_id="x", tool_call_id="c", content="{}", role="tool"),
    agui.MessagesSnapshot(messages=[QUESTION]),
    agui.Custom(name="kindline.help", value={"cardId": "c"}),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind)
def test_every_event_is_ag_ui_without_keys_of_our_own(event: agui.AguiEvent) -> None:
    check_event(json.loads(agui.encode(event)))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind)
def test_every_event_reads_back_as_it_was(event: agui.AguiEvent) -> None:
    assert agui.decode(agui.encode(event)) == event


def test_the_union_has_no_event_that_is_not_tested() -> None:
    assert {type(event) for event in EVENTS} == set(agui.AguiEvent.__args__)


def test_the_check_itself_refuses_an_unknown_key() -> None:
    with pytest.raises(AssertionError, match="seq"):
        check_event({"type": "TEXT_MESSAGE_END", "messageId": "m", "seq": 1})


def test_the_check_itself_refuses_an_unknown_event() -> None:
    with pytest.raises(ValidationError):
        check_event({"type": "TEXT_MESSAGE_EXPLODED"})


def test_messages_of_every_role_are_ag_ui() -> None:
    call = agui.tool_call(call_id="c", name="find", arguments="{}")
    for message in (
        QUESTION,
        agui.Message(id="a", role="assistant", content="x", tool_calls=[call]),
        agui.Message(id="t", role="tool", content="{}", tool_call_id="c", error="failed"),
    ):
        check_message(json.loads(agui.encode_message(message)))
