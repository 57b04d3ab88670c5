"""From checked rows of a data file to the facts of the directory; pure."""

from __future__ import annotations

from realtime.hotlines.facts import Audience, Contact, EmergencyNumber, Line, Need, Source
from realtime.hotlines.importing.schema import (
    SERVICES,
    AudienceRow,
    EmergencyRow,
    HotlineRow,
    HoursRow,
    NeedRow,
    SourceRow,
)
from realtime.hotlines.opening import Hours, parse_opening


def need(row: NeedRow) -> Need:
    return Need(row.id, row.name, row.definition, row.urgent, row.broad, row.implies)


def audience(row: AudienceRow) -> Audience:
    return Audience(row.id, row.name, row.definition)


def source(row: SourceRow) -> Source:
    return Source(row.url, row.seen, row.date or "", row.verified_by_source or "")


def line(row: HotlineRow) -> Line:
    return Line(
        id=row.id,
        name=row.name,
        organisation=row.organisation or "",
        countries=tuple(sorted(row.countries)),
        international=row.international,
        regions=tuple(row.regions),
        needs=tuple(sorted(row.needs)),
        audiences=tuple(sorted(row.audiences)),
        open_to_all=row.open_to_all,
        languages=tuple(row.languages),
        languages_inferred=row.languages_inferred,
        hours=_hours(row.hours),
        cost=row.cost,
        website=row.website or "",
        confidence=row.confidence,
        conflicts=row.conflicts or "",
        notes=row.notes or "",
        last_seen=row.last_seen,
        contacts=tuple(
            Contact(one.kind, one.value, one.e164 or "", one.note or "") for one in row.contacts
        ),
        sources=tuple(source(one) for one in row.sources),
        only_for=row.only_for or "",
        pair=row.pair or "",
    )


def _hours(hours: str | HoursRow) -> Hours:
    if isinstance(hours, str):
        return Hours(hours)
    return Hours("set", hours.text, hours.timezone or "", parse_opening(hours.opening))


def emergency(row: EmergencyRow) -> tuple[EmergencyNumber, ...]:
    """Give a country's numbers in the order people look for them."""
    return tuple(
        EmergencyNumber(
            service=service,
            number=number,
            confidence=row.confidence,
            also_reported=also_reported,
            note=row.notes or "",
            sources=tuple(sorted(row.sources)),
        )
        for also_reported in (False, True)
        for service in SERVICES
        for number in row.numbers(service, also_reported=also_reported)
    )
