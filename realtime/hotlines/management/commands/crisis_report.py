from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from realtime.hotlines import reporting


class Command(BaseCommand):
    help = (
        "Write the year's counts of help cards, lines and notices as CSV and JSON, without names"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("year", type=int)
        parser.add_argument("--to", default=".", help="an existing directory (this one)")
        parser.add_argument(
            "--hide-small", action="store_true", help='write "<5" for counts below five'
        )

    def handle(self, *_: Any, year: int, to: str, hide_small: bool, **__: Any) -> None:
        folder, today = Path(to), timezone.now().date()
        if not folder.is_dir():
            raise CommandError(f"{to}: is no directory")
        if not 2000 <= year <= today.year:
            raise CommandError(f"{year}: say a year up to {today.year}")
        rows = reporting.rows_of(year)
        texts = {
            "csv": reporting.as_csv(rows, hide_small=hide_small),
            "json": reporting.as_json(
                year,
                rows,
                since=reporting.counted_since(),
                made_on=today,
                hide_small=hide_small,
            ),
        }
        for kind, text in texts.items():
            (folder / f"crisis-report-{year}.{kind}").write_text(text, "utf-8")
        cards = sum(row.count for row in rows if row.what == "card")
        told = reporting.shown(cards, hide_small=hide_small)
        self.stdout.write(f"{year}: {told} help cards shown. Wrote {len(rows)} rows to {folder}.")
