from __future__ import annotations

import json
import textwrap
from argparse import ArgumentParser
from collections import Counter
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import Error
from django.utils import timezone

from realtime.hotlines import auditing, queries
from realtime.hotlines.auditing import Finding
from realtime.hotlines.importing.packaged import packaged_facts
from realtime.hotlines.verifying import enabled_countries


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "Say what is wrong with the help lines: bad numbers, broken hours, leads that are none, "
        "expired checks, conflicts, countries without a line. Asks no network. Fails at a fault."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs")
        parser.add_argument("--strict", action="store_true", help="fail at what is due too")
        parser.add_argument(
            "--files", action="store_true", help="the product's files, no database"
        )

    def handle(self, *_: Any, strict: bool, files: bool, **options: Any) -> None:
        try:
            facts = packaged_facts() if files else queries.facts_now()
        except Error as error:
            why = f"The database does not answer ({type(error).__name__}); --files needs none."
            raise CommandError(why) from error
        found = auditing.audit(
            facts,
            enabled=enabled_countries(facts, settings.HOTLINE_COUNTRIES),
            now=timezone.now(),
            lasts=timedelta(days=settings.HOTLINE_CHECK_DAYS),
        )
        self.stdout.write(_as_json(found) if options["json"] else _as_text(found))
        fatal = {"fault", "due"} if strict else {"fault"}
        failed = sum(one.level in fatal for one in found)
        if failed:
            raise CommandError(f"{failed} to be mended.")


def _as_json(found: list[Finding]) -> str:
    rows = [
        {"level": one.level, "kind": one.kind, "where": one.where, "words": one.words}
        for one in found
    ]
    return json.dumps({"counts": _counts(found), "findings": rows}, ensure_ascii=False, indent=1)


def _as_text(found: list[Finding]) -> str:
    said = []
    for kind, count in _counts(found).items():
        if count:
            said.append(f"{auditing.LEVELS[kind]}: {kind} ({count})")
            said += _rows([one for one in found if one.kind == kind])
    return "\n".join([*said, _summary(found)])


def _rows(found: list[Finding]) -> list[str]:
    """Countries, of which there may be 150 that say the same, are listed together."""
    if found[0].kind in ("country-missing", "no-emergency-number"):
        return textwrap.wrap(
            ", ".join(one.where for one in found), 96, initial_indent="  ", subsequent_indent="  "
        )
    return [f"  {one.where}: {one.words}" for one in found]


def _counts(found: list[Finding]) -> dict[str, int]:
    counted = Counter(one.kind for one in found)
    return {kind: counted[kind] for kind in auditing.LEVELS}


def _summary(found: list[Finding]) -> str:
    levels = Counter(one.level for one in found)
    return f"Help lines: {levels['fault']} faults, {levels['due']} due, {levels['gap']} gaps."
