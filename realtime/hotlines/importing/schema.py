"""What the data files may hold: every row is checked before anything is written."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    model_validator,
)

from realtime.hotlines import codes
from realtime.hotlines.opening import parse_opening

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
FileSlug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+$", max_length=60)]
Url = Annotated[str, StringConstraints(max_length=200), AfterValidator(codes.check_url)]
PartialDate = Annotated[str, AfterValidator(codes.check_partial_date)]
CountryCode = Annotated[str, AfterValidator(codes.check_country)]
Language = Annotated[str, StringConstraints(max_length=12), AfterValidator(codes.check_language)]
Dialled = Annotated[str, StringConstraints(max_length=20), AfterValidator(codes.check_dialled)]
E164 = Annotated[str, AfterValidator(codes.check_valid_e164)]
Confidence = Literal["high", "medium"]
Service = Literal["general", "police", "ambulance", "fire"]
SERVICES: tuple[Service, ...] = get_args(Service)
_PLAIN = AfterValidator(codes.check_plain)
Short = Annotated[str, StringConstraints(min_length=1, max_length=120), _PLAIN]
Long = Annotated[str, StringConstraints(min_length=1, max_length=500), _PLAIN]


class Row(BaseModel):
    # Strict: `value: 0800` read as a number would be wrong by the time it is text.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class AudienceRow(Row):
    id: Slug
    name: Annotated[Short, StringConstraints(max_length=80)]
    definition: Annotated[Short, StringConstraints(max_length=300)]


class NeedRow(AudienceRow):
    urgent: bool = False
    broad: bool = False
    implies: Slug | None = None


class ContactRow(Row):
    kind: Literal["phone", "sms", "chat", "whatsapp", "email", "web", "tty"]
    value: Annotated[Short, StringConstraints(max_length=200)]
    e164: E164 | None = None
    note: Short | None = None

    @model_validator(mode="after")
    def value_suits_kind(self) -> ContactRow:
        codes.check_contact(self.kind, self.value, self.e164 or "")
        return self


class SourceRow(Row):
    url: Url
    seen: Annotated[Short, StringConstraints(max_length=200)]
    date: PartialDate | None = None
    verified_by_source: Annotated[Short, StringConstraints(max_length=60)] | None = None


class HoursRow(Row):
    text: Short
    timezone: Annotated[str, AfterValidator(codes.check_time_zone)] | None = None
    opening: list[dict[str, Any]] = Field(default=[])

    @model_validator(mode="after")
    def opening_can_be_read(self) -> HoursRow:
        if parse_opening(self.opening) and not self.timezone:
            raise ValueError("opening hours need a timezone")
        return self


class HotlineRow(Row):
    id: Slug
    name: Short
    organisation: Short | None = None
    countries: list[CountryCode] = []
    international: bool = False
    regions: list[Annotated[Short, StringConstraints(max_length=80)]] = []
    needs: list[Slug]
    audiences: list[Slug] = []
    open_to_all: bool = False
    languages: Annotated[list[Language], Field(min_length=1)]
    languages_inferred: bool = False
    contacts: Annotated[list[ContactRow], Field(min_length=1)]
    # Told apart by shape, so that a fault in a table is not reported as "not 24/7" too.
    hours: Annotated[
        Annotated[Literal["24/7", "unknown"], Tag("word")] | Annotated[HoursRow, Tag("table")],
        Discriminator(lambda value: "table" if isinstance(value, dict) else "word"),
    ]
    cost: Literal["free", "standard", "unknown"]
    website: Url | None = None
    sources: Annotated[list[SourceRow], Field(min_length=1)]
    last_seen: PartialDate | None = None
    confidence: Confidence
    conflicts: Long | None = None
    only_for: Annotated[Short, StringConstraints(max_length=80)] | None = None
    pair: Slug | None = None
    notes: Long | None = None

    @model_validator(mode="after")
    def hangs_together(self) -> HotlineRow:
        if bool(self.countries) == self.international:
            raise ValueError("give countries, or international: true, and not both")
        for contact in self.contacts:
            if contact.e164 and not codes.says_the_same(
                contact.value, contact.e164, tuple(self.countries)
            ):
                raise ValueError(f"{contact.value!r} and {contact.e164!r} are two numbers")
        _once("contacts", [f"{contact.kind} {contact.value}" for contact in self.contacts])
        _once("countries", self.countries)
        _once("needs", self.needs)
        _once("audiences", self.audiences)
        _once("languages", self.languages)
        return self


def _once(name: str, words: list[str]) -> None:
    if len(set(words)) != len(words):
        raise ValueError(f"{name}: something stands twice")


class EmergencyRow(Row):
    country: CountryCode
    general: list[Dialled] = []
    police: list[Dialled] = []
    ambulance: list[Dialled] = []
    fire: list[Dialled] = []
    also_reported: dict[Service, list[Dialled]] = {}
    sources: list[FileSlug]
    confidence: Confidence
    notes: Annotated[Short, StringConstraints(max_length=200)] | None = None

    @model_validator(mode="after")
    def names_a_number(self) -> EmergencyRow:
        for service in SERVICES:
            kept = self.numbers(service, also_reported=False)
            numbers = [*kept, *self.numbers(service, also_reported=True)]
            if len(set(numbers)) != len(numbers):
                raise ValueError(f"{service}: a number stands twice")
        if not any(self.numbers(service, also_reported=False) for service in SERVICES):
            raise ValueError("no number at all")
        return self

    def numbers(self, service: Service, *, also_reported: bool) -> list[str]:
        if also_reported:
            return self.also_reported.get(service, [])
        return {
            "general": self.general,
            "police": self.police,
            "ambulance": self.ambulance,
            "fire": self.fire,
        }[service]
