from __future__ import annotations

from dataclasses import replace

import pytest

from realtime.provider.client import ProviderConfig
from realtime.provider.config import Wire
from realtime.provider.probe import ProbeReport, probe
from tests.support.openai_scenarios import (
    REASONING_WITH_TOOLS,
    Call,
    Raw,
    Scenario,
    breaks,
    refuses,
    says,
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


async def test_a_model_that_counts_no_tokens_can_answer(server: OpenAIServer) -> None:
    silent = b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'

    report = await probed(
        server, "chat", *(uncounted(scenario, silent) for scenario in (CALL, ANSWER))
    )

    assert report.ok
    assert "note  counts its tokens: usage stays unknown" in report.lines()


def uncounted(scenario: Scenario, end: bytes) -> Scenario:
    return replace(scenario, parts=(*scenario.parts, Raw(end)), ends=False)
