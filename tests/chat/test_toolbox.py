"""When a look-up repeats the card that stands beside the reply, and when it is one of its own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from realtime.agent.model import ToolCall
from realtime.chat.helping import offer
from realtime.chat.toolbox import toolbox_for
from realtime.hotlines.places import PersonPlace
from realtime.hotlines.queries import directory_in_memory
from realtime.safety.screen import Screening

UK: dict[str, str | None] = {"country": "GB", "timeZone": None, "locale": None}

ANOTHER = [
    {"country": "IE", "needs": ["suicide"]},
    {"country": None, "needs": ["bereavement"]},
    {"country": None, "needs": ["suicide"], "channel": "chat"},
    {"country": None, "needs": ["suicide"], "language": "cy"},
    {"country": None, "needs": ["suicide"], "audiences": ["youth"]},
]


@pytest.mark.parametrize("arguments", ANOTHER)
async def test_another_question_gets_an_answer_of_its_own(arguments: dict[str, Any]) -> None:
    card = offer(card_id="r1", place=UK, found=Screening("crisis", "suicide"))

    assert "cardId" not in await looked_up(card, arguments)


async def test_without_a_card_a_look_up_is_one() -> None:
    assert "cardId" not in await looked_up(None, {"country": None, "needs": ["suicide"]})


async def looked_up(card: dict[str, Any] | None, arguments: dict[str, Any]) -> dict[str, Any]:
    toolbox = toolbox_for(directory_in_memory(), person=PersonPlace("GB"), card=lambda: card)
    asked = ToolCall("c1", "find_hotlines", json.dumps(arguments))
    outcome = await toolbox.call(asked, timeout_s=5)
    assert outcome.ok, outcome.content
    found: dict[str, Any] = json.loads(outcome.content)
    return found
