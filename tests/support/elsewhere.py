"""What happens on another connection to the tests' database at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from django.db import connection

Elsewhere = Callable[[Callable[[], object]], "Future[object]"]


@contextmanager
def another_connection() -> Iterator[Elsewhere]:
    """Give what runs a function on a connection of its own."""

    def closing(function: Callable[[], object]) -> object:
        try:
            return function()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        yield lambda function: pool.submit(closing, function)


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as sql:
        sql.execute("SELECT pg_stat_clear_snapshot()")
        sql.execute(
            "SELECT 1 FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return sql.fetchone() is not None
