from __future__ import annotations

from django.apps import AppConfig


class HotlinesConfig(AppConfig):
    name = "realtime.hotlines"
    label = "hotlines"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models exist only now, so their signals cannot be connected at import.
        from realtime.hotlines import checks, signals  # noqa: F401 - the checks register themselves

        signals.connect()
