"""The help page: plain HTML that works without script, sockets, a model or the chat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from realtime.hotlines import codes, links, wording
from realtime.hotlines.directory import Directory, FoundHelp, FoundLine
from realtime.hotlines.facts import Contact, Country, HotlineQuery, Line

_LABELS = {
    "phone": "Call {}",
    "sms": "Text {}",
    "chat": "Chat online",
    "whatsapp": "WhatsApp {}",
    "email": "Email {}",
    "web": "Open the website",
    "tty": "Text phone (TTY) {}",
}
# Ways for somebody who cannot or does not want to speak.
_QUIET = frozenset({"sms", "chat", "whatsapp"})
_COSTS = {"free": "Free", "standard": "Costs as a normal call", "unknown": ""}


@dataclass(frozen=True, slots=True)
class _Way:
    label: str
    href: str | None
    note: str


@dataclass(frozen=True, slots=True)
class _Also:
    """The other line of a pair, where it has no card beside the first."""

    name: str
    whom: str
    ways: list[_Way]


@dataclass(frozen=True, slots=True)
class _Card:
    name: str
    organisation: str
    serves_only: str
    hours: str
    cost: str
    freshness: str
    conflicts: bool
    ways: list[_Way]
    spoken: str = ""  # said of a pair, whose lines often differ by it
    also: tuple[_Also, ...] = ()


@dataclass(frozen=True, slots=True)
class _Section:
    title: str
    cards: list[_Card]


def render_help(directory: Directory, *, country: str | None, now: datetime) -> str:
    """Render the page for a country (any spelling; None asks which)."""
    code = directory.country_code(country)
    known = directory.countries[code] if code else None
    found = directory.find(HotlineQuery(code), now=now)
    context = {
        **_first_facts(directory, known, found),
        "unknown": country if country and not known else None,
        "cards": _cards(directory, found.lines) if known else [],
        "sections": _sections(directory, code, found.lines, now) if code else [],
        "options": _options(directory, code),
    }
    return render_to_string("hotlines/help.html", context)


def render_first_help(directory: Directory, *, guess: str | None, now: datetime) -> str:
    """Render the essentials, a part for pages that cannot chat, for a guessed country code."""
    country = directory.countries.get(guess or "")
    found = directory.find(HotlineQuery(country.code if country else None), now=now)
    context = {
        **_first_facts(directory, country, found),
        "cards": [_card(line) for line in _first_lines(found.lines)] if country else [],
    }
    return render_to_string("hotlines/first_help.html", context)


def _options(directory: Directory, chosen: str | None) -> SafeString:
    options = _all_options(directory)
    if chosen:
        options = options.replace(f'value="{chosen}"', f'value="{chosen}" selected', 1)
    return mark_safe(options)


@lru_cache(maxsize=2)
def _all_options(directory: Directory) -> str:
    """Made once: for the pages of all countries it would be half of the work."""
    named = sorted(directory.countries.values(), key=lambda one: one.name)
    rows = ((one.code, one.name) for one in named)
    return str(format_html_join("\n", '<option value="{}">{}</option>', rows))


def _first_facts(
    directory: Directory, country: Country | None, found: FoundHelp
) -> dict[str, object]:
    return {
        "country": country,
        "emergency": _emergency(country),
        "no_crisis_line": country is not None and not directory.has_crisis_line(found),
        "international": {
            "name": wording.INTERNATIONAL_NAME,
            "href": wording.INTERNATIONAL_HREF,
        },
    }


def _first_lines(lines: tuple[FoundLine, ...]) -> tuple[FoundLine, ...]:
    """Give the first line and, where it only speaks, the next that can be written to."""
    first, rest = lines[:1], lines[1:]
    if any(_can_be_written_to(line) for line in first):
        return first
    return (*first, *[line for line in rest if _can_be_written_to(line)][:1])


def _can_be_written_to(found: FoundLine) -> bool:
    return any(contact.kind in _QUIET for contact in found.line.contacts)


def _emergency(country: Country | None) -> list[dict[str, str]]:
    shown = country.emergency_as_json() if country else None
    return shown["numbers"] if shown else []


def _sections(
    directory: Directory, code: str, first: tuple[FoundLine, ...], now: datetime
) -> list[_Section]:
    """Give the lines for other needs, those for groups (nobody is sorted into one), and the rest.

    A search gives five at most; this page leaves none out.
    """
    sections = []
    shown = {one.line.id for one in first}
    for need in directory.needs.values():
        if not need.urgent:
            found = directory.find(HotlineQuery(code, needs=(need.slug,)), now=now)
            fitting = [one for one in found.lines if need.slug in one.line.needs]
            shown |= {one.line.id for one in fitting}
            sections.append(_Section(need.name, _cards(directory, fitting)))
    for audience in directory.audiences.values():
        found = directory.find(HotlineQuery(code, audiences=(audience.slug,)), now=now)
        fitting = [one for one in found.lines if audience.slug in one.line.audiences]
        shown |= {one.line.id for one in fitting}
        sections.append(_Section(f"For: {audience.name}", _cards(directory, fitting)))
    rest = [card_of(line, now=now) for line in directory.lines_in(code) if line.id not in shown]
    return [section for section in [*sections, _Section("More lines", rest)] if section.cards]


def card_of(line: Line, *, now: datetime | None = None) -> _Card:
    """Give a line's facts in words; whether it is open only when a moment is given."""
    return _card(FoundLine(line, lead=False, open_now=line.hours.open_at(now) if now else None))


def _card(found: FoundLine) -> _Card:
    line = found.line
    return _Card(
        name=line.name,
        organisation=line.organisation,
        serves_only=line.serves_only.removeprefix("for "),
        hours=_hours(line),
        cost=_COSTS[line.cost],
        freshness=wording.freshness(line),
        conflicts=bool(line.conflicts),
        ways=_ways(line),
    )


def _cards(directory: Directory, lines: Sequence[FoundLine]) -> list[_Card]:
    beside = {one.line.id for one in lines}
    return [
        replace(
            _card(one),
            spoken=_spoken(one.line) if one.line.pair else "",
            also=tuple(
                _Also(other.name, _whom(directory, other), _ways(other))
                for other in directory.pair_of(one.line)
                if other.id not in beside
            ),
        )
        for one in lines
    ]


def _whom(directory: Directory, line: Line) -> str:
    groups = [directory.audiences[slug].name.lower() for slug in line.audiences]
    words = f"for {', '.join(groups)}" if groups and not line.open_to_all else ""
    return ", ".join(part for part in (_spoken(line), words, line.serves_only) if part)


def _spoken(line: Line) -> str:
    return ", ".join(codes.language_name(tag) for tag in line.languages)


def _hours(line: Line) -> str:
    """Never "open now": the page is kept as a file and on devices, and read at any hour."""
    return "Open day and night" if line.hours.kind == "24/7" else line.hours.words


def _ways(line: Line) -> list[_Way]:
    return [_way(contact) for contact in line.contacts]


def _way(contact: Contact) -> _Way:
    href = links.href(contact.kind, contact.value, contact.e164, contact.note)
    return _Way(_LABELS[contact.kind].format(contact.value), href, contact.note)
