from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from realtime.chat import asyncapi


class Command(BaseCommand):
    help = "Write docs/asyncapi.yaml as the code is"

    def handle(self, *_: Any, **__: Any) -> None:
        path = settings.BASE_DIR / "docs" / "asyncapi.yaml"
        path.write_text(asyncapi.as_yaml(), "utf-8")
        self.stdout.write("Written: docs/asyncapi.yaml.")
