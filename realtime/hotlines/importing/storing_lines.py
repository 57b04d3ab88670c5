"""Help lines: from facts to rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from realtime.hotlines import models
from realtime.hotlines.facts import Contact, Line
from realtime.hotlines.importing.work import Work
from realtime.hotlines.opening import opening_as_json

_FIELDS = [
    "name", "organisation", "international", "regions", "open_to_all", "languages",
    "languages_inferred", "hours", "hours_text", "time_zone", "opening", "cost", "website",
    "confidence", "conflicts", "notes", "last_seen", "only_for", "pair", "imported_from",
]  # fmt: skip


def store_lines(work: Work) -> None:
    """Write the lines that differ: a line's own facts and its contacts are judged apart."""
    known = {line.id: line for line in work.known.lines}
    kept = set(work.by_hand.kept("hotline", (line.id for line in work.parsed.facts.lines)))
    facts, contacts = [], []
    for parsed in work.parsed.facts.lines:
        if parsed.id not in kept:
            work.report.remarks.append(f"{parsed.id}: deleted by hand, not brought back")
            continue
        line = replace(
            parsed,
            needs=work.by_hand.kept("need", parsed.needs),
            audiences=work.by_hand.kept("audience", parsed.audiences),
        )
        stored = known.get(line.id)
        if stored is None:
            work.report.added += 1
            facts.append(line)
            contacts.append(line)
            continue
        new_facts = _facts_to_write(work, line, stored)
        new_contacts = _contacts_to_write(work, line, stored)
        facts += [line] if new_facts else []
        contacts += [line] if new_contacts else []
        work.report.changed += new_facts or new_contacts
    _write_facts(work, facts)
    _write_contacts(contacts)
    _write_history(
        (line.id, f"contacts: {_numbers(known[line.id].contacts)} -> {_numbers(line.contacts)}")
        for line in contacts
        if line.id in known
    )


def _facts_to_write(work: Work, line: Line, stored: Line) -> bool:
    if replace(line, contacts=()) == replace(stored, contacts=(), checked=None):
        return False
    if line.id in work.by_hand.hotlines:
        work.report.remarks.append(f"{line.id}: edited by hand, kept as it is")
        return False
    return True


def _contacts_to_write(work: Work, line: Line, stored: Line) -> bool:
    if line.contacts == stored.contacts:
        return False
    if line.id in work.by_hand.contacts:
        work.report.remarks.append(
            f"{line.id}: contacts edited by hand, kept: {_numbers(stored.contacts)} "
            f"(the file has {_numbers(line.contacts)})"
        )
        return False
    if stored.checked:
        work.report.remarks.append(f"{line.id}: new contacts, so no longer 'checked by this site'")
    return True


def _numbers(contacts: Iterable[Contact]) -> str:
    return ", ".join(f"{contact.kind} {contact.value}" for contact in contacts) or "none"


def _write_facts(work: Work, lines: list[Line]) -> None:
    slugs = [line.id for line in lines]
    models.Hotline.objects.bulk_create(
        [_row(line, work.parsed.origin[line.id]) for line in lines],
        update_conflicts=True,
        unique_fields=["slug"],
        update_fields=_FIELDS,
    )
    _write_links(models.Hotline.countries.through, "country_id", lines, lambda one: one.countries)
    _write_links(models.Hotline.needs.through, "need_id", lines, lambda one: one.needs)
    _write_links(models.Hotline.audiences.through, "audience_id", lines, lambda one: one.audiences)
    models.Source.objects.filter(hotline_id__in=slugs).delete()
    models.Source.objects.bulk_create(
        models.Source(
            hotline_id=line.id,
            url=source.url,
            seen=source.seen,
            date=source.date,
            verified_by_source=source.verified_by_source,
        )
        for line in lines
        for source in line.sources
    )


def _row(line: Line, imported_from: str) -> models.Hotline:
    return models.Hotline(
        slug=line.id,
        name=line.name,
        organisation=line.organisation,
        international=line.international,
        regions=list(line.regions),
        open_to_all=line.open_to_all,
        languages=list(line.languages),
        languages_inferred=line.languages_inferred,
        hours=line.hours.kind,
        hours_text=line.hours.text,
        time_zone=line.hours.time_zone,
        opening=opening_as_json(line.hours.opening),
        cost=line.cost,
        website=line.website,
        confidence=line.confidence,
        conflicts=line.conflicts,
        notes=line.notes,
        last_seen=line.last_seen,
        only_for=line.only_for,
        pair=line.pair,
        imported_from=imported_from,
    )


def _write_links(
    through: Any, column: str, lines: list[Line], targets: Callable[[Line], Iterable[str]]
) -> None:
    through.objects.filter(hotline_id__in=[line.id for line in lines]).delete()
    through.objects.bulk_create(
        through(**{"hotline_id": line.id, column: target})
        for line in lines
        for target in targets(line)
    )


def _write_contacts(lines: list[Line]) -> None:
    slugs = [line.id for line in lines]
    models.Contact.objects.filter(hotline_id__in=slugs).delete()
    models.Contact.objects.bulk_create(
        models.Contact(
            hotline_id=line.id,
            position=position,
            kind=contact.kind,
            value=contact.value,
            e164=contact.e164,
            note=contact.note,
        )
        for line in lines
        for position, contact in enumerate(line.contacts)
    )
    # What was tried out was another number.
    models.Hotline.objects.filter(slug__in=slugs).update(checked_on=None, checked_how="")


def _write_history(changes: Iterable[tuple[str, str]]) -> None:
    """Note what an import changed of numbers that somebody may have checked."""
    models.HotlineCheck.objects.bulk_create(
        models.HotlineCheck(
            line=slug,
            outcome=models.HotlineCheck.Outcome.EDITED,
            how=models.HotlineCheck.BY_IMPORT,
            note=words[: models.HotlineCheck.LONGEST_NOTE],
        )
        for slug, words in changes
    )


def remove_lines(work: Work) -> None:
    """Delete lines that came from these files and are gone from them: they closed or moved."""
    gone = models.Hotline.objects.filter(imported_from__in=work.file_names).exclude(
        slug__in=[line.id for line in work.parsed.facts.lines]
    )
    for slug in gone.values_list("slug", flat=True):
        if slug in work.by_hand.hotlines | work.by_hand.contacts:
            work.report.remarks.append(f"{slug}: gone from the file, kept as edited by hand")
        else:
            work.report.removed += 1
            work.report.remarks.append(f"{slug}: gone from the file, removed")
    removed = gone.exclude(slug__in=work.by_hand.hotlines | work.by_hand.contacts)
    _write_history((slug, "gone from the file") for slug in removed.values_list("slug", flat=True))
    removed.delete()
