from __future__ import annotations

from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from realtime.accounts import operations


class Command(BaseCommand):
    help = "Print a link that opens the admin once within 30 minutes (DEBUG only)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--base-url", default="http://127.0.0.1:8000", help="where the server answers"
        )

    def handle(self, *args: str, base_url: str, **options: object) -> None:
        if not settings.DEBUG:
            raise CommandError("admin_link works only with DEBUG=1; use createsuperuser.")
        path = reverse("admin-link", args=[operations.create_admin_link()])
        self.stdout.write(f"admin: {base_url.rstrip('/')}{path}")
