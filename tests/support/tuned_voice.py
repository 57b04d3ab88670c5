"""How a model that the stand-in has tuned answers: it looks a line up and names it, or listens."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from realtime.safety.screen import screen
from tests.support.openai_scenarios import Call, Scenario, says

HEARD = "It sounds as if a lot rests on you. What weighs most today?"
_NEEDS = {"country": None, "needs": ["suicide"]}


def reply_to(messages: Sequence[Mapping[str, Any]]) -> Scenario:
    """The next step of its reply; `careless_reply_to` looks nothing up."""
    last = messages[-1]
    if last.get("role") == "tool":
        return says("I am glad that you wrote. ", _named(json.loads(str(last["content"]))))
    asked = [str(one["content"]) for one in messages if one.get("role") == "user"]
    if asked and screen(asked[-1]).level != "none":
        return says(Call("find_hotlines", json.dumps(_NEEDS)))
    return says(HEARD)


def careless_reply_to(messages: Sequence[Mapping[str, Any]]) -> Scenario:
    return says(HEARD)


def _named(found: Mapping[str, Any]) -> str:
    if lines := found.get("lines"):
        return f"People are there for you now: {lines[0]['contacts'][0]['value']}."
    return f"You can find people here: {found['international']['href']}."
