"""Where servers that speak Chat Completions differ from each other."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    AssistantMessage,
    ModelCallArguments,
    ModelCallCompleted,
    ModelCallStarted,
    ModelEvent,
    ModelFinished,
    ModelRequest,
    ModelText,
    SystemMessage,
    ToolCall,
    ToolMessage,
    ToolSpec,
    UserMessage,
)
from realtime.provider import chat
from realtime.provider.calls import JsonObject
from realtime.provider.config import ProviderConfig

GB = '{"country": "GB"}'


def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def part(arguments: Any, *, name: str | None = "find", **more: Any) -> dict[str, Any]:
    function = {"arguments": arguments} | ({"name": name} if name else {})
    return chunk({"tool_calls": [{**more, "function": function}]})


def heard(*chunks: dict[str, Any], finish: str | None = "stop") -> list[ModelEvent]:
    reply = chat.Reply()
    data = [*chunks, chunk({}, finish)]
    events = [event for one in data for event in reply.receive(json.dumps(one).encode())]
    reply.receive(b"[DONE]")
    return [*events, *reply.end()]


def calls(events: list[ModelEvent]) -> list[tuple[str, str]]:
    """Return name and arguments of each call; every one must have been completed once."""
    begun = {e.call_id: e.name for e in events if isinstance(e, ModelCallStarted)}
    completed = [e.call_id for e in events if isinstance(e, ModelCallCompleted)]
    assert sorted(completed) == sorted(begun)
    pieces = [e for e in events if isinstance(e, ModelCallArguments)]
    return [(n, "".join(p.text for p in pieces if p.call_id == key)) for key, n in begun.items()]


def test_a_call_may_come_whole_in_one_chunk() -> None:
    assert calls(heard(part(GB, index=0, id="a"))) == [("find", GB)]


def test_a_call_may_come_without_an_index() -> None:
    events = heard(part('{"country":', id="a"), part('"GB"}', name=None))

    assert calls(events) == [("find", '{"country":"GB"}')]


def test_two_calls_may_come_without_indexes() -> None:
    assert len(calls(heard(part(GB, id="a"), part(GB, id="b")))) == 2


def test_two_calls_may_share_one_index() -> None:
    assert len(calls(heard(part(GB, index=0, id="a"), part(GB, index=0, id="b")))) == 2


def test_two_calls_may_come_without_ids() -> None:
    assert len(calls(heard(part(GB, index=0), part(GB, index=0)))) == 2


def test_a_name_may_be_repeated_with_every_piece() -> None:
    pieces = [part(piece, index=0, id="a") for piece in ('{"country":', '"GB"}')]

    assert calls(heard(*pieces)) == [("find", '{"country":"GB"}')]


def test_a_name_may_come_after_the_first_arguments() -> None:
    events = heard(part('{"country":', name=None, index=0, id="a"), part('"GB"}', index=0))

    assert calls(events) == [("find", '{"country":"GB"}')]


def test_pieces_of_two_calls_may_alternate() -> None:
    events = heard(
        part('{"country":', index=0, id="a"),
        part('{"country":', index=1, id="b"),
        part('"GB"}', name=None, index=0),
        part('"IE"}', name=None, index=1),
    )

    assert calls(events) == [("find", '{"country":"GB"}'), ("find", '{"country":"IE"}')]


def test_arguments_may_be_an_object() -> None:
    assert calls(heard(part({"country": "GB"}, index=0, id="a"))) == [("find", GB)]


def test_arguments_may_be_missing() -> None:
    assert calls(heard(part(None, index=0, id="a"))) == [("find", "")]
    assert calls(heard(chunk({"tool_calls": [{"index": 0, "function": {"name": "x"}}]})))


@pytest.mark.parametrize(("then", "meant"), [(GB, GB), ("", "{}"), (None, "{}")])
def test_an_empty_object_may_be_a_placeholder(then: str | None, meant: str) -> None:
    events = heard(part("{}", index=0, id="a"), part(then, name=None, index=0))

    assert calls(events) == [("find", meant)]


def test_a_copy_of_the_whole_call_at_the_end_is_not_heard() -> None:
    events = heard(part(GB, index=0, id="a"), part(GB, index=0, id="a"))

    assert calls(events) == [("find", GB)]


# Small values: what matters is where objects begin and end, and generating large ones takes long.
TEXT = st.text(max_size=12)
JSON = st.recursive(
    TEXT | st.integers(),
    lambda x: st.lists(x, max_size=3) | st.dictionaries(TEXT, x, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)  # a busy machine is no failure
@given(st.dictionaries(TEXT, JSON, max_size=4))
def test_arguments_are_whole_with_their_last_character_and_not_before(value: Any) -> None:
    written = json.dumps(value)
    scan = JsonObject()

    scan.feed(written[:-1])

    assert not scan.whole
    scan.feed(written[-1])
    assert scan.whole


def test_broken_arguments_are_whole_at_the_end_of_the_reply() -> None:
    assert calls(heard(part('{"country"', index=0, id="a"))) == [("find", '{"country"')]


def test_a_call_without_a_name_is_malformed() -> None:
    with pytest.raises(ModelMalformed, match="name"):
        heard(part(GB, name=None, index=0))


def test_arguments_without_end_are_malformed() -> None:
    with pytest.raises(ModelMalformed, match="without end"):
        heard(part("[" * 70_000, index=0))


def test_a_refusal_is_said_like_text() -> None:
    assert heard(chunk({"refusal": "I cannot."}))[0] == ModelText("I cannot.")


@pytest.mark.parametrize("empty", [{"choices": []}, {"choices": None}, {}, {"choices": [{}]}])
def test_a_chunk_may_say_nothing(empty: dict[str, Any]) -> None:
    assert heard(empty) == [ModelFinished("stop", None)]


def test_calls_may_end_with_stop() -> None:
    assert heard(part(GB, index=0))[-1] == ModelFinished("tool_calls", None)


def test_a_reply_may_end_by_done_alone() -> None:
    assert heard(chunk({"content": "Hi"}), finish=None)[-1] == ModelFinished("stop", None)


def test_a_reply_may_end_by_its_finish_reason_alone() -> None:
    reply = chat.Reply()
    reply.receive(json.dumps(chunk({"content": "Hi"}, "length")).encode())

    assert reply.end() == [ModelFinished("length", None)]


def test_a_finish_reason_of_error_is_a_failure() -> None:
    with pytest.raises(ModelUnavailable):
        heard(finish="error")


def test_usage_may_come_with_any_chunk() -> None:
    usage = {"usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}}

    assert heard(usage | chunk({"content": "Hi"}))[-1] == ModelFinished("stop", Usage(3, 2))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("out of memory", ModelUnavailable),
        ({"message": "busy", "code": 502}, ModelUnavailable),
        ({"message": "slow down", "code": 429}, ModelRateLimited),
        ({"message": "no", "type": "invalid_request_error"}, ModelRefused),
        ({"message": "no", "code": "content_filter"}, ContentFiltered),
        ({}, ModelUnavailable),
    ],
)
def test_an_error_in_mid_stream_becomes_ours(error: Any, expected: type[ModelError]) -> None:
    with pytest.raises(ModelError) as caught:
        heard({"error": error})

    assert type(caught.value) is expected


REQUEST = ModelRequest(
    messages=(
        SystemMessage("Be kind."),
        UserMessage("Hi"),
        AssistantMessage("", (ToolCall("a", "find", GB),)),
        ToolMessage("a", "[]"),
        AssistantMessage("Here."),
    ),
    tools=(ToolSpec("find", "Find a line.", {"type": "object"}),),
    safety_identifier="abc123",
)
OLLAMA = ProviderConfig("", "http://localhost:11434/v1", "llama", reasoning_effort="none")


def test_the_request_says_all_that_was_said() -> None:
    asked = json.loads(chat.body(OLLAMA, REQUEST))

    made = {"id": "a", "type": "function", "function": {"name": "find", "arguments": GB}}
    assert asked["messages"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": None, "tool_calls": [made]},
        {"role": "tool", "tool_call_id": "a", "content": "[]"},
        {"role": "assistant", "content": "Here."},
    ]


def test_the_request_streams_counts_and_stores_nothing() -> None:
    asked = json.loads(chat.body(OLLAMA, REQUEST))

    function = {"name": "find", "description": "Find a line.", "parameters": {"type": "object"}}
    del asked["messages"]
    assert asked == {
        "model": "llama",
        "stream": True,
        "stream_options": {"include_usage": True},
        "store": False,
        "safety_identifier": "abc123",
        "reasoning_effort": "none",
        "tools": [{"type": "function", "function": function}],
    }


def test_a_request_without_tools_or_effort_names_neither() -> None:
    asked = json.loads(chat.body(ProviderConfig("k"), ModelRequest((), (), "abc123")))

    assert {"tools", "reasoning_effort"}.isdisjoint(asked)


@pytest.mark.parametrize(
    ("prefill", "asked", "marked"), [("continue", True, None), ("prefix", None, True)]
)
def test_a_begun_reply_is_gone_on_with_as_the_server_wants_it(
    prefill: Literal["continue", "prefix"], asked: bool | None, marked: bool | None
) -> None:
    begun = (UserMessage("Hi"), AssistantMessage("Half"))
    request = ModelRequest(begun, (), "x", continues=True)

    body = json.loads(chat.body(ProviderConfig(api_key="k", prefill=prefill), request))

    assert body.get("continue_final_message") is asked
    assert body["messages"][-1].get("prefix") is marked
