from __future__ import annotations

from django.apps import AppConfig


class RehearsalConfig(AppConfig):
    name = "realtime.rehearsal"
    label = "rehearsal"
    default_auto_field = "django.db.models.BigAutoField"
