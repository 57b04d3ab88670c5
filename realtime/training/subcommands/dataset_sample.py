from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from realtime.corpus import operations
from realtime.corpus.loading.faults import ImportRefused

NAME = "sample"
HELP = "Bring the example exchanges that come with Kindline up to date (every start does)"


def add_arguments(parser: ArgumentParser) -> None:
    pass


def handle(command: BaseCommand, options: dict[str, Any]) -> None:
    try:
        report = operations.import_sample()
    except ImportRefused as refused:
        raise CommandError("\n".join(refused.reasons)) from refused
    if report is None:
        command.stdout.write("Example exchanges: nothing new.")
        return
    command.stdout.write(f"Example exchanges: {report.counts['exchanges']} imported.")
