"""From parsed files to rows: writes what differs, and leaves alone what a person edited by hand.

Runs inside the transaction of `operations.import_files`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from realtime.hotlines import models
from realtime.hotlines.facts import Audience, Facts, Need
from realtime.hotlines.importing.rows import Parsed
from realtime.hotlines.importing.storing_emergency import store_emergency
from realtime.hotlines.importing.storing_lines import remove_lines, store_lines
from realtime.hotlines.importing.work import Report, Work, read_by_hand

W = TypeVar("W", Need, Audience)


def store(parsed: Parsed, known: Facts) -> Report:
    """Write what differs between the files and what is stored."""
    work = Work(parsed, known, read_by_hand(), Report(lines=len(parsed.facts.lines)))
    _store_countries(work)
    _store_audiences(work)
    _store_needs(work)
    store_lines(work)
    remove_lines(work)
    store_emergency(work)
    _store_leads(work)
    return work.report


def _store_countries(work: Work) -> None:
    new = [
        models.Country(code=country.code, name=country.name)
        for country in work.parsed.facts.countries.values()
        if country.code not in work.by_hand.countries
        and (
            country.code not in work.known.countries
            or work.known.countries[country.code].name != country.name
        )
    ]
    models.Country.objects.bulk_create(
        new, update_conflicts=True, unique_fields=["code"], update_fields=["name"]
    )


def _store_audiences(work: Work) -> None:
    words = _words(
        work, "audience", work.parsed.facts.audiences, work.known.audiences, work.by_hand.audiences
    )
    models.Audience.objects.bulk_create(
        [
            models.Audience(slug=one.slug, name=one.name, definition=one.definition)
            for one in words
        ],
        update_conflicts=True,
        unique_fields=["slug"],
        update_fields=["name", "definition"],
    )


def _store_needs(work: Work) -> None:
    words = _words(work, "need", work.parsed.facts.needs, work.known.needs, work.by_hand.needs)
    rows = [
        models.Need(
            slug=need.slug,
            name=need.name,
            definition=need.definition,
            urgent=need.urgent,
            broad=need.broad,
            implies_id=next(
                iter(work.by_hand.kept("audience", [need.implies] if need.implies else [])), None
            ),
        )
        for need in words
    ]
    models.Need.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["slug"],
        update_fields=["name", "definition", "urgent", "broad", "implies"],
    )


def _words(
    work: Work, what: str, new: Mapping[str, W], known: Mapping[str, W], edited: frozenset[str]
) -> list[W]:
    """Choose the needs or audiences to write; say which ones a person's hand keeps."""
    chosen = []
    for slug in work.by_hand.kept(what, new):
        if known.get(slug) == new[slug]:
            continue
        if slug in edited:
            work.report.remarks.append(f"{what} {slug}: edited by hand, kept as it is")
        else:
            chosen.append(new[slug])
    return chosen


def _store_leads(work: Work) -> None:
    _forget_old_leads(work)
    rows = []
    for code, country in work.parsed.facts.countries.items():
        known = work.known.countries.get(code)
        if country.lead is None or (known is not None and known.lead == country.lead):
            continue
        if code in work.by_hand.countries:
            work.report.remarks.append(f"lead line of {code}: edited by hand, kept as it is")
        elif work.by_hand.kept("hotline", [country.lead]):
            name = work.parsed.origin[f"lead {code}"]
            rows.append(
                models.Country(
                    code=code, name=country.name, lead_id=country.lead, lead_imported_from=name
                )
            )
    models.Country.objects.bulk_update(rows, ["lead", "lead_imported_from"])


def _forget_old_leads(work: Work) -> None:
    """Unset the leads that came from these files and no longer stand in them."""
    led = [code for code, country in work.parsed.facts.countries.items() if country.lead]
    models.Country.objects.filter(
        lead_imported_from__in=work.file_names, edited_by_hand=False
    ).exclude(code__in=led).update(lead=None, lead_imported_from="")
