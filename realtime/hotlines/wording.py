"""What is said about lines and countries, in words that claim no more than is known; pure."""

from __future__ import annotations

from calendar import month_name
from collections.abc import Sequence
from datetime import date
from urllib.parse import urlsplit

from realtime.hotlines.facts import Country, Facts, HotlineQuery, Line, Source

INTERNATIONAL_NAME = "Find A Helpline"
INTERNATIONAL_HREF = "https://findahelpline.com/"
NUMBER_UNKNOWN = "the emergency number of the place you are in"
# A data file of unknown origin only backs up what others list.
_BACKS_UP_ONLY = "github.com"


def freshness(line: Line) -> str:
    """Say who listed a line and when; "checked" only when somebody of this site did.

    No source is named for a number that was typed here.
    """
    if line.checked and not (line.edited_on and line.edited_on > line.checked.on):
        return f"checked by this site, {_day(line.checked.on)}, {line.checked.how}"
    if line.edited_on:
        return f"edited by this site, {_day(line.edited_on)}"
    dated = [source for source in line.sources if source.date]
    if not dated:
        return "not checked"
    newest = max(dated, key=lambda source: (source.date, _host(source) != _BACKS_UP_ONLY))
    return f"listed by {_host(newest)}, {month_of(newest.date)}"


def _day(on: date) -> str:
    return f"{on.day} {month_name[on.month]} {on.year}"


def month_of(text: str) -> str:
    """Turn 2026-04-22 into April 2026; a bare year stays a year."""
    return f"{month_name[int(text[5:7])]} {text[:4]}" if len(text) >= 7 else text


def _host(source: Source) -> str:
    return (urlsplit(source.url).hostname or "").removeprefix("www.")


def message(
    facts: Facts,
    query: HotlineQuery,
    country: Country | None,
    lines: Sequence[Line],
) -> str:
    """Tell the model in plain words what is missing, unsure or to be asked."""
    if country is None:
        return _country_unknown(facts, query)
    return " ".join(
        [
            *_how_sure(facts, query, country),
            *_what_is_missing(facts, query, country, lines),
            *(
                ["The sources for the first line differ: say that it may have changed."]
                if lines and lines[0].conflicts
                else []
            ),
            *_not_for_all(lines),
        ]
    )


def _country_unknown(facts: Facts, query: HotlineQuery) -> str:
    ask = "ask which country the person is in"
    if query.choices:
        ask += " (" + " or ".join(_names(facts, query.choices)) + "?)"
    return (
        f"The country is not known: {ask}. Until then give the international directory, "
        f"{INTERNATIONAL_HREF}, and say that it lists lines by country. Name no number."
    )


def _how_sure(facts: Facts, query: HotlineQuery, country: Country) -> list[str]:
    if query.guessed:
        return [
            f"{country.name} is a guess from the person's device: "
            f'say "lines for {country.name}" and ask to be told if that is wrong.'
        ]
    others = [code for code in query.choices if code != country.code]
    if others:
        other = " and ".join(_names(facts, others))
        return [
            f"These lines are for {country.name}; another sign points to {other}. "
            "Ask which country is right; the person can change it on the card."
        ]
    return [f"Lines for {country.name}."]


def _what_is_missing(
    facts: Facts, query: HotlineQuery, country: Country, lines: Sequence[Line]
) -> list[str]:
    said = []
    served = {slug for line in lines for slug in line.needs}
    urgent = {slug for slug, need in facts.needs.items() if need.urgent}
    asks_urgent = bool(urgent & set(query.needs)) or not (query.needs or query.audiences)
    national = any(country.code in line.countries for line in lines)
    if asks_urgent and not (urgent & served and national):
        said.append(
            f"No suicide or crisis line is known for {country.name}: say so, and give the "
            f"emergency number and {INTERNATIONAL_HREF}."
        )
    for slug in query.needs:
        if slug in facts.needs and slug not in served | urgent:
            name = facts.needs[slug].name
            said.append(f'No line for "{name}" is known for {country.name}: say so.')
    for slug in query.audiences:
        if slug in facts.audiences and not any(slug in line.audiences for line in lines):
            name = facts.audiences[slug].name
            said.append(f'No line just for "{name}" is known here that fits.')
    if not lines:
        said.append(f"No line fits: give {INTERNATIONAL_HREF}.")
    if country.emergency_as_json() is None:
        said.append("No emergency number is known here: ask the person to use the local one.")
    return said


def _not_for_all(lines: Sequence[Line]) -> list[str]:
    said = []
    if any(line.regions for line in lines):
        said.append("Some lines serve only the regions they name.")
    if any(line.only_for for line in lines):
        said.append("Some lines serve only the people or the trouble they name.")
    return said


def _names(facts: Facts, codes: Sequence[str]) -> list[str]:
    return [facts.countries[code].name for code in codes if code in facts.countries]
