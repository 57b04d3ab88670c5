from __future__ import annotations

from realtime.chat import agui
from realtime.chat.transcript import Transcript

START = agui.TextMessageStart(message_id="m", role="assistant")
HELLO = agui.TextMessageContent(message_id="m", delta="Hello ")
WORLD = agui.TextMessageContent(message_id="m", delta="world")
END = agui.TextMessageEnd(message_id="m")
CALL = agui.ToolCallStart(tool_call_id="c", tool_call_name="find", parent_message_id="m")
ARGS = agui.ToolCallArgs(tool_call_id="c", delta="{}")
CALL_END = agui.ToolCallEnd(tool_call_id="c")
RESULT = agui.ToolCallResult(message_id="r", tool_call_id="c", content="lines", role="tool")


def test_deltas_become_one_text_part() -> None:
    [message] = Transcript().apply_all([START, HELLO, WORLD, END]).rows()

    assert message.parts == [{"type": "text", "text": "Hello world"}]
    assert message.complete


def test_a_call_joins_the_message_it_belongs_to_and_its_result_is_a_message() -> None:
    rows = Transcript().apply_all([START, HELLO, END, CALL, ARGS, CALL_END, RESULT]).rows()

    assert [row.role for row in rows] == ["assistant", "tool"]
    assert rows[0].parts[1] == {
        "type": "tool_call",
        "id": "c",
        "name": "find",
        "arguments": "{}",
    }
    assert rows[1].parts == [
        {"type": "tool_result", "toolCallId": "c", "content": "lines", "ok": True}
    ]


def test_an_error_told_to_the_model_is_kept_as_one() -> None:
    failed = agui.ToolCallResult(
        message_id="r",
        tool_call_id="c",
        content="{}",
        role="tool",
        metadata={"kindline": {"error": True}},
    )

    rows = Transcript().apply_all([CALL, CALL_END, failed]).rows()

    assert rows[1].parts[0]["ok"] is False


def test_closing_events_name_what_is_open() -> None:
    transcript = Transcript().apply_all([START, HELLO, CALL, ARGS])

    assert transcript.closing_events() == [END, CALL_END]


def test_a_cut_keeps_the_words_and_marks_the_message_partial() -> None:
    [message] = Transcript().apply_all([START, HELLO]).cut().rows()

    assert message.parts == [{"type": "text", "text": "Hello "}]
    assert not message.complete


def test_a_call_without_its_result_is_partial_after_a_cut() -> None:
    [message] = Transcript().apply_all([CALL, ARGS, CALL_END]).cut().rows()

    assert not message.complete


def test_a_last_message_that_nothing_follows_is_partial_after_a_cut() -> None:
    [message] = Transcript().apply_all([START, HELLO, END]).cut().rows()

    assert not message.complete


def test_a_round_that_was_answered_stays_complete_after_a_cut() -> None:
    transcript = Transcript().apply_all([START, HELLO, END, CALL, ARGS, CALL_END, RESULT])

    assert all(message.complete for message in transcript.cut().rows())


def test_cutting_twice_changes_nothing() -> None:
    transcript = Transcript().apply_all([START, HELLO, END, CALL, ARGS, CALL_END, RESULT])

    once = [(m.parts, m.complete) for m in transcript.cut().rows()]
    twice = [(m.parts, m.complete) for m in transcript.cut().rows()]

    assert once == twice
    assert all(complete for _, complete in once)


def test_a_message_without_words_or_calls_is_not_kept() -> None:
    assert Transcript().apply_all([START, END]).rows() == []
