from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from realtime.provider.config import ProviderConfig
from realtime.training import promoting, queries
from realtime.training.promoting import Candidate, Checked, PromotionRefused

NAME = "promote"
HELP = "Have a tuned model answer from the next reply on, in every process, if its checks pass"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("trained", nargs="?", default="", metavar="JOB|CHECKPOINT")
    parser.add_argument("--model", default="", help="a model by its name, with --base-url")
    parser.add_argument("--base-url", default=None, help="instead of FINETUNE_BASE_URL")
    parser.add_argument("--force", action="store_true", help="although nothing was validated")
    parser.add_argument("--reason", default="", help="why; kept with the choice")
    parser.add_argument("--questions", type=int, default=12, help="asked for the checks")


def handle(command: BaseCommand, options: dict[str, Any]) -> None:
    from realtime.evaluation.running import deterministic  # here: no other word pays for it

    def check(config: ProviderConfig) -> Checked:
        command.stdout.write(f"Asking {config.resolved_model} at {config.host} ...")
        return deterministic(config=config, questions=options["questions"])

    if options["questions"] < 1:
        raise CommandError("--questions: at least one, the checks are about the answers")
    try:
        found = promoting.candidate(
            trained=options["trained"], model=options["model"], base_url=options["base_url"]
        )
        _suggest(command, found)
        done = promoting.promote(
            found, check=check, force=options["force"], reason=options["reason"]
        )
    except PromotionRefused as refused:
        raise CommandError(str(refused)) from refused
    for line in done.checked.lines():
        command.stdout.write(line)
    command.stdout.write(
        f"{done.active.name} answers from the next reply on. Back again: finetune rollback"
    )


def _suggest(command: BaseCommand, found: Candidate) -> None:
    if found.better is None:
        return
    loss = queries.loss_of(found.better)
    command.stdout.write(
        f"Better is its checkpoint at step {found.better.step} (validation loss {loss:.3f}, here "
        f"{_loss(found)}): finetune promote {found.better.remote_id}"
    )


def _loss(found: Candidate) -> str:
    return "none" if found.validation_loss is None else f"{found.validation_loss:.3f}"
