from __future__ import annotations

import json
from typing import Any

import pytest

from realtime.agent.errors import (
    ContentFiltered,
    ModelError,
    ModelMalformed,
    ModelRateLimited,
    ModelRefused,
    ModelUnavailable,
)
from realtime.agent.events import Usage
from realtime.agent.model import (
    ModelCallArguments,
    ModelCallCompleted,
    ModelCallStarted,
    ModelEvent,
    ModelFinished,
    ModelRequest,
    ModelText,
)
from realtime.provider import responses
from realtime.provider.config import ProviderConfig
from tests.provider.test_chat import REQUEST

DONE = {"type": "response.completed", "response": {}}
ITEM = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "find"}
ADDED = {
    "type": "response.output_item.added",
    "output_index": 0,
    "item": {**ITEM, "arguments": ""},
}
WHOLE = {
    "type": "response.output_item.done",
    "output_index": 0,
    "item": {**ITEM, "arguments": "{}"},
}
CALL = [ModelCallStarted("0", "find"), ModelCallArguments("0", "{}"), ModelCallCompleted("0")]


def heard(*events: dict[str, Any]) -> list[ModelEvent]:
    reply = responses.Reply()
    said = [event for one in events for event in reply.receive(json.dumps(one).encode())]
    return [*said, *reply.end()]


def text(delta: str, **more: Any) -> dict[str, Any]:
    return {"type": "response.output_text.delta", "delta": delta, **more}


def failure(error: dict[str, str] | None) -> dict[str, Any]:
    return {"type": "response.failed", "response": {"error": error}}


def arguments(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": f"response.function_call_arguments.{kind}", "output_index": 0, **more}


def test_a_refusal_is_said_like_text() -> None:
    assert heard({"type": "response.refusal.delta", "delta": "No."}, DONE)[0] == ModelText("No.")


def test_two_messages_of_one_reply_are_two_paragraphs() -> None:
    first, more, second = (
        text("A", output_index=0),
        text("B", output_index=0),
        text("C", output_index=2),
    )

    assert heard(first, more, second, DONE)[:3] == [
        ModelText("A"),
        ModelText("B"),
        ModelText("\n\nC"),
    ]


def test_reasoning_and_unknown_events_are_passed_over() -> None:
    reasoning = {**ADDED, "item": {"type": "reasoning", "id": "rs_1"}}
    done = {**reasoning, "type": "response.output_item.done"}
    unknown = {"type": "response.brand_new", "delta": {"a": 1}}

    assert heard(reasoning, done, unknown, {}, DONE) == [ModelFinished("stop", None)]


def test_a_call_is_whole_with_its_arguments() -> None:
    events = heard(
        ADDED, arguments("delta", delta="{}"), arguments("done", arguments="{}"), WHOLE, DONE
    )

    assert events == [*CALL, ModelFinished("tool_calls", None)]


@pytest.mark.parametrize(
    "script",
    [
        [WHOLE],
        [ADDED, WHOLE],
        [ADDED, arguments("done", arguments="{}")],
        [ADDED, arguments("delta", delta="{}")],
        [{**WHOLE, "type": "response.output_item.added"}],
        [{**WHOLE, "type": "response.output_item.added"}, arguments("done", arguments="{}")],
        [ADDED, arguments("done", arguments="{}"), arguments("delta", delta="late")],
    ],
)
def test_a_call_may_come_with_fewer_events(script: list[dict[str, Any]]) -> None:
    assert heard(*script, DONE)[:-1] == CALL


def test_a_call_is_found_by_item_id_where_no_index_is_given() -> None:
    added = {"type": "response.output_item.added", "item": ITEM}
    delta = {**arguments("delta", delta="{}", item_id="fc_1"), "output_index": None}

    assert heard(added, delta, DONE)[:-1] == CALL


@pytest.mark.parametrize("kind", ["delta", "done"])
def test_arguments_of_no_known_call_are_passed_over(kind: str) -> None:
    assert heard(arguments(kind, delta="x", arguments="x"), DONE) == [ModelFinished("stop", None)]


def test_a_call_without_a_name_is_left_to_the_toolbox() -> None:
    nameless = {**ADDED, "item": {"type": "function_call"}}

    assert heard(nameless, DONE)[0] == ModelCallStarted("0", "")


def test_usage_comes_with_the_end() -> None:
    ended = {
        "type": "response.completed",
        "response": {"usage": {"input_tokens": 3, "output_tokens": 2}},
    }

    assert heard(ended) == [ModelFinished("stop", Usage(3, 2))]


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        ({"reason": "max_output_tokens"}, "length"),
        ({"reason": "content_filter"}, "content_filter"),
        (None, "length"),
    ],
)
def test_an_incomplete_reply_says_why(details: Any, reason: str) -> None:
    [finished] = heard(
        {"type": "response.incomplete", "response": {"incomplete_details": details}}
    )

    assert isinstance(finished, ModelFinished)
    assert finished.reason == reason


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (failure({"code": "server_error"}), ModelUnavailable),
        (failure({"code": "rate_limit_exceeded"}), ModelRateLimited),
        (failure({"code": "invalid_prompt"}), ContentFiltered),
        (failure(None), ModelUnavailable),
        ({"type": "error", "code": "insufficient_quota", "message": "x"}, ModelRefused),
        ({"type": "error", "error": {"type": "invalid_request_error"}}, ModelRefused),
        ({"type": "error"}, ModelUnavailable),
        ({"type": "response.output_text.delta"}, ModelMalformed),
        ({"type": "response.output_text.delta", "delta": 1}, ModelMalformed),
        ({"type": "response.created"}, ModelUnavailable),
    ],
)
def test_a_failure_becomes_ours(event: dict[str, Any], expected: type[ModelError]) -> None:
    with pytest.raises(ModelError) as caught:
        heard(event)

    assert type(caught.value) is expected


def test_the_request_says_all_that_was_said() -> None:
    asked = json.loads(responses.body(ProviderConfig("k"), REQUEST))

    assert asked["input"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hi"},
        {
            "type": "function_call",
            "call_id": "a",
            "name": "find",
            "arguments": '{"country": "GB"}',
        },
        {"type": "function_call_output", "call_id": "a", "output": "[]"},
        {"role": "assistant", "content": "Here."},
    ]


def test_the_request_streams_and_stores_nothing() -> None:
    config = ProviderConfig("k", model="small", reasoning_effort="low")
    asked = json.loads(responses.body(config, REQUEST))

    del asked["input"]
    assert asked == {
        "model": "small",
        "stream": True,
        "store": False,
        "safety_identifier": "abc123",
        "reasoning": {"effort": "low"},
        "tools": [
            {
                "type": "function",
                "name": "find",
                "description": "Find a line.",
                "parameters": {"type": "object"},
                "strict": False,
            }
        ],
    }


def test_a_request_without_tools_or_effort_names_neither() -> None:
    asked = json.loads(responses.body(ProviderConfig("k"), ModelRequest((), (), "abc123")))

    assert {"tools", "reasoning"}.isdisjoint(asked)
