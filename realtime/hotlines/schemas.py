"""What the API for help lines takes and answers."""

from __future__ import annotations

from typing import Annotated, get_args

from ninja import Field, Schema

from realtime.accounts.api import ErrorOut
from realtime.hotlines.tool import Channel

CHANNELS: tuple[str, ...] = get_args(Channel)
_Word = Annotated[str, Field(max_length=60)]


class HotlinesIn(Schema):
    country: _Word | None = Field(None, description="ISO 3166-1 alpha-2, or an English name.")
    specialty: list[_Word] = Field([], max_length=20, description="What the help is for.")
    audience: list[_Word] = Field([], max_length=20, description="Whom the person belongs to.")
    language: _Word | None = Field(None, description="BCP 47; such lines come first.")
    channel: _Word | None = Field(None, description=f"{', '.join(CHANNELS)}; they come first.")
    limit: Annotated[int, Field(ge=1, le=50)] = 5


class UnknownOut(ErrorOut):
    known: list[str] | None = Field(None, description="The values that are known.")


class ContactOut(Schema):
    kind: str
    value: str
    href: str | None = None
    note: str | None = Field(None, description="To be shown always: press 1, text SHOUT.")


class LineOut(Schema):
    id: str
    name: str
    organisation: str | None = None
    lead: bool
    needs: list[str]
    audiences: list[str]
    regions: str | None = Field(None, description="Whom it serves, when not everybody.")
    languages: list[str]
    languages_inferred: bool = Field(alias="languagesInferred")
    hours: str
    open_now: bool | None = Field(None, alias="openNow", description="null: not known.")
    cost: str
    website: str | None = None
    freshness: str = Field(description="Who listed or checked it, and when: to be shown as it is.")
    conflicts: bool = Field(description="Sources disagree: say that it may have changed.")
    contacts: list[ContactOut]
    checked_on: str | None = Field(None, alias="checkedOn")
    paired_with: list[str] = Field(alias="pairedWith", description="Ids of lines beside it.")


class EmergencyNumberOut(Schema):
    service: str
    number: str
    href: str


class EmergencyOut(Schema):
    country: str
    numbers: list[EmergencyNumberOut]


class InternationalOut(Schema):
    name: str
    href: str


class HelpOut(Schema):
    country: str | None = None
    country_name: str | None = Field(None, alias="countryName")
    needs: list[str]
    audiences: list[str]
    lines: list[LineOut]
    emergency: EmergencyOut | None = None
    international: InternationalOut
    guessed: bool
    choices: list[str]
    message: str = Field(description="What is missing or unsure, for a model to follow.")


class TextsOut(Schema):
    title: str
    danger: str
    offline: str
    no_crisis_line: str | None = Field(None, alias="noCrisisLine")
    may_have_changed: str = Field(alias="mayHaveChanged")


class OfflineOut(HelpOut):
    version: str = Field(description="The ETag without its quotes.")
    texts: TextsOut
