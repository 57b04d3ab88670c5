from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from realtime.chat.activating import roll_back

NAME = "rollback"
HELP = "Have the model before this one answer again, from the next reply on"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--reason", default="", help="why; kept with the choice")


def handle(command: BaseCommand, options: dict[str, Any]) -> None:
    active = roll_back(reason=options["reason"])
    if active is None:
        command.stdout.write("There is nothing to go back to: the settings' model answers.")
    else:
        who = active.name or "The settings' model"
        command.stdout.write(f"{who} answers from the next reply on.")
