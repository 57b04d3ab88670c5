from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from realtime.corpus import operations
from realtime.corpus.loading.columns import Columns
from realtime.corpus.loading.faults import ImportRefused
from realtime.corpus.provenance import Provenance

NAME = "import"
HELP = "Import exchanges from a file (CSV, JSON, JSON lines, Parquet), whole or not at all"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("source", metavar="FILE|HUB_ID", help="a file, or owner/name of the hub")
    for name in ("question", "answer", "title", "topic"):
        parser.add_argument(f"--{name}-column", default="", help="if its name is not known")
    parser.add_argument("--attribution", default="", help="what people are told of an exchange")
    parser.add_argument("--licence", default="", help="its name")
    parser.add_argument("--licence-file", type=Path, help="its text")
    parser.add_argument("--source-url", default="", help="where the data come from")
    parser.add_argument("--dry-run", action="store_true", help="report, and store nothing")
    parser.add_argument("--json", action="store_true", help="the report for programs")


def handle(command: BaseCommand, options: dict[str, Any]) -> None:
    try:
        report = _import(options)
    except ImportRefused as refused:
        raise CommandError("\n".join([*refused.reasons, "Nothing was imported."])) from refused
    if options["json"]:
        command.stdout.write(json.dumps(report.as_json(), ensure_ascii=False, indent=1))
        return
    for line in report.lines():
        command.stdout.write(line)
    ending = "Only looked: nothing was stored." if options["dry_run"] else "Imported."
    command.stdout.write(ending if report.new else "Nothing new: these rows are there already.")


def _import(options: dict[str, Any]) -> operations.ImportReport:
    wanted = operations.ImportOptions(
        columns=Columns(
            question=options["question_column"],
            answer=options["answer_column"],
            title=options["title_column"],
            topics=options["topic_column"],
        ),
        says=Provenance(
            attribution=options["attribution"],
            licence=options["licence"],
            licence_text=_text(options["licence_file"]),
            source_url=options["source_url"],
        ),
        dry_run=options["dry_run"],
    )
    with _Bar() as bar:
        return operations.import_file(
            path=Path(options["source"]), options=wanted, progress=bar.moved
        )


def _text(path: Path | None) -> str:
    try:
        return "" if path is None else path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path}: cannot be read as a licence's text") from error


class _Bar:
    """A progress bar on a terminal; elsewhere nothing is written."""

    def __enter__(self) -> _Bar:
        from tqdm import tqdm

        self._bar = tqdm(unit=" rows", file=sys.stderr, disable=None, leave=False)
        return self

    def moved(self, done: int, rows: int) -> None:
        self._bar.total = rows
        self._bar.update(done - self._bar.n)

    def __exit__(self, *_: object) -> None:
        self._bar.close()
