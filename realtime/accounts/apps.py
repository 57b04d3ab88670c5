from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "realtime.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from realtime.accounts import checks as checks  # registers them once apps are there
        from realtime.accounts import endings as endings  # connects itself
