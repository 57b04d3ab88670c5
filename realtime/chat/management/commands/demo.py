from __future__ import annotations

import asyncio
import logging
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.urls import reverse

from realtime.chat import bridge
from realtime.chat.demo.operations import Removed, remove
from realtime.chat.demo.seeding import seed


class Command(BaseCommand):
    help = "Make synthetic threads for a look at the admin, or remove them"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--remove", action="store_true", help="only remove them")
        parser.add_argument("--base-url", default="", help="where a server answers just now")

    def handle(self, *args: str, base_url: str, **options: object) -> None:
        removed = remove()
        if options["remove"]:
            self.stdout.write(sentence(removed))
            return
        with _only_errors_of("realtime.agent"):  # the model's failure is staged: no warning
            names = asyncio.run(seed())
        bridge.close_connections()
        instead = f", in place of {removed.threads}" if removed.threads else ""
        self.stdout.write(f"made {len(names)} synthetic threads{instead}: {', '.join(names)}")
        self._where(base_url)
        self.stdout.write("remove: ./dev demo --remove")

    def _where(self, base_url: str) -> None:
        path = reverse("admin:chat_thread_changelist") + "?synthetic__exact=1"
        if not base_url:
            self.stdout.write(f"read: ./dev run, open its admin link, then {path}")
            return
        self.stdout.write(f"read: {base_url}{path}")
        if settings.DEBUG:
            call_command("admin_link", base_url=base_url, stdout=self.stdout)


@contextmanager
def _only_errors_of(name: str) -> Iterator[None]:
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def sentence(removed: Removed) -> str:
    if not removed.threads:
        return "there are no synthetic threads"
    rows = ", ".join(f"{name} {count}" for name, count in asdict(removed).items())
    return f"removed all that was synthetic: {rows}"
