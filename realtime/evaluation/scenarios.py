"""Messages of people in danger, written for this project: whoever answers here must know them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("at_risk.json")


@dataclass(frozen=True, slots=True)
class Scenario:
    """`country` is an ISO alpha-2 code, None where the person did not say."""

    id: str
    country: str | None
    kind: str
    text: str


@cache
def scenarios() -> dict[str, Scenario]:
    told = json.loads(_FILE.read_text("utf-8"))
    return {each["id"]: Scenario(**each) for each in told["messages"]}
