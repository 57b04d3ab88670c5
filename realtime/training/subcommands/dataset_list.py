from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from realtime.corpus import queries

NAME = "list"
HELP = "Say what was imported"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")


def handle(command: BaseCommand, options: dict[str, Any]) -> None:
    found = queries.imports()
    if options["json"]:
        rows = [queries.as_json(one) for one in found]
        command.stdout.write(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    for one in found:
        command.stdout.write(
            f"{one.pk:>4}  {one.name}: {one.exchanges_:,} exchanges, {one.usable_:,} to learn "
            f"from, {one.risky_:,} at risk; {one.licence or 'licence unknown'}"
        )
    if not found:
        command.stdout.write("Nothing is imported yet: dataset import FILE.")
