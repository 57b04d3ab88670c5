from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from realtime.corpus import operations

NAME = "remove"
HELP = "Remove an import with all of its rows"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("import_id", type=int, metavar="ID", help="as `dataset list` tells it")


def handle(command: BaseCommand, options: dict[str, Any]) -> None:
    removed = operations.remove_import(import_id=options["import_id"])
    if removed is None:
        raise CommandError(f"There is no import {options['import_id']}: see dataset list.")
    command.stdout.write(f"Removed {removed.name} with all of its rows.")
