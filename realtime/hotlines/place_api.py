"""Where a device probably is, for a page that keeps that country's lines; asked before a word."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from realtime.hotlines.places import PersonPlace
from realtime.hotlines.queries import directory_in_memory

router = Router(tags=["help lines"])
_Sign = Annotated[str, Field(max_length=100)]


class PlaceIn(Schema):
    timeZone: _Sign = ""  # noqa: N815 - the wire's spelling
    locale: _Sign = ""


class PlaceOut(Schema):
    """`country`, ISO 3166-1 alpha-2; null where the signs disagree or say nothing."""

    country: str | None
    guessed: bool
    choices: list[str]


@router.get("/place", auth=None, response={200: PlaceOut}, summary="Guess a device's country")
def guess_place(request: HttpRequest, response: HttpResponse, asked: Query[PlaceIn]) -> PlaceOut:
    """From its IANA time zone and the region of its locale; nothing is kept, nobody is asked."""
    response["Cache-Control"] = "no-store"
    person = PersonPlace(time_zone=asked.timeZone, locale=asked.locale)
    place = directory_in_memory().place_of(person)
    return PlaceOut(country=place.country, guessed=place.guessed, choices=list(place.choices))
