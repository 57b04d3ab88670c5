from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from realtime.evaluation import comparing
from realtime.training.tuned import tuned_config


class Command(BaseCommand):
    help = (
        "Ask models held-out questions as the chat would, check what they say, have it rated if a "
        "judge is named, and write a report. Goes on where it was with --resume"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        comparing.add_arguments(parser)

    def handle(self, *_: Any, **options: Any) -> None:
        comparing.handle(self, options, trained=tuned_config)
