"""Emergency numbers: from facts to rows."""

from __future__ import annotations

from collections.abc import Iterable

from realtime.hotlines import models
from realtime.hotlines.facts import EmergencyNumber
from realtime.hotlines.importing.work import Work


def store_emergency(work: Work) -> None:
    """Write the countries whose numbers differ, each country's as a whole."""
    models.EmergencySource.objects.bulk_create(
        [
            models.EmergencySource(slug=slug, url=one.url, seen=one.seen, date=one.date)
            for slug, one in work.parsed.emergency_sources.items()
        ],
        update_conflicts=True,
        unique_fields=["slug"],
        update_fields=["url", "seen", "date"],
    )
    new = {
        code: one.emergency for code, one in work.parsed.facts.countries.items() if one.emergency
    }
    new |= dict.fromkeys(_gone(work, new), ())
    for code in list(new):
        known = work.known.countries.get(code)
        stored = known.emergency if known else ()
        if new[code] == stored:
            del new[code]
        elif code in work.by_hand.emergency:
            work.report.remarks.append(
                f"emergency numbers of {code}: edited by hand, kept: {_numbers(stored)} "
                f"(the file has {_numbers(new.pop(code))})"
            )
    _write(work, new)


def _gone(work: Work, new: Iterable[str]) -> list[str]:
    """Give the countries whose numbers came from these files and no longer stand in them."""
    imported = models.EmergencyNumber.objects.filter(imported_from__in=work.file_names)
    gone = imported.exclude(country_id__in=list(new)).order_by("country_id")
    return list(gone.values_list("country_id", flat=True).distinct())


def _numbers(numbers: Iterable[EmergencyNumber]) -> str:
    return ", ".join(f"{one.service} {one.number}" for one in numbers) or "none"


def _write(work: Work, new: dict[str, tuple[EmergencyNumber, ...]]) -> None:
    models.EmergencyNumber.objects.filter(country_id__in=list(new)).delete()
    numbers = [(code, place, one) for code in new for place, one in enumerate(new[code])]
    rows = models.EmergencyNumber.objects.bulk_create(
        models.EmergencyNumber(
            country_id=code,
            position=place,
            service=one.service,
            number=one.number,
            confidence=one.confidence,
            also_reported=one.also_reported,
            note=one.note,
            imported_from=work.parsed.origin.get(code, ""),
        )
        for code, place, one in numbers
    )
    through = models.EmergencyNumber.sources.through
    through.objects.bulk_create(
        through(emergencynumber_id=row.pk, emergencysource_id=source)
        for row, (_, _, one) in zip(rows, numbers, strict=True)
        for source in one.sources
    )
    work.report.remarks += [f"emergency numbers of {code}: gone" for code in new if not new[code]]
