from __future__ import annotations

from django.apps import AppConfig


class ReviewConfig(AppConfig):
    name = "realtime.review"
    label = "review"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import realtime.review.signals  # noqa: F401 - connects itself, once models are there
