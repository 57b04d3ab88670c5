"""The log in Postgres, through a small pool of the flusher's own.

Two statements: one writes, one asks what was written. A connection that stays mute is cut.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from realtime.chat import log

logger = logging.getLogger(__name__)

STATEMENT_TIMEOUT_MS = 3_000
ANSWER_S = STATEMENT_TIMEOUT_MS / 1_000 + 1  # past this the connection is mute, not slow
CONNECTIONS = 2
# A standby that was not promoted yet, or a disk that filled up, is storage that is away.
LOST = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.ReadOnlySqlTransaction,
    PoolTimeout,
)


class Position(NamedTuple):
    """Where a run's row stands; all None while somebody holds it."""

    epoch: int | None
    last_seq: int | None
    state: str | None


@dataclass(slots=True)
class LogStore:
    """`conninfo` is a libpq connection string. Both statements raise one of LOST when the answer
    was: then nobody knows whether they were done.
    """

    conninfo: str
    _pool: AsyncConnectionPool = field(init=False)

    def __post_init__(self) -> None:
        self._pool = AsyncConnectionPool(
            make_conninfo(self.conninfo, connect_timeout=3, tcp_user_timeout=5000),
            min_size=1,
            max_size=CONNECTIONS,
            timeout=3,
            # Its back-off doubles: beyond, a write asks anew, else runs lose their lease by it.
            reconnect_timeout=2,
            open=False,
            configure=_configure,
            # Nothing prepared: a pooler between us and Postgres may change the connection below.
            kwargs={"autocommit": True, "prepare_threshold": None},
        )

    async def open(self) -> None:
        """It need not connect yet."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        await self._pool.close()

    async def append(
        self, appends: Sequence[log.Append], *, lease_s: float
    ) -> dict[UUID, log.Outcome]:
        """Write what each run has to add, and renew its lease; says of each what became of it."""
        parameters = log.append_parameters(appends, lease_s=lease_s)
        return log.read_outcomes(await self._fetch(log.APPEND, parameters))

    async def positions(self, runs: Sequence[UUID]) -> dict[UUID, Position]:
        """Where these stand; one that is gone is left out.

        Each connection that died while it rested costs a try, and no more: to wait between them is
        to find the next one dead as well, where something ends them faster than we ask.
        """
        for _ in range(CONNECTIONS):
            try:
                return await self._positions(runs)
            except PoolTimeout:
                raise
            except LOST:
                continue
        return await self._positions(runs)

    async def _positions(self, runs: Sequence[UUID]) -> dict[UUID, Position]:
        rows = await self._fetch(log.POSITION, {"run": list(runs)})
        return {row[0]: Position(*row[1:]) for row in rows}

    async def _fetch(self, statement: LiteralString, parameters: dict[str, Any]) -> list[Any]:
        async with self._pool.connection() as connection:
            with _answering(connection):
                cursor = await connection.execute(statement, parameters)
                return await cursor.fetchall()


async def _configure(connection: psycopg.AsyncConnection) -> None:
    with _answering(connection):
        await connection.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}")


@contextmanager
def _answering(connection: psycopg.AsyncConnection) -> Iterator[None]:
    """Cut the connection when the server stays mute; the statement then fails as lost.

    Not `asyncio.timeout`: a cancelled psycopg first asks the server to cancel, and waits for it.
    """
    loop = asyncio.get_running_loop()
    timer = loop.call_later(ANSWER_S, _cut, connection)
    try:
        yield
    finally:
        timer.cancel()


def _cut(connection: psycopg.AsyncConnection) -> None:
    if connection.closed:
        return
    logger.warning("Postgres is mute: connection cut")
    with socket.socket(fileno=os.dup(connection.fileno())) as own:
        own.shutdown(socket.SHUT_RDWR)
