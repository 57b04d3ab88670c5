from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from realtime.corpus import operations
from realtime.corpus.loading import hub
from realtime.corpus.loading.columns import Columns
from realtime.corpus.loading.faults import ImportRefused
from realtime.corpus.models import Import
from realtime.corpus.provenance import Provenance
from realtime.training.subcommands import moderation
from realtime.training.subcommands.bar import Bar

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
    parser.add_argument("--moderate", action="store_true", help="ask the vendor for scores, too")
    parser.add_argument("--dry-run", action="store_true", help="report, and store nothing")
    parser.add_argument("--json", action="store_true", help="the report for programs")


def handle(command: BaseCommand, options: dict[str, Any]) -> None:
    if options["moderate"] and options["dry_run"]:
        raise CommandError("--moderate keeps scores: not together with --dry-run")
    moderator = moderation.moderator() if options["moderate"] else None
    try:
        report = _import(options)
    except ImportRefused as refused:
        raise CommandError("\n".join([*refused.reasons, "Nothing was imported."])) from refused
    said = moderation.moderate(report, moderator) if moderator else None
    if options["json"]:
        told = {**report.as_json(), "moderation": asdict(said) if said else None}
        command.stdout.write(json.dumps(told, ensure_ascii=False, indent=1))
        return
    for line in report.lines():
        command.stdout.write(line)
    if said:
        command.stdout.write(moderation.sentence(said))
    ending = "Only looked: nothing was stored." if options["dry_run"] else "Imported."
    command.stdout.write(ending if report.new else "Nothing new: these rows are there already.")


def _import(options: dict[str, Any]) -> operations.ImportReport:
    wanted = _options(options)
    hub_id = hub.hub_id_of(options["source"])
    if hub_id is None:
        with Bar() as bar:
            return operations.import_file(
                path=Path(options["source"]), options=wanted, progress=bar.moved
            )
    with TemporaryDirectory(prefix="kindline-hub-") as folder:
        fetched = hub.fetch(hub_id, Path(folder))
        its = replace(
            wanted,
            says=wanted.says.over(fetched.says),
            origin=Import.Origin.HUB,
            name=fetched.name,
        )
        with Bar() as bar:
            return operations.import_files(paths=fetched.paths, options=its, progress=bar.moved)


def _options(options: dict[str, Any]) -> operations.ImportOptions:
    return operations.ImportOptions(
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


def _text(path: Path | None) -> str:
    try:
        text = "" if path is None else path.read_text("utf-8")
        if "\0" in text:
            raise ValueError("no text")
        return text
    except (OSError, ValueError) as error:
        raise CommandError(f"{path}: cannot be read as a licence's text") from error
