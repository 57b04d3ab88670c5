"""Every way an upstream can behave, through real HTTP, on both wires."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

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
    SystemMessage,
    ToolSpec,
    UserMessage,
)
from realtime.provider.client import OpenAIModel, ProviderConfig
from realtime.provider.config import Wire
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
from tests.support.openai_server import OpenAIServer, ThreadedOpenAIServer

REQUEST = ModelRequest(
    messages=(SystemMessage("Be kind."), UserMessage("Hello")),
    tools=(ToolSpec("find", "Find a line.", {"type": "object", "properties": {}}),),
    safety_identifier="abc123",
)
FIND_GB = Call("find", '{"country": "GB"}', id="call_gb")
FIND_IE = Call("find", '{"country": "IE"}', id="call_ie")


async def heard(model: OpenAIModel) -> list[ModelEvent]:
    return [event async for event in model.stream(REQUEST)]


def text(events: list[ModelEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, ModelText))


def arguments(events: list[ModelEvent]) -> list[str]:
    """Return the arguments of each call, in the order in which they began."""
    begun = [event.call_id for event in events if isinstance(event, ModelCallStarted)]
    pieces = [event for event in events if isinstance(event, ModelCallArguments)]
    return ["".join(p.text for p in pieces if p.call_id == call_id) for call_id in begun]


async def test_text_comes_piece_by_piece_and_ends_with_usage(
    server: OpenAIServer, model: OpenAIModel
) -> None:
    server.play(says("Hel", "lo"))

    events = await heard(model)

    assert events == [ModelText("Hel"), ModelText("lo"), ModelFinished("stop", Usage(10, 5))]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
async def test_bytes_may_be_cut_anywhere(
    server: OpenAIServer, model: OpenAIModel, size: int
) -> None:
    said = "Grüße, 你好 👩‍👩‍👧 \u2028 end"
    server.play(says(said, FIND_GB).chopped(size))

    events = await heard(model)

    assert text(events) == said
    assert arguments(events) == [FIND_GB.arguments]


async def test_a_call_is_whole_before_the_reply_ends(
    server: OpenAIServer, model: OpenAIModel
) -> None:
    gate = Gate()
    server.play(says("One moment.", FIND_GB, gate, FIND_IE))
    completed = 0

    async with aclosing(model.stream(REQUEST)) as events:
        async for event in events:
            if isinstance(event, ModelCallCompleted):
                completed += 1
                gate.open()

    assert completed == 2


async def test_two_calls_in_one_reply_are_told_apart(
    server: OpenAIServer, model: OpenAIModel
) -> None:
    server.play(says(FIND_GB, FIND_IE))

    events = await heard(model)

    assert arguments(events) == [FIND_GB.arguments, FIND_IE.arguments]
    assert events[-1] == ModelFinished("tool_calls", Usage(10, 5))


async def test_two_calls_with_one_id_are_told_apart(
    server: OpenAIServer, model: OpenAIModel
) -> None:
    server.play(says(FIND_GB, Call("find", '{"country": "FR"}', id=FIND_GB.id)))

    events = await heard(model)

    assert arguments(events) == [FIND_GB.arguments, '{"country": "FR"}']


ENDS: dict[Wire, bytes] = {
    "chat": b"data: [DONE]",
    "responses": b'data: {"type": "response.completed", "response": {}}',
}


async def test_the_last_blank_line_may_be_missing(
    server: OpenAIServer, model: OpenAIModel, wire: Wire
) -> None:
    server.play(breaks("Hello", Raw(ENDS[wire])))

    assert await heard(model) == [ModelText("Hello"), ModelFinished("stop", None)]


async def test_a_reply_is_over_with_its_end_though_the_connection_stays(
    server: OpenAIServer, model: OpenAIModel, wire: Wire
) -> None:
    server.play(breaks("Hello", Raw(ENDS[wire] + b"\n\n"), Stall()))

    async with asyncio.timeout(5):
        assert await heard(model) == [ModelText("Hello"), ModelFinished("stop", None)]


async def test_a_reply_that_grew_too_long_says_so(
    server: OpenAIServer, model: OpenAIModel
) -> None:
    server.play(says("And so on").cut_short("length"))

    events = await heard(model)

    assert events[-1] == ModelFinished("length", Usage(10, 5))


async def test_an_empty_answer_is_only_its_end(server: OpenAIServer, model: OpenAIModel) -> None:
    server.play(says())

    assert await heard(model) == [ModelFinished("stop", Usage(10, 5))]


async def test_a_filtered_reply_says_so(server: OpenAIServer, model: OpenAIModel) -> None:
    server.play(says("Well").cut_short("content_filter"))

    events = await heard(model)

    assert events[-1] == ModelFinished("content_filter", Usage(10, 5))


FAILURES: list[tuple[str, Scenario, type[ModelError]]] = [
    ("unauthorised", refuses(401, code="invalid_api_key"), ModelRefused),
    ("wrong request", refuses(400), ModelRefused),
    ("unknown model", refuses(404, code="model_not_found"), ModelRefused),
    ("filtered request", refuses(400, code="content_policy_violation"), ContentFiltered),
    ("rate limit", refuses(429), ModelRateLimited),
    ("empty account", refuses(429, code="insufficient_quota"), ModelRefused),
    ("server error", refuses(500), ModelUnavailable),
    ("overload", refuses(503), ModelUnavailable),
    ("cut at once", breaks(Cut()), ModelUnavailable),
    ("cut after text", breaks("Hel", Cut()), ModelUnavailable),
    ("cut in a line", breaks("Hel", Raw(b'data: {"cho'), Cut()), ModelUnavailable),
    ("ended in a line", breaks("Hel", Raw(b'data: {"cho')), ModelUnavailable),
    ("missing end", breaks("Hel", "lo"), ModelUnavailable),
    ("no event at all", breaks(), ModelUnavailable),
    ("a page instead", breaks(Raw(b"<html>\n\n<p>Sorry</p>\n\n")), ModelUnavailable),
    ("malformed chunk", says("Hel", Raw(b"data: {oops\n\n"), "lo"), ModelMalformed),
    ("a list for a chunk", says(Raw(b"data: [1]\n\n")), ModelMalformed),
    ("deep nesting", says(Raw(b"data: " + b"[" * 100_000 + b"\n\n")), ModelMalformed),
    ("a line without end", says(Raw(b"x" * 3_000_000)), ModelMalformed),
]


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [pytest.param(scenario, error, id=name) for name, scenario, error in FAILURES],
)
async def test_a_failure_becomes_our_error(
    server: OpenAIServer, model: OpenAIModel, scenario: Scenario, expected: type[ModelError]
) -> None:
    server.play(scenario)

    with pytest.raises(ModelError) as caught:
        await heard(model)

    assert type(caught.value) is expected


async def test_text_before_a_cut_is_still_heard(server: OpenAIServer, model: OpenAIModel) -> None:
    server.play(breaks("Hel", "lo", Cut()))
    stream = model.stream(REQUEST)

    assert [await anext(stream), await anext(stream)] == [ModelText("Hel"), ModelText("lo")]
    with pytest.raises(ModelUnavailable):
        await anext(stream)


async def test_no_error_quotes_what_the_vendor_said(
    server: OpenAIServer, model: OpenAIModel
) -> None:
    server.play(refuses(400, message="Invalid: 'my secret sorrow'"))

    with pytest.raises(ModelRefused) as caught:
        await heard(model)

    assert "sorrow" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert "sorrow" in caught.value.upstream_said


async def test_retry_after_is_passed_on(server: OpenAIServer, model: OpenAIModel) -> None:
    server.play(refuses(429, retry_after="7"))

    with pytest.raises(ModelRateLimited) as caught:
        await heard(model)

    assert caught.value.retry_after_s == 7


async def test_the_refusal_of_tools_with_reasoning_names_its_cure(
    server: OpenAIServer, model: OpenAIModel
) -> None:
    server.play(REASONING_WITH_TOOLS)

    with pytest.raises(ModelRefused, match="OPENAI_WIRE=responses") as caught:
        await heard(model)

    assert "OPENAI_REASONING_EFFORT=none" in str(caught.value)


async def test_a_closed_port_is_an_unavailable_model(unused_tcp_port: int) -> None:
    model = OpenAIModel(ProviderConfig("key", f"http://127.0.0.1:{unused_tcp_port}/v1"))

    with pytest.raises(ModelUnavailable):
        await heard(model)

    await model.close()


@pytest.mark.parametrize("before", [(), ("Hel",)])
async def test_a_stalled_reply_can_be_left(
    server: OpenAIServer, model: OpenAIModel, before: tuple[str, ...]
) -> None:
    gate = Gate()
    server.play(breaks(*before, gate))
    listening = asyncio.create_task(heard(model))
    await gate.reached()

    listening.cancel()

    with pytest.raises(asyncio.CancelledError):
        await listening


async def test_closing_the_stream_closes_the_connection(
    server: OpenAIServer, model: OpenAIModel
) -> None:
    gate = Gate()
    server.play(breaks("Hel", gate, *["lo" * 10_000] * 100), says("Again"))

    async with aclosing(model.stream(REQUEST)) as events:
        await anext(events)
    gate.open()

    assert text(await heard(model)) == "Again"


async def test_ten_thousand_tokens_at_once_arrive_whole(
    server: OpenAIServer, model: OpenAIModel
) -> None:
    tokens = [f"{number} " for number in range(10_000)]
    server.play(says(*tokens))

    events = await heard(model)

    assert text(events) == "".join(tokens)


async def test_one_model_serves_many_replies_at_once(
    server: OpenAIServer, model: OpenAIModel
) -> None:
    server.play(*[says("Hel", "lo", FIND_GB)] * 50)

    replies = await asyncio.gather(*(heard(model) for _ in range(50)))

    assert {text(reply) for reply in replies} == {"Hello"}


def test_one_model_serves_one_loop_after_another() -> None:
    async def ask() -> str:
        said = text(await heard(model))
        await model.close()
        return said

    with ThreadedOpenAIServer(otherwise=says("Hello")) as server:
        model = OpenAIModel(ProviderConfig("key", server.base_url))

        assert [asyncio.run(ask()), asyncio.run(ask())] == ["Hello", "Hello"]


async def test_the_key_travels_as_bearer(server: OpenAIServer, model: OpenAIModel) -> None:
    server.play(says("Hello"))

    await heard(model)

    assert server.requests[0].headers["Authorization"] == "Bearer key"
