"""What readers and the import remember between runs."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class DirectoryVersion(models.Model):
    """One row that changes with every change: a reader compares it with what it holds."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    # Random, not counted: after a restored backup a count could repeat with other content.
    token = models.UUIDField(default=uuid.uuid4)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="directory_version_is_one_row", condition=Q(id=1))
        ]

    def __str__(self) -> str:
        return str(self.token)


class ImportedFile(models.Model):
    """What was imported last, so that a start with the same files costs nothing."""

    name = models.CharField(primary_key=True, max_length=100)
    digest = models.CharField(max_length=80)
    imported_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name


class HandDeletion(models.Model):
    """What a person deleted in the admin, so that the import does not bring it back."""

    what = models.CharField(max_length=40)
    key = models.CharField(max_length=300)
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    deleted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-deleted_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="hand_deletion_once", fields=["what", "key"])
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.key}"
