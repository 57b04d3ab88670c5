from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from realtime.hotlines import help_files, operations
from realtime.hotlines.importing.packaged import PACKAGED_FILES
from realtime.hotlines.importing.reading import ImportRefused
from realtime.hotlines.queries import current_directory


class Command(BaseCommand):
    # Every start runs this: the checks would load the whole site for nothing.
    requires_system_checks = ()
    help = "Import help lines and emergency numbers: all of the files, or nothing at a fault."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
        parser.add_argument("--again", action="store_true", help="also when nothing changed")

    def handle(self, *_: Any, files: list[Path], again: bool, **__: Any) -> None:
        try:
            report = operations.import_files(paths=files or PACKAGED_FILES, again=again)
        except ImportRefused as refused:
            raise CommandError("\n".join([*refused.reasons, "Nothing was imported."])) from refused
        if (report or not help_files.are_written()) and not help_files.write_pages(
            current_directory()
        ):
            self.stderr.write("Help pages: no files in HELP_DIR; servers make them from memory.")
        if report is None:
            self.stdout.write("Help lines: nothing new in the files.")
            return
        for remark in report.remarks:
            self.stdout.write(remark)
        self.stdout.write(
            f"Help lines: {report.lines} read, {report.added} added, "
            f"{report.changed} changed, {report.removed} removed."
        )
