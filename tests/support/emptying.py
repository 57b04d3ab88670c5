"""Emptying the tests' tables: quickly, and while servers that a test started still read them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest
from django.core.management.color import Style
from django.core.management.commands import flush
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.operations import DatabaseOperations
from psycopg.errors import DeadlockDetected

TRIES = 5
# What migrations made and no test changes: to make it again was two thirds of the time.
KEPT = frozenset({"django_content_type", "auth_permission"})
_flush = DatabaseOperations.execute_sql_flush


def quick_and_patient(patch: pytest.MonkeyPatch) -> None:
    """Change how a test that commits is cleaned up after."""
    patch.setattr(DatabaseOperations, "execute_sql_flush", execute_sql_flush)
    patch.setattr(flush, "sql_flush", sql_flush)
    patch.setattr(flush, "emit_post_migrate_signal", _nothing_to_make_again)


def execute_sql_flush(operations: DatabaseOperations, sql_list: Sequence[str]) -> None:
    """Try again where Postgres chose us to end a deadlock with a server's transaction."""
    for left in reversed(range(TRIES)):
        try:
            return _flush(operations, sql_list)
        except OperationalError as error:
            if not left or not isinstance(error.__cause__, DeadlockDetected):
                raise
    return None


def sql_flush(style: Style, connection: BaseDatabaseWrapper, **_: Any) -> list[str]:
    return connection.ops.sql_flush(style, _tables(connection))


@cache
def _tables(connection: BaseDatabaseWrapper) -> list[str]:
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return sorted(set(names) - KEPT)


def _nothing_to_make_again(*_: Any, **__: Any) -> None:
    """`KEPT` is still there."""
