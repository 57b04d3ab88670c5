from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from realtime.corpus.models import Import

NAME = "check"
HELP = "Measure how well exchanges are found: own answer among 1, 5, 10; topic of the first"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument(
        "--source",
        action="append",
        metavar="NAME",
        help="of these imports alone (a name of `dataset list`, or its number); may be repeated",
    )


def handle(command: BaseCommand, options: dict[str, Any]) -> None:
    from realtime.corpus import checking

    try:
        found = checking.check(source_ids=_sources(options["source"]))
    except checking.NothingToCheck:
        raise CommandError("There is nothing to learn from yet: dataset import FILE.") from None
    told = found.as_json()
    if options["json"]:
        command.stdout.write(json.dumps(told, ensure_ascii=False))
        return
    command.stdout.write(
        f"{told['method']}\n{found.rows:,} exchanges, {found.questions:,} questions, "
        f"{found.answers:,} answers"
    )
    for name, (low, high) in told["intervals"].items():
        command.stdout.write(f"{name:<20} {told[name]:.3f}  [{low:.3f}-{high:.3f}]")
    above, below = found.topics.above, found.topics.below
    command.stdout.write(
        f"floor {found.floor:.3f}: {above.of:,} of {found.topics.first.of:,} questions above it, "
        f"topic_at_1 {above.value:.3f} there and {below.value:.3f} below"
    )


def _sources(names: list[str] | None) -> list[int] | None:
    if names is None:
        return None
    ids: list[int] = []
    for name in names:
        theirs = Import.objects.filter(name=name).values_list("pk", flat=True)
        by_number = Import.objects.filter(pk=int(name)) if name.isdecimal() else []
        found = [*theirs, *(one.pk for one in by_number)]
        if not found:
            raise CommandError(f"No import is called {name}: dataset list shows them.")
        ids += found
    return ids
