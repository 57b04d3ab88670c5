from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from realtime.provider.config import ProviderConfig, Wire
from realtime.provider.probe import ProbeReport, probe
from tests.support.openai_scenarios import (
    REASONING_WITH_TOOLS,
    Call,
    Raw,
    Scenario,
    breaks,
    refuses,
    says,
    sse,
)
from tests.support.openai_server import OpenAIServer

CALL = says(Call("word_of_the_day", '{"topic": "birds"}'))
ANSWER = says("The word ", "is kestrel.")


async def probed(server: OpenAIServer, wire: Wire, *played: Scenario) -> ProbeReport:
    server.play(*played)
    return await probe(ProviderConfig("key", server.base_url, "stand-in", wire))


async def test_a_model_that_does_it_all_can_answer(server: OpenAIServer, wire: Wire) -> None:
    report = await probed(server, wire, CALL, ANSWER)

    assert report.ok
    assert report.lines()[0].startswith("stand-in at 127.0.0.1:")
    assert {line[:4] for line in report.lines()[1:-1]} == {"ok  "}
    assert report.lines()[-1] == "This model can answer."


@pytest.mark.parametrize(
    ("played", "line"),
    [
        ([refuses(401, message="Bad key.")], ": 401 error - Error code: 401 - Bad key."),
        ([REASONING_WITH_TOOLS], "set OPENAI_WIRE=responses, or OPENAI_REASONING_EFFORT=none"),
        ([says("It is ", "kestrel.")], "FAIL  calls a tool: it answered without the tool"),
        ([CALL, says("It is ", "owl.")], "its answer leaves the word out"),
        ([CALL, says("It is kestrel.")], "it came as one piece"),
        (
            [CALL, breaks("It is ", "kestrel.")],
            "FAIL  ends its reply properly: the stream was cut",
        ),
        (
            [says(Call("word_of_the_day", '{"topic"')), ANSWER],
            "FAIL  writes arguments that can be read: {",
        ),
    ],
)
async def test_what_fails_is_said_in_plain_words(
    server: OpenAIServer, wire: Wire, played: list[Scenario], line: str
) -> None:
    report = await probed(server, wire, *played)

    assert not report.ok
    assert any(line in told for told in report.lines())
    assert report.lines()[-1] == "This model cannot be used like this."


@pytest.mark.parametrize(
    ("played", "advice"),
    [
        ([refuses(401)], "refuses the key (401): set OPENAI_API_KEY to a key of 127.0.0.1:"),
        (
            [refuses(404, message="The model `x` does not exist.")],
            "has no model stand-in (404): set",
        ),
        ([refuses(404, message="Not Found")], "knows no such address (404): mend OPENAI_BASE_URL"),
        ([refuses(400, message="x does not support tools")], "takes no tools (400: x does not"),
        ([refuses(500, message="tools param requires --jinja flag")], "llama.cpp: --jinja"),
        ([refuses(429, code="insufficient_quota")], "has no credit at 127.0.0.1:"),
        ([refuses(429)], "asked too often or too busy (429): try again later"),
        ([refuses(503, message="Oh.")], "is broken (503: Oh.): look at it, or try again"),
        ([refuses(422, message="Oh.")], "refuses the request (422: Oh.): mend OPENAI_MODEL"),
        ([REASONING_WITH_TOOLS], "set OPENAI_WIRE=responses, or OPENAI_REASONING_EFFORT=none"),
        ([breaks("It")], "does not answer as OpenAI's API does (the stream was cut)"),
        (
            [says("It is ", "kestrel.")],
            "answers without the tool it was told to call: set OPENAI_M",
        ),
        ([CALL, says("It is kestrel.")], "gives its answer in one piece: let its server"),
    ],
)
async def test_the_advice_is_one_line_with_cause_and_cure(
    server: OpenAIServer, wire: Wire, played: list[Scenario], advice: str
) -> None:
    report = await probed(server, wire, *played)

    assert advice in report.advice
    assert len(report.advice.splitlines()) == 1


@pytest.mark.parametrize(
    ("config", "advice"),
    [
        (
            ProviderConfig("", "http://127.0.0.1:1/v1"),
            "127.0.0.1:1 cannot be reached (no connection (ConnectionRefusedError)): start it, or "
            "mend OPENAI_BASE_URL",
        ),
        (
            ProviderConfig("schl\u00fcssel", "http://127.0.0.1:1/v1"),
            "127.0.0.1:1 does not answer as OpenAI's API does (UnicodeEncodeError here): look "
            "into its log, or mend OPENAI_BASE_URL (most end in /v1)",
        ),
    ],
)
async def test_what_keeps_from_asking_is_told(config: ProviderConfig, advice: str) -> None:
    report = await probe(config)

    assert report.advice == advice


async def test_a_missing_key_is_not_called_wrong(server: OpenAIServer) -> None:
    server.play(refuses(401))

    report = await probe(ProviderConfig("", server.base_url))

    assert report.advice == f"{report.host} wants a key (401): set OPENAI_API_KEY"


KEY = "sk-made-up-0123456789"
ECHO = f"Invalid proxy server token passed. Received={KEY}, expected to start with sk-."
# Where the report cuts the vendor's sentence, half of the key must not stay.
LATE_ECHO = "x" * 185 + KEY
MID_STREAM: dict[str, dict[str, Any]] = {
    "chat": {"error": {"message": ECHO, "code": KEY}},
    "responses": {"type": "error", "message": ECHO, "code": KEY},
}


def echoes_in_mid_stream(wire: Wire) -> Scenario:
    return breaks("It", Raw(sse(MID_STREAM[wire])))


@pytest.mark.parametrize(
    "played",
    [
        *(lambda _, s=status: refuses(s, message=ECHO) for status in (400, 401, 402, 403, 422)),
        lambda _: refuses(500, message=LATE_ECHO),
        lambda _: refuses(400, message=ECHO, code=KEY),
        echoes_in_mid_stream,
    ],
)
async def test_a_key_that_the_server_repeats_is_not_told(
    server: OpenAIServer,
    wire: Wire,
    played: Callable[[Wire], Scenario],
    caplog: pytest.LogCaptureFixture,
) -> None:
    server.play(played(wire))

    report = await probe(ProviderConfig(KEY, server.base_url, "stand-in", wire))

    assert not report.ok
    told = "\n".join([*report.lines(), report.advice, caplog.text])
    assert KEY[:10] not in told
    assert "***" in told


async def test_a_model_that_counts_no_tokens_can_answer(server: OpenAIServer) -> None:
    silent = b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'

    report = await probed(
        server, "chat", *(uncounted(scenario, silent) for scenario in (CALL, ANSWER))
    )

    assert report.ok
    assert "note  counts its tokens: usage stays unknown" in report.lines()


def uncounted(scenario: Scenario, end: bytes) -> Scenario:
    return replace(scenario, parts=(*scenario.parts, Raw(end)), ends=False)
