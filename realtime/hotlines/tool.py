"""The tool `find_hotlines`, as the model sees it: made from the directory of the moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

from pydantic import BaseModel, Field, create_model

from realtime.hotlines.directory import Directory, HotlineQuery
from realtime.hotlines.facts import Audience, Need
from realtime.hotlines.places import PersonPlace

TOOL_NAME = "find_hotlines"
Channel = Literal["phone", "sms", "chat", "whatsapp", "email", "tty"]


@lru_cache(maxsize=4)
def find_hotlines_arguments(directory: Directory) -> type[BaseModel]:
    """Make the arguments' model; its words and their definitions are those of the directory."""
    fields: dict[str, Any] = {
        "country": (
            str | None,
            Field(
                description="ISO 3166-1 alpha-2 code of the country the person is in, only if "
                "they said so; otherwise null."
            ),
        ),
        "needs": (
            list[_one_of(directory.needs)],  # type: ignore[misc]  # made at run time
            Field(description=_definitions("What the help is for.", directory.needs)),
        ),
        "audiences": (
            list[_one_of(directory.audiences)],  # type: ignore[misc]  # made at run time
            Field(
                default=[],
                description=_definitions(
                    "Only groups the person said they belong to.", directory.audiences
                ),
            ),
        ),
        "language": (
            str | None,
            Field(default=None, description="BCP 47 tag, when the person prefers a language."),
        ),
        "channel": (
            Channel | None,
            Field(default=None, description="When the person prefers one way to get in touch."),
        ),
    }
    return create_model("FindHotlines", **fields)


def _one_of(words: Mapping[str, Need] | Mapping[str, Audience]) -> Any:
    return Literal[tuple(words)] if words else str


def _definitions(head: str, words: Mapping[str, Need] | Mapping[str, Audience]) -> str:
    return "\n".join([head, *(f"{slug}: {word.definition}" for slug, word in words.items())])


def tool_description(directory: Directory) -> str:
    """Say what the tool does and how to speak of its answer."""
    return (
        "Look up help lines and emergency numbers. Call it at any thought of suicide, self-harm "
        "or acute danger, and when the person would be helped by people who know their trouble. "
        f"The directory knows {len(directory.lines)} lines. Name only contacts from the result, "
        "with their notes; follow its `message`. A line that is `listed by` a source was not "
        "checked. The person sees the result as a card."
    )


def find(
    directory: Directory, arguments: BaseModel, *, person: PersonPlace, now: datetime
) -> dict[str, Any]:
    """Answer a call of the tool in the shape the model, the card and reviewers read."""
    asked = arguments.model_dump()
    place = directory.place_of(person, said=asked["country"])
    query = HotlineQuery(
        country=place.country,
        needs=tuple(dict.fromkeys(asked["needs"])),
        audiences=tuple(dict.fromkeys(asked["audiences"])),
        language=asked["language"],
        channel=asked["channel"],
        guessed=place.guessed,
        choices=place.choices,
    )
    return directory.find(query, now=now).as_json()
