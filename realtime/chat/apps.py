from __future__ import annotations

from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "realtime.chat"
    label = "chat"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import realtime.chat.checks  # registers them
        import realtime.chat.signals  # noqa: F401 - connects itself, once models are there
