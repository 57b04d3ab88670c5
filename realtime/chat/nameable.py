"""The contacts that an agent may name in a conversation: those of the person's country, those that
its tools found and its cards showed, and this site's own address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings

from realtime.agent.model import ChatMessage, ToolMessage
from realtime.chat.cards import NAME
from realtime.chat.models import Notice
from realtime.hotlines.directory import Directory
from realtime.hotlines.facts import Line
from realtime.hotlines.places import PersonPlace
from realtime.hotlines.wording import INTERNATIONAL_HREF
from realtime.safety.allowed import Allowed

# Where an answer of the directory holds contacts, and words with contacts in them. Not where it
# says who listed a line: that is no place to turn to.
_TELLING = frozenset(
    ("value", "href", "note", "number", "website", "name", "organisation", "message")
)


def nameable(
    directory: Directory, *, person: PersonPlace, thread_id: UUID, told: Iterable[ChatMessage]
) -> Allowed:
    """All that may be named when a run begins; `told` is what the conversation holds so far."""
    allowed = of_place(directory, person)
    for message in told:
        if isinstance(message, ToolMessage):
            allowed |= of_result(message.content)
    for card in Notice.objects.filter(thread=thread_id, name=NAME).values("value"):
        allowed |= of_card(card["value"])
    return allowed


def of_place(directory: Directory, person: PersonPlace) -> Allowed:
    """What may be named to anybody who is there, before anything was looked up."""
    place = directory.place_of(person)
    allowed = _of_country(directory, place.country)
    for code in place.choices:  # asked which it is, somebody in danger is told of either
        allowed |= _of_country(directory, code)
    return allowed


def of_result(content: str) -> Allowed:
    """The contacts of a tool's result."""
    try:
        return Allowed.of(_telling(orjson.loads(content)))
    except orjson.JSONDecodeError:
        return Allowed.of([content])


def of_card(card: dict[str, Any]) -> Allowed:
    return Allowed.of(_telling(card))


@lru_cache(maxsize=64)
def _of_country(directory: Directory, code: str | None) -> Allowed:
    texts = [INTERNATIONAL_HREF]
    if settings.PUBLIC_URL:
        texts.append(settings.PUBLIC_URL.origin)
    if code is not None:
        for line in directory.lines_in(code):
            texts += _of_line(line)
        emergency = directory.countries[code].emergency
        texts += [one.number for one in emergency if not one.also_reported]
    return Allowed.of(texts)


def _of_line(line: Line) -> Iterator[str]:
    yield from (line.name, line.organisation, line.website)
    for contact in line.contacts:
        yield from (contact.value, contact.e164, contact.note)


def _telling(value: object, *, told: bool = False) -> Iterator[str]:
    """The strings of JSON that stand under one of the telling keys."""
    match value:
        case str():
            yield from [value] if told else []
        case dict():
            for key, inner in value.items():
                yield from _telling(inner, told=key in _TELLING)
        case list():
            for inner in value:
                yield from _telling(inner, told=told)
        case _:
            pass
