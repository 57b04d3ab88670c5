"""Needs and audiences: two lists, each word with its definition."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from realtime.hotlines import codes
from realtime.hotlines.models.base import Checked, HandEdited


class Audience(HandEdited):
    """Who a line is for."""

    slug = models.SlugField(primary_key=True, max_length=60)
    name = models.CharField(max_length=80, validators=[Checked(codes.check_plain)])
    definition = models.CharField(
        max_length=300,
        validators=[Checked(codes.check_plain)],
        help_text="The model reads this to choose.",
    )

    class Meta:
        ordering: ClassVar = ["slug"]

    def __str__(self) -> str:
        return self.name


class Need(HandEdited):
    """What a line helps with."""

    slug = models.SlugField(primary_key=True, max_length=60)
    name = models.CharField(max_length=80, validators=[Checked(codes.check_plain)])
    definition = models.CharField(
        max_length=300,
        validators=[Checked(codes.check_plain)],
        help_text="The model reads this to choose.",
    )
    urgent = models.BooleanField(
        default=False, help_text="The country's lead line answers first, and any urgent line fits."
    )
    broad = models.BooleanField(default=False, help_text="Such a line takes any worry.")
    implies = models.ForeignKey(
        Audience,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Who asks for this need has also named this audience.",
    )

    class Meta:
        ordering: ClassVar = ["slug"]

    def __str__(self) -> str:
        return self.name
