"""Where the hotline directory meets the agent: the tools of one turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from django.utils import timezone

import realtime.hotlines.tool as hotlines
from realtime.agent.tools import Tool, Toolbox
from realtime.chat import tallies
from realtime.hotlines.directory import Directory
from realtime.hotlines.places import PersonPlace

Card = dict[str, Any]
_OF_THE_CARD = ("level", "reason")  # the rest is what the tool would have found
YOUNG = {"audience": "youth"}  # beside where they are: what a minor's words said of them
ALREADY_SHOWN = "The person has just been shown these lines on a card: do not list them again."


def toolbox_for(
    directory: Directory,
    *,
    person: PersonPlace,
    card: Callable[[], Card | None] = lambda: None,
    audiences: tuple[str, ...] = (),
) -> Toolbox:
    """Tools built from the directory as it is now: a need added in the admin is offered.

    `card` gives the help card that stands beside the reply: asked for what it was made for, the
    tool answers with its very lines and its `cardId`, so that nobody shows them twice.
    `audiences` are those the person said they belong to, whether or not the model asks for them.
    """

    async def find_hotlines(arguments: Any) -> str:
        wider = arguments.model_copy(
            update={"audiences": list(dict.fromkeys([*arguments.audiences, *audiences]))}
        )
        found = hotlines.find(directory, wider, person=person, now=timezone.now())
        shown = card()
        if shown is not None and _repeats(shown, found, arguments):
            found = {key: value for key, value in shown.items() if key not in _OF_THE_CARD}
            found["message"] = f"{found['message']} {ALREADY_SHOWN}"
        else:
            tallies.looked_up(found)
        return orjson.dumps(found).decode()

    return Toolbox(
        [
            Tool(
                name=hotlines.TOOL_NAME,
                description=hotlines.tool_description(directory),
                arguments=hotlines.find_hotlines_arguments(directory),
                run=find_hotlines,
            )
        ]
    )


def _repeats(card: Card, found: dict[str, Any], arguments: Any) -> bool:
    """Whether the card answers the question: its country, its needs, and nothing in particular."""
    asked = arguments.model_dump()
    particular = any(asked[name] for name in ("audiences", "language", "channel"))
    same_place = [found[name] for name in ("country", "choices")] == [
        card.get(name) for name in ("country", "choices")
    ]
    return not particular and same_place and set(asked["needs"]) <= set(card.get("needs", ()))


def audiences_of(directory: Directory, place: dict[str, str | None]) -> tuple[str, ...]:
    """The groups that the person said they belong to, as far as lines are kept for them."""
    audience = place.get("audience")
    return (audience,) if audience is not None and audience in directory.audiences else ()


def person_place(place: dict[str, str | None]) -> PersonPlace:
    """What a client told of where the person is, as stored with the run."""
    return PersonPlace(
        choice=place.get("country"), time_zone=place.get("timeZone"), locale=place.get("locale")
    )
