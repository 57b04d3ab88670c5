from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from realtime.corpus.models import Import
from realtime.corpus.reporting import ImportReport

NAME = "show"
HELP = "Say what an import came to, and its licence's text"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("import_id", type=int, metavar="ID", help="as `dataset list` tells it")
    parser.add_argument("--json", action="store_true", help="for programs")


def handle(command: BaseCommand, options: dict[str, Any]) -> None:
    source = Import.objects.filter(id=options["import_id"]).first()
    if source is None:
        raise CommandError(f"There is no import {options['import_id']}: see dataset list.")
    report = ImportReport(source, source.report, new=False)
    if options["json"]:
        said = {**report.as_json(), "licence_text": source.licence_text}
        command.stdout.write(json.dumps(said, ensure_ascii=False, indent=1))
        return
    for line in report.lines():
        command.stdout.write(line)
    command.stdout.write(f"\n{source.licence_text.strip() or 'No licence text is kept.'}")
