from __future__ import annotations

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "realtime.training"
    label = "training"
    verbose_name = "Fine-tuning"
    default_auto_field = "django.db.models.BigAutoField"
