from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from realtime.chat import purging


class Command(BaseCommand):
    help = "Remove conversations older than RETENTION_DAYS, with all that opens nothing any more"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count")

    def handle(self, *_: Any, dry_run: bool, **__: Any) -> None:
        if not settings.RETENTION_DAYS:
            self.stdout.write(
                "RETENTION_DAYS is 0: conversations stay until somebody deletes them."
            )
        if dry_run:
            self.stdout.write(f"Would be removed: {purging.purgeable()}.")
        else:
            self.stdout.write(f"Removed: {purging.purge()}.")
