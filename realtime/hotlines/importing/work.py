"""What every step of an import works with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from realtime.hotlines import models
from realtime.hotlines.facts import Facts
from realtime.hotlines.importing.rows import Parsed


@dataclass(slots=True)
class Report:
    """What an import did; `remarks` are for the person who started it."""

    lines: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ByHand:
    """What people edited or deleted in the admin."""

    hotlines: frozenset[str]
    contacts: frozenset[str]  # lines with a contact edited or deleted by hand
    emergency: frozenset[str]  # countries with a number edited or deleted by hand
    countries: frozenset[str]
    needs: frozenset[str]
    audiences: frozenset[str]
    deleted: frozenset[tuple[str, str]]

    def kept(self, what: str, keys: Iterable[str]) -> tuple[str, ...]:
        """Leave out what a person deleted."""
        return tuple(key for key in keys if (what, key) not in self.deleted)


@dataclass(frozen=True, slots=True)
class Work:
    """The files, what is stored, what is not ours to change, and the report to fill."""

    parsed: Parsed
    known: Facts
    by_hand: ByHand
    report: Report

    @property
    def file_names(self) -> list[str]:
        return [file.name for file in self.parsed.files]


def read_by_hand() -> ByHand:
    deleted = frozenset(models.HandDeletion.objects.values_list("what", "key"))
    return ByHand(
        hotlines=_edited(models.Hotline),
        contacts=_edited(models.Contact, "hotline_id") | _owners(deleted, "contact"),
        emergency=_edited(models.EmergencyNumber, "country_id")
        | _owners(deleted, "emergency number"),
        countries=_edited(models.Country),
        needs=_edited(models.Need),
        audiences=_edited(models.Audience),
        deleted=deleted,
    )


def _edited(model: type[Any], name: str = "pk") -> frozenset[str]:
    return frozenset(model.objects.filter(edited_by_hand=True).values_list(name, flat=True))


def _owners(deleted: frozenset[tuple[str, str]], what: str) -> frozenset[str]:
    return frozenset(key.split(" ")[0] for kind, key in deleted if kind == what)
