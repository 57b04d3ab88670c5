from __future__ import annotations

from realtime.training.subcommands import CommandOfWords


class Command(CommandOfWords):
    command = "dataset"
    help = "Import counselling exchanges to learn from, look at them, index, check and export them"
