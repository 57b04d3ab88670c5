from __future__ import annotations

from django.apps import AppConfig


class HotlinesConfig(AppConfig):
    name = "realtime.hotlines"
    label = "hotlines"
    default_auto_field = "django.db.models.BigAutoField"
