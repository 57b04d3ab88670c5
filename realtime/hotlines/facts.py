"""What is known of help lines: plain values, the form shared by data files, database and answers.

Pure: no Django, no clock.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from realtime.hotlines import links
from realtime.hotlines.opening import Hours


@dataclass(frozen=True, slots=True)
class Need:
    """What a line helps with."""

    slug: str
    name: str
    definition: str
    urgent: bool = False  # the country's lead line answers first
    broad: bool = False  # such a line takes any worry
    implies: str | None = None  # who asks for this has also named that audience


@dataclass(frozen=True, slots=True)
class Audience:
    """Who a line is for."""

    slug: str
    name: str
    definition: str


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to reach a line; `e164` is empty for numbers that only work inside a country."""

    kind: str
    value: str
    e164: str = ""
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        href = links.href(self.kind, self.value, self.e164, self.note)
        return {"kind": self.kind, "value": self.value, "href": href, "note": self.note or None}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a line was read: `date` is YYYY, YYYY-MM or YYYY-MM-DD, or empty."""

    url: str
    seen: str
    date: str = ""
    verified_by_source: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """That somebody of this site tried the line out, when and how."""

    on: date
    how: str


@dataclass(frozen=True, slots=True)
class Line:
    """A help line with all that is known of it."""

    id: str
    name: str
    organisation: str
    countries: tuple[str, ...]
    international: bool
    regions: tuple[str, ...]
    needs: tuple[str, ...]
    audiences: tuple[str, ...]
    open_to_all: bool  # the audiences are its special care, but it serves everybody
    languages: tuple[str, ...]
    languages_inferred: bool
    hours: Hours
    cost: str
    website: str
    confidence: str
    conflicts: str
    notes: str
    last_seen: str | None
    contacts: tuple[Contact, ...]
    sources: tuple[Source, ...]
    checked: Check | None = None
    edited_on: date | None = None  # when somebody of this site last changed a contact by hand
    only_for: str = ""  # serves a smaller part of its needs, or of everybody, than they say
    pair: str = ""  # lines with the same word belong side by side: two languages, two ages

    @property
    def for_everybody(self) -> bool:
        return self.open_to_all or not self.audiences

    @property
    def mark(self) -> str:
        """Give what changes with every way to reach it: what was read is what was checked."""
        ways = [[one.kind, one.value, one.e164, one.note] for one in self.contacts]
        return hashlib.sha256(json.dumps(ways).encode()).hexdigest()[:16]

    @property
    def serves_only(self) -> str:
        """The part of the people and of the country that it serves; empty for all of both."""
        return ", ".join([*([f"for {self.only_for}"] if self.only_for else []), *self.regions])


@dataclass(frozen=True, slots=True)
class EmergencyNumber:
    service: str
    number: str
    confidence: str
    also_reported: bool = False  # one source says so and others differ: never shown
    note: str = ""
    sources: tuple[str, ...] = ()  # slugs


@dataclass(frozen=True, slots=True)
class Country:
    code: str
    name: str
    lead: str | None = None
    emergency: tuple[EmergencyNumber, ...] = ()

    def emergency_as_json(self) -> dict[str, Any] | None:
        """Name each number once: police = 999 adds nothing where all of them are 999."""
        shown = [number for number in self.emergency if not number.also_reported]
        shared = {number.number for number in shown if number.service == "general"}
        numbers = [
            {"service": one.service, "number": one.number, "href": links.tel(one.number)}
            for one in shown
            if one.service == "general" or one.number not in shared
        ]
        return {"country": self.code, "numbers": numbers} if numbers else None


@dataclass(frozen=True, slots=True)
class HotlineQuery:
    """What is asked; `guessed` and `choices` say how sure the country is."""

    country: str | None = None
    needs: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    language: str | None = None
    channel: str | None = None
    guessed: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Facts:
    """Every country, need, audience and line."""

    countries: Mapping[str, Country]
    needs: Mapping[str, Need]
    audiences: Mapping[str, Audience]
    lines: tuple[Line, ...]
