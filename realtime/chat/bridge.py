"""The only way from async code to the ORM: a few threads of our own and short waits.

Django's `sync_to_async` shares one thread per process outside of HTTP: one slow query would stall
every socket (measured: 2.9 s for a 3 s query).
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, InternalError, OperationalError, connection
from psycopg.conninfo import make_conninfo
from psycopg.errors import ReadOnlySqlTransaction
from psycopg.pq import Conninfo

P = ParamSpec("P")
R = TypeVar("R")

THREADS = 4
LOCK_TIMEOUT_MS = 2_000
STATEMENT_TIMEOUT_MS = 5_000
# A process that is stopped between two statements must not keep its locks from others' stops.
IDLE_IN_TRANSACTION_MS = 2_000
ANSWER_S = STATEMENT_TIMEOUT_MS / 1_000 + 5  # past it, the threads are busy or Postgres is mute
CLOSE_S = 5.0
TRUST_IDLE_S = 1.0  # a connection that rested longer is asked whether it still lives

_threads = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="bridge")
_local = threading.local()


class StorageUnavailable(Exception):
    """Postgres did not answer in time; nothing was written that the caller may count on."""


async def run(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a query or an operation in a bridge thread.

    Raises StorageUnavailable when Postgres is out of reach or mute. A caller that is cancelled or
    waited too long does not stop the operation: it ends as if it had not been waited for.
    """
    call = functools.partial(function, *args, **kwargs)
    try:
        async with asyncio.timeout(ANSWER_S) as deadline:
            return await asyncio.get_running_loop().run_in_executor(_threads, _call, call)
    except TimeoutError as error:
        if not deadline.expired():
            raise
        raise StorageUnavailable("no answer in time") from error


def close_connections() -> None:
    """Give back the threads' connections (for tests and for a clean end of the process)."""
    together = threading.Barrier(THREADS)  # holds each thread until all have come

    def close() -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            together.wait(CLOSE_S)  # one that hangs in a query must not hold the process
        connection.close()

    for future in [_threads.submit(close) for _ in range(THREADS)]:
        with contextlib.suppress(TimeoutError):
            future.result(CLOSE_S)


def conninfo() -> str:
    """The database of Django's settings, tests' own included, as libpq has it."""
    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    parameters = connection.get_connection_params()
    return make_conninfo("", **{k: v for k, v in parameters.items() if k in known and v})


def _call(function: Callable[[], R]) -> R:
    try:
        _prepare_connection()
        return function()
    except (OperationalError, InterfaceError) as error:
        connection.close()
        raise StorageUnavailable(type(error).__name__) from error
    except InternalError as error:
        if not isinstance(error.__cause__, ReadOnlySqlTransaction):
            raise
        raise StorageUnavailable("read-only") from error
    finally:
        _local.used_at = time.monotonic()


def _prepare_connection() -> None:
    rested = time.monotonic() - getattr(_local, "used_at", 0.0)
    if connection.connection is not None and rested > TRUST_IDLE_S and not connection.is_usable():
        connection.close()
    if connection.connection is None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MS}")
            cursor.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}")
            idle = f"SET idle_in_transaction_session_timeout = {IDLE_IN_TRANSACTION_MS}"
            cursor.execute(idle)
