"""Made-up lines with numbers that Ofcom keeps for drama, in the three forms the room knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from realtime.hotlines.codes import country_names
from realtime.hotlines.directory import Directory
from realtime.hotlines.facts import Audience, Contact, Country, EmergencyNumber, Line, Need, Source
from realtime.hotlines.opening import Hours

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # a Monday

NEEDS = {
    "suicide": Need("suicide", "Thoughts of suicide", "Thoughts of suicide.", urgent=True),
    "crisis": Need("crisis", "A crisis", "Any crisis.", urgent=True, broad=True),
    "listening": Need("listening", "Someone to listen", "Any worry.", broad=True),
    "gambling": Need("gambling", "Gambling", "Gambling harm."),
    "child-abuse": Need("child-abuse", "Abuse", "Abuse of a child.", implies="youth"),
}
AUDIENCES = {
    "youth": Audience("youth", "Young people", "Children and teenagers."),
    "veterans": Audience("veterans", "Veterans", "Former military."),
}


def a_line(slug: str = "gb-a", **changes: Any) -> Line:
    """A British suicide line open day and night, seen this year."""
    line = Line(
        id=slug,
        name=f"Line {slug}",
        organisation="",
        countries=("GB",),
        international=False,
        regions=(),
        needs=("suicide",),
        audiences=(),
        open_to_all=False,
        languages=("en",),
        languages_inferred=False,
        hours=Hours("24/7"),
        cost="free",
        website="",
        confidence="high",
        conflicts="",
        notes="",
        last_seen="2026-04-22",
        contacts=(Contact("phone", "020 7946 0001", "+442079460001"),),
        sources=(Source("https://www.example.org/lines", "a page", "2026-04-22"),),
    )
    return replace(line, **changes)


def a_directory(*lines: Line, lead: str | None = None) -> Directory:
    emergency = (EmergencyNumber("general", "999", "high"),)
    countries = {
        code: Country(code, name, lead if code == "GB" else None, emergency)
        for code, name in country_names().items()
    }
    return Directory(countries, NEEDS, AUDIENCES, lines)


def a_row(slug: str = "gb-a", **changes: Any) -> dict[str, Any]:
    """The same line as a row of a data file; a change to None leaves the key out."""
    row = {
        "id": slug,
        "name": f"Line {slug}",
        "countries": ["GB"],
        "needs": ["suicide"],
        "languages": ["en"],
        "contacts": [{"kind": "phone", "value": "020 7946 0001", "e164": "+442079460001"}],
        "hours": "24/7",
        "cost": "free",
        "sources": [
            {"url": "https://www.example.org/lines", "seen": "a page", "date": "2026-04-22"}
        ],
        "last_seen": "2026-04-22",
        "confidence": "high",
        **changes,
    }
    return {key: value for key, value in row.items() if value is not None}


def a_top(*rows: object, **changes: Any) -> dict[str, Any]:
    return {
        "version": 1,
        "needs": [{"id": "suicide", "name": "Suicide", "definition": "Suicide.", "urgent": True}],
        "audiences": [{"id": "youth", "name": "Youth", "definition": "Young people."}],
        "hotlines": list(rows),
        "emergency_sources": {"a_list": {"url": "https://www.example.org/", "seen": "a page"}},
        "emergency_numbers": [
            {"country": "GB", "general": ["999"], "sources": ["a_list"], "confidence": "high"}
        ],
        **changes,
    }


def a_file(folder: Path, *rows: dict[str, Any], name: str = "lines.yaml", **top: Any) -> Path:
    path = folder / name
    path.write_text(yaml.safe_dump(a_top(*rows, **top), allow_unicode=True), encoding="utf-8")
    return path
