"""What was done to a line, by whom: it outlives the line."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from realtime.hotlines import codes
from realtime.hotlines.models.base import Checked


class HotlineCheck(models.Model):
    """One check or change of a line by a person."""

    class Outcome(models.TextChoices):
        OK = "ok", "checked: all of it is right"
        CHANGED = "changed", "found wrong: to be mended"
        DEAD = "dead", "found dead: removed"
        EDITED = "edited", "edited"

    BY_IMPORT = "by an import"
    LONGEST_NOTE = 500

    # No foreign key: what was found about a line that was then removed is what one looks for.
    line = models.SlugField(max_length=60)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    how = models.CharField(max_length=80, validators=[Checked(codes.check_plain)])
    note = models.CharField(
        max_length=LONGEST_NOTE, blank=True, validators=[Checked(codes.check_plain)]
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-at", "-pk"]
        verbose_name = "check or change of a line"
        verbose_name_plural = "history of checks and changes"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="check_outcome_known",
                condition=Q(outcome__in=["ok", "changed", "dead", "edited"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.line} {self.outcome}"
