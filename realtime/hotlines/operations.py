"""Every change of the directory that is not a form of the admin."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from realtime.accounts.models import User
from realtime.hotlines import queries
from realtime.hotlines.importing.reading import DataFile, read_file
from realtime.hotlines.importing.rows import Parsed, read
from realtime.hotlines.importing.storing import store
from realtime.hotlines.importing.work import Report
from realtime.hotlines.models import DirectoryVersion, HandDeletion, ImportedFile
from realtime.hotlines.models.base import HandEdited

# Raise it when the same files would give other rows (a new field, another rule).
_IMPORT_RULES = "2"
_IMPORT_LOCK = 0x6B696E64  # advisory lock: two starts import one after the other


@transaction.atomic
def bump_version() -> None:
    """Tell every process that the directory changed."""
    change = {"token": uuid.uuid4(), "changed_at": timezone.now()}
    DirectoryVersion.objects.update_or_create(id=1, defaults=change)


@transaction.atomic
def mark_edited(*, row: HandEdited, user: User) -> None:
    """Note who edited a row by hand, so that the import leaves it alone."""
    row.edited_by_hand = True
    row.edited_by = user
    row.edited_at = timezone.now()
    row.save(update_fields=["edited_by_hand", "edited_by", "edited_at"])


@transaction.atomic
def remember_deletion(*, what: str, key: str, user: User) -> None:
    """Note what a person deleted, so that the import does not bring it back."""
    HandDeletion.objects.update_or_create(
        what=what, key=key, defaults={"deleted_by": user, "deleted_at": timezone.now()}
    )


@transaction.atomic
def import_files(*, paths: Sequence[Path], again: bool = False) -> Report | None:
    """Import data files whole or not at all; None when they are those of the last import.

    ImportRefused lists every fault of every file.
    """
    files = [read_file(path) for path in paths]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_IMPORT_LOCK])
    if not again and _all_known(files):
        return None
    known = queries.stored_facts()
    parsed = read(files, known=known)
    report = store(parsed, known)
    _remember_files(parsed)
    bump_version()
    return report


def _digest(file: DataFile) -> str:
    return f"{_IMPORT_RULES}:{file.digest}"


def _all_known(files: Sequence[DataFile]) -> bool:
    known = dict(ImportedFile.objects.values_list("name", "digest"))
    return all(known.get(file.name) == _digest(file) for file in files)


def _remember_files(parsed: Parsed) -> None:
    for file in parsed.files:
        ImportedFile.objects.update_or_create(
            name=file.name, defaults={"digest": _digest(file), "imported_at": timezone.now()}
        )
