"""The directory of help lines, held in memory so that help needs no database; pure.

`Directory.find` answers a `HotlineQuery`; which lines come first is decided in `ranking.py`, how
it is put in words in `wording.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from realtime.hotlines import ranking, wording
from realtime.hotlines.facts import Country, Facts, HotlineQuery, Line
from realtime.hotlines.places import PersonPlace, Whereabouts, whereabouts

__all__ = ["Directory", "FoundHelp", "FoundLine", "HotlineQuery"]


@dataclass(frozen=True, slots=True)
class FoundLine:
    line: Line
    lead: bool
    open_now: bool | None
    paired_with: tuple[str, ...] = ()  # ids of other lines of the same answer

    def as_json(self) -> dict[str, Any]:
        line = self.line
        return {
            "id": line.id,
            "name": line.name,
            "organisation": line.organisation or None,
            "lead": self.lead,
            "needs": list(line.needs),
            "audiences": list(line.audiences),
            "regions": line.serves_only or None,
            "languages": list(line.languages),
            "languagesInferred": line.languages_inferred,
            "hours": line.hours.words,
            "openNow": self.open_now,
            "cost": line.cost,
            "website": line.website or None,
            "freshness": wording.freshness(line),
            "conflicts": bool(line.conflicts),
            "contacts": [contact.as_json() for contact in line.contacts],
        }


@dataclass(frozen=True, slots=True)
class FoundHelp:
    """The answer: lines (at most five, if not asked for more), emergency numbers, words."""

    query: HotlineQuery
    country: Country | None
    lines: tuple[FoundLine, ...]
    message: str

    def as_json(self) -> dict[str, Any]:
        """Give the tool result read by the model, by the page's card and by reviewers."""
        return {
            "country": self.country.code if self.country else None,
            "countryName": self.country.name if self.country else None,
            "needs": list(self.query.needs),
            "audiences": list(self.query.audiences),
            "lines": [found.as_json() for found in self.lines],
            "emergency": self.country.emergency_as_json() if self.country else None,
            "international": {
                "name": wording.INTERNATIONAL_NAME,
                "href": wording.INTERNATIONAL_HREF,
            },
            "guessed": self.query.guessed and self.country is not None,
            "choices": list(self.query.choices),
            "message": self.message,
        }


@dataclass(frozen=True, eq=False)
class Directory(Facts):
    """The facts, ready to be asked; one object, replaced whole when the data changes."""

    @classmethod
    def of(cls, facts: Facts) -> Directory:
        return cls(facts.countries, facts.needs, facts.audiences, facts.lines)

    @cached_property
    def _by_country(self) -> dict[str, tuple[Line, ...]]:
        found: dict[str, list[Line]] = {}
        for line in self.lines:
            for code in line.countries:
                found.setdefault(code, []).append(line)
        return {code: tuple(lines) for code, lines in found.items()}

    @cached_property
    def _international(self) -> tuple[Line, ...]:
        # The international directory has a place of its own in every answer.
        return tuple(
            line
            for line in self.lines
            if line.international and line.website != wording.INTERNATIONAL_HREF
        )

    def lines_in(self, country: str) -> tuple[Line, ...]:
        return self._by_country.get(country, ())

    def pair_of(self, line: Line) -> tuple[Line, ...]:
        """Give the other lines of a line's pair that serve one of its countries."""
        return tuple(
            other
            for other in self.lines
            if line.pair
            and other.pair == line.pair
            and other.id != line.id
            and not set(line.countries).isdisjoint(other.countries)
        )

    def country_code(self, text: str | None) -> str | None:
        """Find the code for what somebody called a country: `gb`, `UK`, `United Kingdom`."""
        if text is None:
            return None
        code = _USUAL_NAMES.get(text.strip().upper(), text.strip().upper())
        if code in self.countries:
            return code
        return next((c.code for c in self.countries.values() if c.name.upper() == code), None)

    def place_of(self, person: PersonPlace, *, said: str | None = None) -> Whereabouts:
        """Weigh where a person is, among the countries known here; `said` is a code or a name."""
        place = whereabouts(
            PersonPlace(self.country_code(person.choice), person.time_zone, person.locale),
            said=self.country_code(said) or "",
        )
        return Whereabouts(
            country=place.country if place.country in self.countries else None,
            guessed=place.guessed,
            choices=tuple(code for code in place.choices if code in self.countries),
        )

    def find(
        self, query: HotlineQuery, *, now: datetime, most: int = ranking.MOST_LINES
    ) -> FoundHelp:
        """Choose and order the lines for a query; `now` is aware."""
        country = self.countries.get(query.country or "")
        ranked = ranking.rank(
            self.lines_in(country.code) if country else (),
            self._international,
            query,
            self,
            lead=country.lead if country else None,
            now=now,
            most=most,
        )
        lines = tuple(
            FoundLine(
                line=line,
                # Only where it leads: for eating a country's crisis line is one among others.
                lead=country is not None and line.id == country.lead and line is ranked[0],
                open_now=line.hours.open_at(now),
                paired_with=_paired(line, ranked),
            )
            for line in ranked
        )
        return FoundHelp(query, country, lines, wording.message(self, query, country, ranked))

    def has_crisis_line(self, found: FoundHelp) -> bool:
        return any(self.needs[slug].urgent for one in found.lines for slug in one.line.needs)


def _paired(line: Line, lines: tuple[Line, ...]) -> tuple[str, ...]:
    return tuple(one.id for one in lines if line.pair and one.pair == line.pair and one != line)


_USUAL_NAMES = {"UK": "GB", "GREAT BRITAIN": "GB", "USA": "US", "UNITED STATES OF AMERICA": "US"}
