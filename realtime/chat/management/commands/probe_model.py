from __future__ import annotations

import asyncio
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from realtime.chat.answering import configured_model
from realtime.provider.probe import probe


class Command(BaseCommand):
    help = "Make one real streamed tool call with the configured model and say what works"

    def handle(self, *args: Any, **options: Any) -> None:
        config = configured_model()
        if config is None:
            raise CommandError("No model is configured: set OPENAI_API_KEY or OPENAI_BASE_URL.")
        report = asyncio.run(probe(config))
        for line in report.lines():
            self.stdout.write(line)
        if not report.ok:
            raise CommandError(report.advice)
