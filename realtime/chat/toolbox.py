"""Where the hotline directory meets the agent: the tools of one turn."""

from __future__ import annotations

from typing import Any

import orjson
from django.utils import timezone

import realtime.hotlines.tool as hotlines
from realtime.agent.tools import Tool, Toolbox
from realtime.chat import tallies
from realtime.hotlines.directory import Directory
from realtime.hotlines.places import PersonPlace


def toolbox_for(directory: Directory, *, person: PersonPlace) -> Toolbox:
    """Tools built from the directory as it is now: a need added in the admin is offered."""

    async def find_hotlines(arguments: Any) -> str:
        found = hotlines.find(directory, arguments, person=person, now=timezone.now())
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


def person_place(place: dict[str, str | None]) -> PersonPlace:
    """What a client told of where the person is, as stored with the run."""
    return PersonPlace(
        choice=place.get("country"), time_zone=place.get("timeZone"), locale=place.get("locale")
    )
