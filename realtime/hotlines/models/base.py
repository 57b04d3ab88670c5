"""What the models of this room share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.deconstruct import deconstructible


@deconstructible
class Checked:
    """A field validator from a check that raises ValueError."""

    def __init__(self, check: Callable[[Any], object]) -> None:
        self.check = check

    def __call__(self, value: Any) -> None:
        try:
            self.check(value)
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Checked) and self.check == other.check

    def __hash__(self) -> int:
        return hash(self.check)


class HandEdited(models.Model):
    edited_by_hand = models.BooleanField(
        default=False,
        help_text="The import leaves this alone. Untick to let the data files have it back.",
    )
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    edited_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        abstract = True


class Confidence(models.TextChoices):
    HIGH = "high", "high: the operator's page, or two independent sources"
    MEDIUM = "medium", "medium: one source, or sources that may share an origin"


def names_field(
    max_length: int, check: Callable[[Any], object]
) -> ArrayField[list[str], list[str]]:
    """Make a field for a short list of words, each checked."""
    field = models.CharField(max_length=max_length, validators=[Checked(check)])
    return ArrayField(field, default=list, blank=True, help_text="Separated by commas.")
