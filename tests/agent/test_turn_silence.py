"""A reply may be empty when everything was said before its calls."""

from __future__ import annotations

import itertools
from typing import Literal

import pytest

from realtime.agent.errors import ModelUnavailable
from realtime.agent.events import TurnEvent, TurnFinished
from realtime.agent.model import (
    ModelCallCompleted,
    ModelCallStarted,
    ModelFinished,
    ModelText,
)
from realtime.agent.turn import Turn


def turn_after_an_answered_call(*, said: str) -> Turn:
    ids = itertools.count()
    turn = Turn(new_id=lambda: f"id{next(ids)}", rounds=6, retries=3)
    turn.open_round()
    if said:
        turn.receive(ModelText(said))
    turn.receive(ModelCallStarted("c", "look_up"))
    turn.receive(ModelCallCompleted("c"))
    [call] = turn.take_calls()
    turn.receive(ModelFinished("tool_calls", None))
    turn.answer(call.call_id, content="{}", ok=True)
    turn.open_round()
    return turn


def finish(turn: Turn, reason: Literal["stop", "length"]) -> list[TurnEvent]:
    return turn.receive(ModelFinished(reason, None))


def test_silence_after_a_call_finishes_a_turn_that_has_spoken() -> None:
    turn = turn_after_an_answered_call(said="One moment.")

    assert finish(turn, "stop") == [TurnFinished(None)]


def test_silence_after_a_call_fails_a_turn_that_never_spoke() -> None:
    turn = turn_after_an_answered_call(said="")

    with pytest.raises(ModelUnavailable):
        finish(turn, "stop")


def test_silence_that_was_cut_off_is_a_failure_after_a_call_too() -> None:
    turn = turn_after_an_answered_call(said="One moment.")

    with pytest.raises(ModelUnavailable):
        finish(turn, "length")
