"""Which country a person is in: their choice, else the time zone, else nothing but a question."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from babel.core import get_global

_REGION = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z]{4})?-([A-Za-z]{2})(?:-|$)")


@dataclass(frozen=True, slots=True)
class PersonPlace:
    """What is known of where a person is: their own choice, and two signs of their device."""

    choice: str | None = None  # ISO 3166-1 alpha-2
    time_zone: str | None = None  # IANA
    locale: str | None = None  # BCP 47


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """A country, or none; `guessed` when only the device says so; `choices` to ask about."""

    country: str | None
    guessed: bool = False
    choices: tuple[str, ...] = ()


def whereabouts(person: PersonPlace, *, said: str = "") -> Whereabouts:
    """Weigh the person's choice, the code the model heard (`said`), time zone and locale region.

    A choice is never overridden: where what was said differs, both are offered again.
    """
    if person.choice:
        differs = said and said != person.choice
        return Whereabouts(person.choice, choices=(person.choice, said) if differs else ())
    zone = country_of_zone(person.time_zone)
    if said:
        return Whereabouts(said, choices=(said, zone) if zone and zone != said else ())
    region = region_of_locale(person.locale)
    if zone and region and zone != region:
        return Whereabouts(None, choices=(zone, region))
    if zone:
        return Whereabouts(zone, guessed=True)
    # A locale alone is no sign of a place: en-US is what many devices are sold with.
    return Whereabouts(None, choices=(region,) if region else ())


def region_of_locale(locale: str | None) -> str | None:
    match = _REGION.match((locale or "").replace("_", "-"))
    return match.group(1).upper() if match else None


def country_of_zone(name: str | None) -> str | None:
    """Give the country whose clock a time zone names; None for UTC, offsets and nonsense.

    zone.tab has one country for each zone that people pick, so Europe/Vaduz and Europe/Zurich
    differ; zone1970.tab and the links of tzdata would merge them. Old names that browsers still
    send (Asia/Calcutta) are known to CLDR; bare ones (EST, CET) are clocks, not places.
    """
    if not name or "/" not in name:
        return None
    zones = _zones()
    return zones.get(name) or zones.get(get_global("zone_aliases").get(name, ""))


def zones_of_country(code: str) -> tuple[str, ...]:
    """Name every time zone that `country_of_zone` takes for a country, old names too."""
    aliases = {**{zone: zone for zone in _zones()}, **get_global("zone_aliases")}
    return tuple(sorted(old for old, new in aliases.items() if _zones().get(new) == code))


@cache
def _zones() -> dict[str, str]:
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines() if not line.startswith("#")]
    return {row[2]: row[0] for row in rows if len(row) >= 3}
