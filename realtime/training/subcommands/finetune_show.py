from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from realtime.training import telling
from realtime.training.subcommands.naming import job_called

NAME = "show"
HELP = "Say all that is known of a job: losses, checkpoints, events, what went wrong"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("job", help="its number here, or the server's id")
    parser.add_argument("--json", action="store_true", help="for programs")


def handle(command: BaseCommand, options: dict[str, Any]) -> None:
    job = job_called(options["job"])
    if options["json"]:
        command.stdout.write(json.dumps(telling.as_json(job), indent=1))
        return
    for line in telling.lines_of(job):
        command.stdout.write(line)
