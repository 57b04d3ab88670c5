"""From the values of data files to facts: all faults are found before they are reported."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from realtime.hotlines import codes
from realtime.hotlines.facts import Audience, Country, EmergencyNumber, Facts, Line, Need, Source
from realtime.hotlines.importing import shaping
from realtime.hotlines.importing.reading import DataFile, ImportRefused, parse
from realtime.hotlines.importing.schema import (
    AudienceRow,
    CountryCode,
    EmergencyRow,
    FileSlug,
    HotlineRow,
    NeedRow,
    Row,
    Slug,
    SourceRow,
)

_SECTIONS = {
    "version": int,
    "date": str,
    "needs": list,
    "audiences": list,
    "lead_lines": dict,
    "hotlines": list,
    "emergency_sources": dict,
    "emergency_numbers": list,
}
_VERSION = 1
R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What some data files hold: checked, and in the form of the directory."""

    facts: Facts
    emergency_sources: dict[str, Source]
    files: tuple[DataFile, ...]
    # The file of each line (by id) and country (by code: its emergency numbers; "lead US").
    origin: dict[str, str]


@dataclass(slots=True)
class _Reading:
    """The rows so far, and everything that is wrong with them."""

    reasons: list[str] = field(default_factory=list)
    needs: dict[str, Need] = field(default_factory=dict)
    audiences: dict[str, Audience] = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)
    leads: dict[str, str] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    emergency: dict[str, tuple[EmergencyNumber, ...]] = field(default_factory=dict)
    origin: dict[str, str] = field(default_factory=dict)

    def refuse(self, file: DataFile | str, row: str, reason: str) -> None:
        name = file if isinstance(file, str) else file.name
        self.reasons.append(f"{name}: {row}: {reason}")

    def row(self, file: DataFile, name: str, values: object, shape: type[R]) -> R | None:
        try:
            return shape.model_validate(values)
        except ValidationError as error:
            for fault in error.errors(include_url=False):
                place = ".".join(str(part) for part in fault["loc"])
                why = fault["msg"].removeprefix("Value error, ")
                self.refuse(file, name, f"{place}: {why}" if place else why)
            return None

    def word(self, file: DataFile, name: str, value: object, kind: Any) -> bool:
        try:
            TypeAdapter(kind).validate_python(value, strict=True)
        except ValidationError as error:
            self.refuse(file, name, error.errors()[0]["msg"].removeprefix("Value error, "))
            return False
        return True

    def rows(self, file: DataFile, section: str, raw: list[Any], shape: type[R]) -> list[R]:
        rows = []
        for number, values in enumerate(raw, start=1):
            row = self.row(file, _name_of(values) or f"{section} row {number}", values, shape)
            if row is not None:
                rows.append(row)
        return rows

    def keep(self, file: DataFile, into: dict[str, Any], key: str, value: object) -> None:
        if key in into:
            self.refuse(file, key, "the id stands twice")
        into[key] = value


def read(files: Sequence[DataFile], *, known: Facts) -> Parsed:
    """Read data files; rows may lean on what is `known`. ImportRefused lists every fault."""
    reading = _Reading()
    for file in files:
        _read_file(reading, file)
    _check_references(reading, known)
    if reading.reasons:
        raise ImportRefused(reading.reasons)
    countries = {
        code: Country(code, name, reading.leads.get(code), reading.emergency.get(code, ()))
        for code, name in codes.country_names().items()
    }
    facts = Facts(countries, reading.needs, reading.audiences, tuple(reading.lines.values()))
    return Parsed(facts, reading.sources, tuple(files), reading.origin)


def _read_file(reading: _Reading, file: DataFile) -> None:
    try:
        top = _sections(file)
    except ImportRefused as refused:
        reading.reasons += refused.reasons
        return
    for need in reading.rows(file, "needs", top["needs"], NeedRow):
        reading.keep(file, reading.needs, need.id, shaping.need(need))
        reading.origin[f"need {need.id}"] = file.name
    for audience in reading.rows(file, "audiences", top["audiences"], AudienceRow):
        reading.keep(file, reading.audiences, audience.id, shaping.audience(audience))
    for line in reading.rows(file, "hotlines", top["hotlines"], HotlineRow):
        reading.keep(file, reading.lines, line.id, shaping.line(line))
        reading.origin[line.id] = file.name
    _read_leads(reading, file, top["lead_lines"])
    _read_sources(reading, file, top["emergency_sources"])
    for row in reading.rows(file, "emergency_numbers", top["emergency_numbers"], EmergencyRow):
        reading.keep(file, reading.emergency, row.country, shaping.emergency(row))
        reading.origin[row.country] = file.name


def _sections(file: DataFile) -> dict[str, Any]:
    """Give every section of a file, empty where it has none."""
    top = parse(file)
    reasons = [f"{file.name}: unknown section {key!r}" for key in top if key not in _SECTIONS]
    for name, kind in _SECTIONS.items():
        if name in top and not isinstance(top[name], kind):
            reasons.append(f"{file.name}: {name} must be a {kind.__name__}")
    if top.get("version") != _VERSION:
        reasons.append(f"{file.name}: version must be {_VERSION}")
    if reasons:
        raise ImportRefused(reasons)
    return {name: top.get(name, kind()) for name, kind in _SECTIONS.items()}


def _read_leads(reading: _Reading, file: DataFile, raw: dict[Any, Any]) -> None:
    for key, value in raw.items():
        name = f"lead_lines {key}"
        if reading.word(file, name, key, CountryCode) and reading.word(file, name, value, Slug):
            reading.keep(file, reading.leads, key, value)
            reading.origin[f"lead {key}"] = file.name


def _read_sources(reading: _Reading, file: DataFile, raw: dict[Any, Any]) -> None:
    for slug, values in raw.items():
        source = reading.row(file, f"emergency_sources {slug}", values, SourceRow)
        if reading.word(file, "emergency_sources", slug, FileSlug) and source is not None:
            reading.keep(file, reading.sources, slug, shaping.source(source))


def _check_references(reading: _Reading, known: Facts) -> None:
    audiences = {**known.audiences, **reading.audiences}
    for need in reading.needs.values():
        if need.implies:
            file = reading.origin[f"need {need.slug}"]
            _must_be_listed(reading, file, need.slug, "implies", [need.implies], audiences)
    needs = {**known.needs, **reading.needs}
    for line in reading.lines.values():
        file = reading.origin[line.id]
        _must_be_listed(reading, file, line.id, "needs", line.needs, needs)
        _must_be_listed(reading, file, line.id, "audiences", line.audiences, audiences)
    for code, numbers in reading.emergency.items():
        slugs = sorted({slug for number in numbers for slug in number.sources})
        _must_be_listed(reading, reading.origin[code], code, "sources", slugs, reading.sources)
    lines = {**{line.id: line for line in known.lines}, **reading.lines}
    for code, slug in reading.leads.items():
        if slug not in lines or code not in lines[slug].countries:
            reason = f"{slug!r} is no line of this country"
            reading.refuse(reading.origin[f"lead {code}"], f"lead_lines {code}", reason)


def _must_be_listed(
    reading: _Reading,
    file: str,
    row: str,
    name: str,
    slugs: Iterable[str],
    allowed: Collection[str],
) -> None:
    for slug in slugs:
        if slug not in allowed:
            reading.refuse(file, row, f"{name}: {slug!r} is not in the list")


def _name_of(values: object) -> str:
    """Give what a reader looks for in the file: the id, or the country."""
    if not isinstance(values, dict):
        return ""
    return str(values.get("id") or values.get("country") or "")[:60]
