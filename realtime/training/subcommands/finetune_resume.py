from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from realtime.training.subcommands import steering

NAME = "resume"
HELP = "Go on with a paused job"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("job", help="its number here, or the server's id")


def handle(command: BaseCommand, options: dict[str, Any]) -> None:
    steering.steer(command, options["job"], "resume")
