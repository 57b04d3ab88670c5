"""The yearly report of referrals, from the days' counts: months and countries, nobody's name."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Min, Sum
from django.db.models.functions import ExtractMonth

from realtime.hotlines.models import DayCount

SMALL = 5
HEAD = ("month", "country", "what", "about", "reason", "channel", "count")
ABOUT = {
    "screened": "messages in which the screen or the vendor's moderation found danger",
    "card": "help cards shown: referrals to crisis services",
    "shown": "lines shown, on cards, as answers of the tool and on the help page",
    "tapped": "lines tapped on the page with script",
    "disclosed": "notices that an AI answers",
    "replaced": "passages of replies taken out",
}


@dataclass(frozen=True, slots=True)
class Row:
    """`month` is YYYY-MM, `country` blank where it was not known."""

    month: str
    country: str
    what: str
    about: str
    reason: str
    channel: str
    count: int


def rows_of(year: int) -> list[Row]:
    """Every count of the year, by month."""
    months = (
        DayCount.objects.filter(day__year=year)
        .annotate(month=ExtractMonth("day"))
        .values_list("month", "country", "what", "about", "reason", "channel")
        .annotate(total=Sum("count"))
        .order_by("month", "country", "what", "about", "reason", "channel")
    )
    return [Row(f"{year}-{month:02}", *rest) for month, *rest in months]


def counted_since() -> date | None:
    """The first day that was ever counted: what was before is not in any report."""
    first: date | None = DayCount.objects.aggregate(first=Min("day"))["first"]
    return first


def as_csv(rows: Sequence[Row], *, hide_small: bool) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEAD)
    for row in rows:
        told = shown(row.count, hide_small=hide_small)
        writer.writerow(
            [row.month, row.country, row.what, row.about, row.reason, row.channel, told]
        )
    return out.getvalue()


def as_json(
    year: int, rows: Sequence[Row], *, since: date | None, made_on: date, hide_small: bool
) -> str:
    """The same with the year's sums; these leave out what is hidden, so that none tells it."""
    report = {
        "year": year,
        "madeOn": made_on.isoformat(),
        "countedSince": since.isoformat() if since else None,
        "smallCountsHidden": hide_small,
        "about": ABOUT,
        "totals": _totals(rows, ("what",), hide_small),
        "byCountry": _totals(rows, ("country", "what"), hide_small),
        "byReason": _totals(rows, ("what", "about", "reason"), hide_small, kinds=_NOT_LINES),
        "rows": [
            {name: getattr(row, name) for name in HEAD[:-1]}
            | {"count": shown(row.count, hide_small=hide_small)}
            for row in rows
        ],
    }
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def shown(count: int, *, hide_small: bool) -> int | str:
    """A count, or `<5`: of few people in one place and month it might tell who."""
    return f"<{SMALL}" if hide_small and count < SMALL else count


_NOT_LINES = frozenset({"screened", "card", "disclosed", "replaced"})


def _totals(
    rows: Iterable[Row],
    names: tuple[str, ...],
    hide_small: bool,
    *,
    kinds: frozenset[str] = frozenset(ABOUT),
) -> list[dict[str, Any]]:
    """Sums over all else of the counts that are shown, and how many are hidden."""
    sums: dict[tuple[str, ...], int] = defaultdict(int)
    hidden: dict[tuple[str, ...], int] = defaultdict(int)
    for row in rows:
        if row.what in kinds:
            key = tuple(getattr(row, name) for name in names)
            told = shown(row.count, hide_small=hide_small)
            sums[key] += told if isinstance(told, int) else 0
            hidden[key] += isinstance(told, str)
    return [
        dict(zip(names, key, strict=True))
        | {"count": total}
        | ({"hiddenCounts": hidden[key]} if hide_small else {})
        for key, total in sorted(sums.items())
    ]
