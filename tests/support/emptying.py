"""Emptying the tests' tables while servers that a test started still read them."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import OperationalError
from django.db.backends.postgresql.operations import DatabaseOperations
from psycopg.errors import DeadlockDetected

TRIES = 5
_flush = DatabaseOperations.execute_sql_flush


def execute_sql_flush(operations: DatabaseOperations, sql_list: Sequence[str]) -> None:
    """Try again where Postgres chose us to end a deadlock with a server's transaction."""
    for left in reversed(range(TRIES)):
        try:
            return _flush(operations, sql_list)
        except OperationalError as error:
            if not left or not isinstance(error.__cause__, DeadlockDetected):
                raise
    return None
