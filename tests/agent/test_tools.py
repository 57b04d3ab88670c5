from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from realtime.agent.model import ToolCall
from realtime.agent.tools import LONGEST_RESULT, Toolbox, ToolOutcome, json_schema
from tests.agent.talk import HeldTool, Place, find


async def outcome_of(arguments: str, *, name: str = "find", **box: Any) -> ToolOutcome:
    toolbox = Toolbox([find(**box)])
    return await toolbox.call(ToolCall("c", name, arguments), timeout_s=5)


async def error_of(arguments: str, **more: Any) -> dict[str, str]:
    outcome = await outcome_of(arguments, **more)
    assert not outcome.ok
    told: dict[str, str] = json.loads(outcome.content)
    return told


async def test_a_call_gets_valid_arguments_and_gives_its_result() -> None:
    assert await outcome_of(' {"country":"GB"} ') == ToolOutcome('{"found": "GB"}', ok=True)


async def test_no_arguments_at_all_are_an_empty_object() -> None:
    assert "country: Field required" in (await error_of(""))["message"]


@pytest.mark.parametrize(
    "arguments",
    ['{"country"', "null", "[]", "GB", '{"country": 1}', "[" * 100_000, "\x00", "\ud83d"],
)
async def test_arguments_that_do_not_fit_are_told_to_the_model(arguments: str) -> None:
    assert (await error_of(arguments))["error"] == "invalid_arguments"


async def test_what_is_told_of_bad_arguments_does_not_repeat_them() -> None:
    assert "sorrow" not in (await error_of('{"country": "my sorrow"}'))["message"]


async def test_an_unknown_tool_is_told_with_the_known_ones() -> None:
    told = await error_of("{}", name="lookup")

    assert told == {"error": "unknown_tool", "message": "There is no such tool. Tools: find."}


async def test_a_tool_that_raises_is_told_without_its_reason(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(arguments: Place) -> str:
        raise ValueError("a secret sorrow")

    told = await error_of('{"country":"GB"}', run=broken)

    assert told["error"] == "tool_failed"
    assert "sorrow" not in told["message"] + caplog.text
    assert "find failed: ValueError" in caplog.text


async def test_a_tool_that_returns_no_text_has_failed() -> None:
    async def wordless(arguments: Place) -> Any:
        return None

    assert (await error_of('{"country":"GB"}', run=wordless))["error"] == "tool_failed"


async def test_a_tool_that_hangs_is_cancelled() -> None:
    tool = HeldTool()

    outcome = await Toolbox([find(tool)]).call(
        ToolCall("c", "find", '{"country":"GB"}'), timeout_s=0.01
    )

    assert json.loads(outcome.content)["error"] == "timeout"
    assert tool.cancelled


async def test_cancelling_a_call_is_no_failure_of_the_tool() -> None:
    tool = HeldTool()
    calling = asyncio.create_task(outcome_of('{"country":"GB"}', run=tool))
    await tool.began.wait()

    calling.cancel()

    with pytest.raises(asyncio.CancelledError):
        await calling


async def test_a_huge_result_is_cut_and_stays_json() -> None:
    async def huge(arguments: Place) -> str:
        return json.dumps({"text": "ü" * 1_000_000})

    outcome = await outcome_of('{"country":"GB"}', run=huge)

    told = json.loads(outcome.content)
    assert outcome.ok
    assert told["truncated"] is True
    assert len(told["text"]) == LONGEST_RESULT


def test_a_tool_describes_its_arguments_without_noise() -> None:
    [spec] = Toolbox([find()]).specs

    assert (spec.name, spec.description) == ("find", "Find a line.")
    assert spec.parameters == {
        "type": "object",
        "description": "Where to look.",
        "properties": {
            "country": {"type": "string", "description": "ISO code", "maxLength": 2},
        },
        "required": ["country"],
    }


def test_a_description_is_made_once_per_kind_of_arguments() -> None:
    assert json_schema(Place) is json_schema(Place)
