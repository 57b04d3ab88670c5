from __future__ import annotations

import json

from realtime.agent.history import answerable
from realtime.agent.model import (
    AssistantMessage,
    ChatMessage,
    SystemMessage,
    ToolCall,
    ToolMessage,
    UserMessage,
)

ASKED = AssistantMessage("", (ToolCall("a", "find", "{}"), ToolCall("b", "find", "{}")))


def test_a_sound_history_stays_as_it_is() -> None:
    history: list[ChatMessage] = [
        SystemMessage("Be kind."),
        UserMessage("Hello"),
        ASKED,
        ToolMessage("a", "1"),
        ToolMessage("b", "2"),
        AssistantMessage("Here."),
    ]

    assert list(answerable(history)) == history


def test_an_answer_moves_right_behind_its_call() -> None:
    said = AssistantMessage("While I look ...")

    mended = list(answerable([ASKED, said, ToolMessage("b", "2"), ToolMessage("a", "1")]))

    assert mended == [ASKED, ToolMessage("a", "1"), ToolMessage("b", "2"), said]


def test_a_call_without_answer_gets_one() -> None:
    _, first, second = answerable([ASKED, ToolMessage("b", "2")])

    assert isinstance(first, ToolMessage)
    assert json.loads(first.content)["error"] == "interrupted"
    assert second == ToolMessage("b", "2")


def test_an_answer_without_call_is_left_out() -> None:
    assert list(answerable([ToolMessage("x", "1"), UserMessage("Hi")])) == [UserMessage("Hi")]


def test_a_message_that_says_nothing_is_left_out() -> None:
    assert list(answerable([AssistantMessage(""), UserMessage("Hi")])) == [UserMessage("Hi")]
