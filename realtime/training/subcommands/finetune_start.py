from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from realtime.corpus.splitting import SPLIT_SEED
from realtime.provider.config import ProviderConfig
from realtime.provider.tuning import Tuner
from realtime.training import proposing, starting, tasks, telling
from realtime.training.addresses import NoAddress, tuning_config
from realtime.training.choosing import VALIDATION
from realtime.training.dataset import Dataset, DatasetRefused, build
from realtime.training.exporting.plan import Plan
from realtime.training.starting import Asked, ExtraRefused, Started
from realtime.training.subcommands.naming import refused
from realtime.training.subcommands.sampling import sample_of

NAME = "start"
HELP = (
    "Train a model: without options on 150 random pairs, in 3 epochs, with a tenth of the "
    "questions held out. Shows what would be sent where, and asks"
)


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--sample", default="150", metavar="N|all", help="pairs that train")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--learning-rate-multiplier", type=float)
    parser.add_argument("--seed", type=int, default=SPLIT_SEED, help="draws the sample, too")
    parser.add_argument("--suffix", default="", help="in the name of the model")
    parser.add_argument(
        "--validation", type=float, default=VALIDATION, help="share of questions held out; 0: none"
    )
    parser.add_argument("--model", default="", help="the base; instead of FINETUNE_MODEL")
    parser.add_argument("--base-url", default=None, help="instead of FINETUNE_BASE_URL")
    parser.add_argument("--extra", default="", metavar="JSON", help="merged into the request")
    parser.add_argument(
        "--old-hyperparameters", action="store_true", help="at the top, as older servers want them"
    )
    parser.add_argument("--without-flagged", action="store_true", help="no row moderation flagged")
    parser.add_argument("--without-reviewed", action="store_true", help="no reviewed replies")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def handle(command: BaseCommand, options: dict[str, Any]) -> None:
    try:
        config = tuning_config(base_url=options["base_url"], model=options["model"])
        asked = _asked(options)
        dataset = _dataset(options)
    except (NoAddress, ExtraRefused, DatasetRefused, ValueError) as error:
        raise CommandError(str(error)) from error
    with Tuner(config) as tuner:
        for line in proposing.lines(config, dataset, asked, tuner=tuner):
            command.stdout.write(line)
        _consent(config, yes=options["yes"])
        _refuse_if_changed(dataset, options)
        started = starting.start(config, dataset, asked, tuner=tuner)
    tasks.follow(at_once=True)
    _tell(command, started)


def _refuse_if_changed(dataset: Dataset, options: dict[str, Any]) -> None:
    """Somebody may have taken consent back, or a row away, while the question stood there."""
    if not options["yes"] and _dataset(options).train != dataset.train:
        raise CommandError("The rows changed meanwhile, nothing was sent: start again.")


def _asked(options: dict[str, Any]) -> Asked:
    return Asked(
        n_epochs=options["epochs"],
        batch_size=options["batch_size"],
        learning_rate_multiplier=options["learning_rate_multiplier"],
        seed=options["seed"],
        suffix=options["suffix"],
        extra=starting.extra_of(options["extra"]),
        old_hyperparameters=options["old_hyperparameters"],
    )


def _dataset(options: dict[str, Any]) -> Dataset:
    return build(
        sample=sample_of(options["sample"]),
        seed=options["seed"],
        validation=options["validation"],
        with_reviewed=not options["without_reviewed"],
        without_flagged=options["without_flagged"],
        plan=Plan(
            epochs=options["epochs"],
            batch_size=options["batch_size"],
            learning_rate=options["learning_rate_multiplier"],
        ),
    )


def _consent(config: ProviderConfig, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandError("Nothing was sent: nobody is there to ask, and --yes was not said.")
    if input(f"Send these rows to {config.host}? [y/N] ").strip().lower() not in ("y", "yes"):
        raise CommandError("Nothing was sent.")


def _tell(command: BaseCommand, started: Started) -> None:
    job, error = started.job, started.error
    if error is not None:
        raise refused(error)
    if not started.new:
        command.stdout.write(f"Job {job.pk} is the very same and not over: no second was started.")
    command.stdout.write(telling.line_of(job))
    command.stdout.write(
        f"How it goes on: the worker asks; finetune sync asks at once, finetune show {job.pk} "
        "says all."
    )
