"""What is wrong with the directory, or was not looked after; pure: no network, no clock.

Levels: a `fault` may send somebody to a wrong place; what is `due` waits for a person to check it;
a `gap` is something that is not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from realtime.hotlines import codes, links
from realtime.hotlines.facts import Contact, Country, Facts, Line
from realtime.hotlines.opening import Hours, minutes_open_twice
from realtime.hotlines.verifying import still_checked

LEVELS = {
    "bad-number": "fault",
    "broken-hours": "fault",
    "bad-lead": "fault",
    "lead-missing": "fault",
    "emergency-missing": "fault",
    "lead-unchecked": "due",
    "check-expired": "due",
    "conflicts": "due",
    "unlikely-number": "due",
    "country-missing": "gap",
    "no-emergency-number": "gap",
    "no-e164": "gap",
    "never-dated": "gap",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: its kind (a key of `LEVELS`), where, and in words."""

    kind: str
    where: str  # a line's id or a country's code
    words: str

    @property
    def level(self) -> str:
        return LEVELS[self.kind]


def audit(
    facts: Facts, *, enabled: Sequence[str], now: datetime, lasts: timedelta
) -> list[Finding]:
    """Look at every line and country; worst first, then by kind, then by place."""
    found = [*_countries(facts, enabled), *_checks(facts, enabled, now, lasts)]
    for line in facts.lines:
        found += [*_numbers(line), *_hours(line.id, line.hours)]
        if line.conflicts:
            found.append(Finding("conflicts", line.id, line.conflicts))
        if not line.last_seen and not line.checked:
            found.append(Finding("never-dated", line.id, "no source has a date"))
    order = list(LEVELS)
    return sorted(found, key=lambda one: (order.index(one.kind), one.where, one.words))


def _countries(facts: Facts, enabled: Sequence[str]) -> Iterator[Finding]:
    lines = {line.id: line for line in facts.lines}
    for code, country in facts.countries.items():
        if country.lead:
            yield from _lead(country, lines.get(country.lead))
        elif code in enabled:
            yield Finding("lead-missing", code, f"{country.name} is enabled and has no lead line")
        if country.emergency_as_json() is None:
            kind = "emergency-missing" if code in enabled else "no-emergency-number"
            yield Finding(kind, code, f"no emergency number is known for {country.name}")
        if not _serving(facts, code):
            words = f"no suicide or crisis line for everybody is known for {country.name}"
            yield Finding("country-missing", code, words)


def _serving(facts: Facts, code: str) -> bool:
    urgent = {slug for slug, need in facts.needs.items() if need.urgent}
    return any(
        code in line.countries and line.for_everybody and not urgent.isdisjoint(line.needs)
        for line in facts.lines
    )


def _lead(country: Country, lead: Line | None) -> Iterator[Finding]:
    if lead is None or country.code not in lead.countries:
        yield Finding("bad-lead", country.code, f"{country.lead} is no line of {country.name}")
        return
    wrong = {
        "its sources conflict": bool(lead.conflicts),
        f"it serves only {', '.join(lead.regions)}": bool(lead.regions),
        f"it is only for {lead.only_for}": bool(lead.only_for),
        f"it is for {', '.join(lead.audiences)}": not lead.for_everybody,
    }
    for words, holds in wrong.items():
        if holds:
            yield Finding("bad-lead", country.code, f"{lead.id} comes first, but {words}")


def _checks(
    facts: Facts, enabled: Sequence[str], now: datetime, lasts: timedelta
) -> Iterator[Finding]:
    lines = {line.id: line for line in facts.lines}
    unchecked = set()
    for code in enabled:
        lead = lines.get((code in facts.countries and facts.countries[code].lead) or "")
        if lead is not None and not still_checked(lead, now=now, lasts=lasts):
            unchecked.add(lead.id)
            words = f"nobody checked {lead.id}, the first line of {facts.countries[code].name}"
            yield Finding("lead-unchecked", code, f"{words}, in the last {lasts.days} days")
    for line in facts.lines:
        fresh = still_checked(line, now=now, lasts=lasts)
        if line.checked and not fresh and line.id not in unchecked:
            words = f"checked on {line.checked.on}, {line.checked.how}: too long ago, or edited"
            yield Finding("check-expired", line.id, words)


def _numbers(line: Line) -> Iterator[Finding]:
    for contact in line.contacts:
        words = f"{contact.kind} {contact.value}"
        try:
            codes.check_contact(contact.kind, contact.value, contact.e164)
            if contact.e164:
                _check_full(contact, line.countries)
        except ValueError as error:
            yield Finding("bad-number", line.id, f"{words}: {error}")
            continue
        if links.href(contact.kind, contact.value, contact.e164, contact.note) is None:
            yield Finding("bad-number", line.id, f"{words}: one tap cannot open it")
        elif _lacks_full(contact):
            likely = any(codes.is_valid_in(contact.value, code) for code in line.countries)
            kind = "no-e164" if likely else "unlikely-number"
            why = "not written in full" if likely else "in no number range that phonenumbers knows"
            yield Finding(kind, line.id, f"{words}: {why}")


def _check_full(contact: Contact, countries: tuple[str, ...]) -> None:
    codes.check_valid_e164(contact.e164)
    if not codes.says_the_same(contact.value, contact.e164, countries):
        raise ValueError(f"{contact.e164} is another number")


def _lacks_full(contact: Contact) -> bool:
    return (
        contact.kind in codes.DIALLED_KINDS
        and not contact.e164
        and len(links.dialled(contact.value)) >= codes.LONG_NUMBER
    )


def _hours(slug: str, hours: Hours) -> Iterator[Finding]:
    if hours.time_zone:
        try:
            codes.check_time_zone(hours.time_zone)
        except ValueError as error:
            yield Finding("broken-hours", slug, str(error))
    elif hours.opening:
        yield Finding("broken-hours", slug, "opening times without a time zone")
    if minutes_open_twice(hours.opening):
        yield Finding("broken-hours", slug, f"opening times overlap ({hours.words})")
