"""What the model is told before the talk."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Literal

from realtime.agent.examples import Example, note_of
from realtime.agent.model import SystemMessage

# Stored with each run: answers are only comparable under the same text. A new text, a new file.
PROMPT_VERSION = "system-2"

_RULES = resources.files(__package__).joinpath(f"prompts/{PROMPT_VERSION}.txt").read_text("utf-8")
_COUNTRY = re.compile("[A-Z]{2}")
# A demo of ours reads this too.
CARD_SHOWN = "The page has just shown them a help card"


@dataclass(frozen=True, slots=True)
class Risk:
    """What is known of the person's danger: the gravest level of the conversation.

    `card`: the lines, in words, of the help card that is still before them; None for no card.
    `just_now`: it came with their last message.
    """

    level: Literal["none", "concern", "crisis"] = "none"
    card: tuple[str, ...] | None = None
    just_now: bool = False


NO_RISK = Risk()


def system_prompt(
    country: str | None,
    *,
    guessed: bool = False,
    risk: Risk = NO_RISK,
    young: bool = False,
    examples: Sequence[Example] = (),
) -> SystemMessage:
    """Give the rules, where the person is, the risk, and whether they said they are under 18.

    `country` is an ISO alpha-2 code, or None where unknown; `guessed` tells one taken from clock
    or language from one the person chose. `examples`: how others were answered, after all that is
    our own word. It is one message: many servers take no second system message, and none but at
    the beginning.
    """
    where = f"\nWhere the person is\n- {_place(country, guessed)}\n"
    return SystemMessage(_RULES + where + _notes(risk, young) + note_of(examples))


def _place(country: str | None, guessed: bool) -> str:
    # The code comes from a client: anything but two letters could carry orders to the model.
    if country is None or not _COUNTRY.fullmatch(country):
        return "Their country is not known."
    if guessed:
        return f"Probably in {country}, by their clock or language: check before you rely on it."
    return f"In {country}: they chose it."


def _notes(risk: Risk, young: bool) -> str:
    notes = [*_LEVELS[risk.level], *_card(risk), *(_YOUNG if young else [])]
    return "\nNote of this service\n" + "".join(f"- {n}\n" for n in notes) if notes else ""


_LEVELS: dict[str, list[str]] = {
    "none": [],
    "concern": [
        "Something in this conversation may point to danger: the person may be at risk. Ask, "
        "listen, and follow the rules above for when someone may be thinking about suicide.",
    ],
    "crisis": [
        "Something in this conversation points to danger to the person's life or safety, and "
        "later words do not undo that. Follow the rules above for when someone may be thinking "
        "about suicide; do not treat calm as good news.",
        "This may be a false alarm. If their words clearly tell of something else, answer that, "
        "warmly and without alarm.",
    ],
}


_YOUNG = [
    "The person said that they are under 18. Use short, simple words. Encourage them to tell a "
    "grown-up they trust, unless that person is the danger; help them find who that is. Where you "
    "name a line, name one for young people. Take abuse, neglect and running away seriously. No "
    "flirting, no romantic or sexual role play, no advice to keep things from those who protect "
    "them.",
]


def _card(risk: Risk) -> list[str]:
    if risk.card is None:
        return []
    shown = CARD_SHOWN if risk.just_now else "The page has shown them a help card earlier"
    lines = "; ".join(risk.card) or "an international directory, for their country is not known"
    return [
        f"{shown}. On it: {lines}.",
        "Do not read out or repeat that list. Say in a few words that it is there, name one line "
        "of it at most, exactly as written, and go on with the talk.",
    ]
