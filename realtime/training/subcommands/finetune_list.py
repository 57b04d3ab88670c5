from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from realtime.training import telling
from realtime.training.models import TuningJob

NAME = "list"
HELP = "Say which jobs there are, and how they stand"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")


def handle(command: BaseCommand, options: dict[str, Any]) -> None:
    jobs = list(TuningJob.objects.order_by("id"))
    if options["json"]:
        command.stdout.write(json.dumps([telling.as_json(job) for job in jobs], indent=1))
        return
    for job in jobs:
        command.stdout.write(telling.line_of(job))
    if not jobs:
        command.stdout.write("No model was fine-tuned here yet: finetune start.")
