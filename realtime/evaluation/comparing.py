"""The command `evaluate`: says what is sent where, asks, runs, writes the report."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from realtime.agent.prompt import PROMPT_VERSION
from realtime.corpus.models import Exchange
from realtime.evaluation import operations, page, proposing, queries, report
from realtime.evaluation.checked import checked_of
from realtime.evaluation.grounded import NoIndex
from realtime.evaluation.models import Contestant, Evaluation
from realtime.evaluation.running import EvaluationStopped, run
from realtime.evaluation.scenarios import scenarios
from realtime.evaluation.targets import ACTIVE, NoTarget, Trained, resolve
from realtime.provider.config import ProviderConfig

QUESTIONS = 50
_PRICED = ("target", "against", "judge")


def add_arguments(parser: ArgumentParser) -> None:
    for role, words in (
        ("target", "a job, a checkpoint, a model's name, or `active`"),
        ("against", "another, asked the same"),
        ("judge", "a model that rates the answers"),
    ):
        parser.add_argument(f"--{role}", metavar="MODEL", help=words)
        parser.add_argument(f"--{role}-base-url", metavar="URL", help="where it is, /v1")
    for role in _PRICED:
        prefix = "" if role == "target" else f"{role}-"
        for way in ("in", "out"):
            parser.add_argument(
                f"--{prefix}price-{way}", type=float, metavar="PRICE", help="a million tokens"
            )
    parser.add_argument("--questions", type=int, default=QUESTIONS, help="held out, at most")
    parser.add_argument("--grounded", action="store_true", help="with examples of the corpus")
    parser.add_argument("--resume", type=int, metavar="ID", help="go on with an evaluation")
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="write the report there")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def handle(command: BaseCommand, options: dict[str, Any], *, trained: Trained) -> None:
    evaluation = _known(options) if options["resume"] else _new(command, options, trained)
    try:
        run(evaluation, progress=lambda who, done, of: _tell(command, who, done, of))
    except (EvaluationStopped, NoIndex) as error:
        raise CommandError(f"{error} {_later(evaluation)}") from error
    except KeyboardInterrupt:
        raise CommandError(f"Stopped. {_later(evaluation)}") from None
    evaluation.refresh_from_db()
    for contestant in evaluation.contestants.exclude(role=Contestant.Role.HUMAN):
        for line in checked_of(contestant).lines():
            command.stdout.write(line)
    if options["to"]:
        _write(command, evaluation, options["to"])


def _later(evaluation: Evaluation) -> str:
    return f"What was answered is kept: evaluate --resume {evaluation.pk}"


def _tell(command: BaseCommand, who: str, done: int, of: int) -> None:
    if done == of or done % 10 == 0:
        command.stderr.write(f"{who}: {done} of {of}")


def _known(options: dict[str, Any]) -> Evaluation:
    if options["target"] or options["against"] or options["judge"]:
        raise CommandError("--resume asks the models that the evaluation was begun with.")
    found = queries.evaluation_by(options["resume"])
    if found is None:
        raise CommandError(f"There is no evaluation {options['resume']}.")
    return found


def _new(command: BaseCommand, options: dict[str, Any], trained: Trained) -> Evaluation:
    if options["questions"] < 0:
        raise CommandError("--questions is nought or more.")
    prices = _prices(options)
    contestants, judges = _models(options, trained)
    held = queries.held_out(options["questions"])
    _propose(command, options, held, contestants, judges, prices)
    return operations.begin(
        exchanges=held,
        contestants=contestants,
        judges=judges,
        options={
            "questions": options["questions"],
            "grounding": options["grounded"],
            "prices": prices,
            "prompt": PROMPT_VERSION,
            "seed": 20,
        },
    )


def _models(
    options: dict[str, Any], trained: Trained
) -> tuple[dict[str, ProviderConfig], list[ProviderConfig]]:
    try:
        found = {"target": _resolved("target", options, trained, otherwise=ACTIVE)}
        if options["against"]:
            found["against"] = _resolved("against", options, trained)
        judges = [_resolved("judge", options, trained)] if options["judge"] else []
    except NoTarget as error:
        raise CommandError(str(error)) from error
    return found, judges


def _resolved(
    role: str, options: dict[str, Any], trained: Trained, otherwise: str = ""
) -> ProviderConfig:
    name = options[role] or otherwise
    return resolve(name, base_url=options[f"{role}_base_url"], trained=trained)


def _prices(options: dict[str, Any]) -> dict[str, tuple[float, float]]:
    found: dict[str, tuple[float, float]] = {}
    for role in _PRICED:
        prefix = "" if role == "target" else f"{role}_"
        told = [options[f"{prefix}price_{way}"] for way in ("in", "out")]
        if (told[0] is None) != (told[1] is None) or any((p or 0) < 0 for p in told):
            raise CommandError(f"The prices of {role} are two, for tokens in and out.")
        if told[0] is not None:
            found[role] = (told[0], told[1])
    return found


def _propose(
    command: BaseCommand,
    options: dict[str, Any],
    held: list[Exchange],
    contestants: dict[str, ProviderConfig],
    judges: list[ProviderConfig],
    prices: dict[str, tuple[float, float]],
) -> None:
    """Say what is sent where and what it may cost, and have a person agree."""
    shares = proposing.shares(
        contestants,
        judges,
        exchanges=[(each.asked, each.answer) for each in held],
        prices=prices,
        examples=options["grounded"],
    )
    for line in proposing.lines(shares, held_out=len(held), at_risk=len(scenarios())):
        command.stdout.write(line)
    if options["yes"]:
        return
    if not sys.stdin.isatty():
        raise CommandError("Nothing was sent: nobody is there to ask, and --yes was not said.")
    if input("Begin? [y/N] ").strip().lower() not in ("y", "yes"):
        raise CommandError("Nothing was sent.")


def _write(command: BaseCommand, evaluation: Evaluation, folder: Path) -> None:
    told = report.report_of(evaluation)
    files = {
        f"evaluation-{evaluation.pk}.json": json.dumps(told, ensure_ascii=False, indent=1) + "\n",
        f"evaluation-{evaluation.pk}.html": page.page_of(told),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            part = folder / f"{name}.part"
            part.write_text(text, "utf-8")
            os.replace(part, folder / name)
    except OSError as error:
        again = f"evaluate --resume {evaluation.pk} --to FOLDER writes it elsewhere."
        raise CommandError(f"{folder} cannot be written: {error.strerror}. {again}") from error
    command.stdout.write(f"Written to {folder}: {', '.join(files)}.")
