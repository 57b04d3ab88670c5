from __future__ import annotations

import pytest

from realtime.agent.errors import ModelUnavailable
from realtime.agent.model import (
    Model,
    ModelCallArguments,
    ModelEvent,
    ModelFinished,
    ModelRequest,
    ModelText,
)
from realtime.agent.testing import ScriptedModel, call, calls, says

REQUEST = ModelRequest((), (), "abc123")


async def heard(model: Model) -> list[ModelEvent]:
    return [event async for event in model.stream(REQUEST)]


async def test_replies_are_played_in_turn() -> None:
    model = ScriptedModel(says("Hi"), says("Bye"))

    assert [(await heard(model))[0], (await heard(model))[0]] == [
        ModelText("Hi"),
        ModelText("Bye"),
    ]
    assert model.requests == [REQUEST, REQUEST]


async def test_an_error_in_the_script_is_raised() -> None:
    model = ScriptedModel([ModelText("Hi"), ModelUnavailable("cut")])

    with pytest.raises(ModelUnavailable):
        await heard(model)


async def test_a_request_too_many_is_a_defect_of_the_test() -> None:
    with pytest.raises(LookupError, match="request 1 has no reply"):
        await heard(ScriptedModel())


def test_arguments_are_cut_without_loss() -> None:
    pieces = [s.text for s in call("find", "abcde", pieces=2) if isinstance(s, ModelCallArguments)]

    assert pieces == ["abc", "de"]


def test_a_reply_of_calls_ends_as_one() -> None:
    assert calls(call("find", ""), before=["One"])[-1] == ModelFinished("tool_calls", None)
