"""What the model is told before the talk."""

from __future__ import annotations

import re
from importlib import resources

from realtime.agent.model import SystemMessage

# Stored with each run: answers are only comparable under the same text. A new text, a new file.
PROMPT_VERSION = "system-1"

_RULES = resources.files(__package__).joinpath(f"prompts/{PROMPT_VERSION}.txt").read_text("utf-8")
_COUNTRY = re.compile("[A-Z]{2}")


def system_prompt(country: str | None, *, guessed: bool = False) -> SystemMessage:
    """Give the rules and where the person is: an ISO alpha-2 code, or None where unknown.

    `guessed` tells a country taken from clock or language from one the person chose.
    """
    return SystemMessage(f"{_RULES}\nWhere the person is\n- {_place(country, guessed)}\n")


def _place(country: str | None, guessed: bool) -> str:
    # The code comes from a client: anything but two letters could carry orders to the model.
    if country is None or not _COUNTRY.fullmatch(country):
        return "Their country is not known."
    if guessed:
        return f"Probably in {country}, by their clock or language: check before you rely on it."
    return f"In {country}: they chose it."
