from __future__ import annotations

from realtime.training.subcommands import CommandOfWords


class Command(CommandOfWords):
    command = "finetune"
    help = (
        "Train a model on the corpus, at any server of OpenAI's wire, and choose which one answers"
    )
