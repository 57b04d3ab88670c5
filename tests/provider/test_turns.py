"""Every way an upstream can behave, through a whole turn: each ends in a defined way."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from realtime.agent.errors import (
    ContentFiltered,
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
    ToolFinished,
    TurnBrokeOff,
    TurnFailed,
    TurnFinished,
    Usage,
)
from realtime.agent.loop import TurnLimits
from realtime.provider.client import OpenAIModel
from realtime.provider.config import Wire
from tests.agent.talk import QUICK, find, played, results, talk, text
from tests.support.openai_scenarios import (
    REASONING_WITH_TOOLS,
    Call,
    Cut,
    Gate,
    Raw,
    Scenario,
    Stall,
    breaks,
    refuses,
    says,
)
from tests.support.openai_server import OpenAIServer

GB = Call("find", '{"country": "GB"}')
SOON = replace(QUICK, first_token_s=0.5, idle_s=0.5)
HELLO = says("Hel", "lo")
MALFORMED = Raw(b"data: {oops\n\n")


def patience_with(scenario: Scenario) -> TurnLimits:
    """Be short with what hangs only: a busy machine is no stall."""
    return SOON if any(isinstance(part, Stall) for part in scenario.parts) else QUICK


def failed(error: type[ModelError]) -> TurnFailed:
    return TurnFailed(error.code, error.message, error.retryable)


RECOVERS: list[tuple[str, Scenario]] = [
    ("429", refuses(429, retry_after="0")),
    ("500", refuses(500)),
    ("503", refuses(503, retry_after="0")),
    ("cut", breaks(Cut())),
    ("stall", breaks(Stall())),
    ("malformed", says(MALFORMED)),
    ("missing end", breaks()),
    ("empty", says()),
]


@pytest.mark.parametrize("bad", [pytest.param(bad, id=name) for name, bad in RECOVERS])
async def test_trouble_before_text_is_hidden_by_asking_again(
    server: OpenAIServer, model: OpenAIModel, bad: Scenario
) -> None:
    server.play(bad, HELLO)

    events = await played(model, limits=patience_with(bad))

    assert isinstance(events[0], Retrying)
    assert text(events) == "Hello"
    assert isinstance(events[-1], TurnFinished)


@pytest.mark.parametrize("bad", [pytest.param(bad, id=name) for name, bad in RECOVERS])
async def test_trouble_that_stays_ends_the_turn(
    server: OpenAIServer, model: OpenAIModel, bad: Scenario
) -> None:
    server.play(*[bad] * 4)

    events = await played(model, limits=patience_with(bad))

    assert [type(event) for event in events] == [Retrying, Retrying, Retrying, TurnFailed]


FINAL: list[tuple[str, Scenario, type[ModelError]]] = [
    ("401", refuses(401), ModelRefused),
    ("400", refuses(400), ModelRefused),
    ("tools with reasoning", REASONING_WITH_TOOLS, ModelRefused),
    ("filter", refuses(400, code="content_filter"), ContentFiltered),
    ("a long Retry-After", refuses(429, retry_after="3600"), ModelRateLimited),
    ("filter after text", says("Hel").cut_short("content_filter"), ContentFiltered),
]
BREAKS_OFF: list[tuple[str, Scenario, type[ModelError]]] = [
    ("cut after text", breaks("Hel", Cut()), ModelUnavailable),
    ("missing end after text", breaks("Hel"), ModelUnavailable),
    ("stall after text", breaks("Hel", Stall()), ModelTimeout),
    ("malformed after text", says("Hel", MALFORMED), ModelMalformed),
    ("cut in a call", breaks(Call("find", '{"country'), Cut()), ModelUnavailable),
]


@pytest.mark.parametrize(
    ("bad", "error"), [pytest.param(bad, error, id=name) for name, bad, error in FINAL]
)
async def test_trouble_that_cannot_be_hidden_ends_the_turn_at_once(
    server: OpenAIServer, model: OpenAIModel, bad: Scenario, error: type[ModelError]
) -> None:
    server.play(bad)

    events = await played(model, find(), limits=patience_with(bad))

    assert events[-1] == failed(error)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("bad", "error"), [pytest.param(bad, error, id=name) for name, bad, error in BREAKS_OFF]
)
async def test_trouble_after_visible_words_breaks_the_turn_off(
    server: OpenAIServer, model: OpenAIModel, bad: Scenario, error: type[ModelError]
) -> None:
    server.play(bad)

    events = await played(model, find(), limits=patience_with(bad))

    assert events[-1] == TurnBrokeOff(error.code, error.message)
    assert len(server.requests) == 1


async def test_a_call_in_mid_reply_is_answered_and_the_reply_goes_on(
    server: OpenAIServer, model: OpenAIModel
) -> None:
    server.play(says("One moment.", GB), says("Here you are."))

    events = await played(model, find())

    assert [json.loads(result.content) for result in results(events)] == [{"found": "GB"}]
    assert text(events) == "One moment.Here you are."
    assert events[-1] == TurnFinished(Usage(20, 10))


async def test_a_call_is_answered_while_the_reply_still_streams(
    server: OpenAIServer, model: OpenAIModel
) -> None:
    gate = Gate()
    server.play(says(GB, gate), says("Here."))
    answered = False

    async for event in talk(model, find(), limits=SOON):
        if isinstance(event, ToolFinished):
            gate.open()
            answered = True

    assert answered


async def test_the_next_request_holds_the_calls_and_their_results(
    server: OpenAIServer, model: OpenAIModel, wire: Wire
) -> None:
    server.play(says("One moment.", GB, replace(GB, id="call_2")), says("Here."))

    await played(model, find())

    said = server.requests[1].body["messages" if wire == "chat" else "input"]
    if wire == "chat":
        assert [m["role"] for m in said] == ["user", "assistant", "tool", "tool"]
        made = [call["id"] for call in said[1]["tool_calls"]]
        assert made == [m["tool_call_id"] for m in said[2:]]
    else:
        assert [m.get("type", m.get("role")) for m in said] == [
            "user",
            "assistant",
            "function_call",
            "function_call",
            "function_call_output",
            "function_call_output",
        ]
        assert [m["call_id"] for m in said[2:4]] == [m["call_id"] for m in said[4:]]


async def test_calls_with_one_id_have_one_result_each(
    server: OpenAIServer, model: OpenAIModel
) -> None:
    server.play(says(GB, GB), says(GB), says("Here."))

    events = await played(model, find())

    ids = [result.call_id for result in results(events)]
    assert len(ids) == len(set(ids)) == 3


async def test_twenty_rounds_of_calls_end_after_six(
    server: OpenAIServer, model: OpenAIModel
) -> None:
    server.play(*[says(GB)] * 6, says("Enough."))

    events = await played(model, find())

    assert ["tools" in request.body for request in server.requests] == [True] * 6 + [False]
    assert text(events) == "Enough."


@pytest.mark.parametrize("bad", [rb"\u0000", rb"\ud83d", b"\xff", b"\x00"])
async def test_characters_postgres_refuses_become_u_fffd(
    server: OpenAIServer, model: OpenAIModel, wire: Wire, bad: bytes
) -> None:
    chunk = {
        "chat": b'data: {"choices":[{"delta":{"content":"a%b"}}]}\n\n',
        "responses": b'data: {"type":"response.output_text.delta","delta":"a%b"}\n\n',
    }[wire]
    server.play(says(Raw(chunk.replace(b"%b", bad)), "c"))

    events = await played(model)

    assert text(events) == "a\ufffdc"


async def test_a_turn_left_in_mid_reply_ends_the_request(
    server: OpenAIServer, model: OpenAIModel
) -> None:
    server.play(breaks("Hel", Stall()))
    turn = talk(model)

    async for event in turn:
        if isinstance(event, TextDelta):
            break
    await turn.aclose()

    await asyncio.wait_for(server.left_alone(), 5)


async def test_ten_thousand_tokens_pass_through_a_turn(
    server: OpenAIServer, model: OpenAIModel
) -> None:
    tokens = [f"{number} " for number in range(10_000)]
    server.play(says(*tokens))

    assert text(await played(model)) == "".join(tokens)
