from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from realtime.corpus.splitting import SPLIT_SEED
from realtime.training.choosing import VALIDATION
from realtime.training.dataset import NO_PROMPT, Dataset, DatasetRefused, SystemPrompt, build
from realtime.training.exporting.folder import FolderRefused
from realtime.training.exporting.plan import Plan
from realtime.training.exporting.targets import TARGETS
from realtime.training.subcommands.sampling import sample_of

NAME = "export"
HELP = "Write examples to fine-tune on, with everything a trainer needs beside them"
_PROMPT_AT_MOST = 100_000  # bytes


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--target", choices=TARGETS, required=True)
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--sample", default="150", metavar="N|all", help="pairs that train")
    parser.add_argument("--seed", type=int, default=SPLIT_SEED, help="draws the sample")
    parser.add_argument(
        "--validation", type=float, default=VALIDATION, help="share of questions held out; 0: none"
    )
    parser.add_argument("--cap", type=int, default=3, help="answers a question, at most")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int)
    parser.add_argument(
        "--learning-rate", type=float, help="openai: multiplier of the vendor's; else absolute"
    )
    parser.add_argument("--base-model", default="")
    parser.add_argument(
        "--system-prompt", default="", metavar="FILE|none", help="instead of the product's own"
    )
    parser.add_argument(
        "--without-flagged", action="store_true", help="as moderation flagged them"
    )
    parser.add_argument("--without-reviewed", action="store_true", help="no reviewed replies")
    parser.add_argument("--force", action="store_true", help="over an earlier export")


def handle(command: BaseCommand, options: dict[str, Any]) -> None:
    try:
        dataset = _build(options)
        paths = dataset.write(options["to"], options["target"], force=options["force"])
    except (DatasetRefused, FolderRefused, ValueError) as refused:
        raise CommandError(str(refused)) from refused
    for line in told(dataset):
        command.stdout.write(line)
    command.stdout.write(f"Written to {options['to']}: {', '.join(p.name for p in paths)}.")


def _build(options: dict[str, Any]) -> Dataset:
    plan = Plan(
        epochs=options["epochs"],
        batch_size=options["batch_size"],
        learning_rate=options["learning_rate"],
        base_model=options["base_model"],
    )
    return build(
        sample=sample_of(options["sample"]),
        seed=options["seed"],
        validation=options["validation"],
        cap=options["cap"],
        with_reviewed=not options["without_reviewed"],
        without_flagged=options["without_flagged"],
        prompt=_prompt(options["system_prompt"]),
        plan=plan,
    )


def _prompt(said: str) -> SystemPrompt | None:
    if not said:
        return None
    if said == "none":
        return NO_PROMPT
    try:
        raw = Path(said).read_bytes()
        text = raw.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"--system-prompt: {said} cannot be read as UTF-8 text.") from error
    if len(raw) > _PROMPT_AT_MOST or not text.strip():
        raise CommandError(f"--system-prompt: {said} is empty, or longer than 100,000 bytes.")
    return SystemPrompt.of_text(text)


def told(dataset: Dataset) -> list[str]:
    """What was taken and what was not, for people."""
    lines = [
        f"{step['filter']}: {step['before']:,} -> {step['after']:,}"
        for step in dataset.manifest["filters"]
    ]
    counts, tokens = dataset.manifest["counts"], dataset.manifest["tokens"]
    lines.append(
        f"{counts['train']:,} train on {counts['questions_train']:,} questions, "
        f"{counts['validation']:,} validate on {counts['questions_validation']:,} others; about "
        f"{tokens['train_all_epochs']:,} tokens over all epochs, of which "
        f"{tokens['of_that_system_prompt']:,} are the system prompt."
    )
    if dataset.manifest["memory_only"]:
        lines.append("Nothing is held out: a training loss alone measures memory only.")
    if not counts["moderated"]:
        lines.append("No row was moderated: a vendor may refuse rows that it flags itself.")
    elif counts["flagged"]:
        lines.append(
            f"{counts['flagged']:,} rows were flagged by moderation, and a vendor may refuse a "
            "file for them: --without-flagged leaves them out."
        )
    return lines
