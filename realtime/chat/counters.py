"""Counts in Redis, for all processes. Every answer may be None: Redis is away, count for yourself.

A Redis that fails or is slow is left alone for a while, then one asks again: nobody queues up for
a dead one. Its own clock decides, so those of the processes may differ.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from realtime.chat.buckets import RUNS, Rate

logger = logging.getLogger(__name__)

T = TypeVar("T")
Sockets = Mapping[str, Sequence[str]]  # a person's connection ids

TIMEOUT_S = 0.3
CONNECTIONS = 8
CHUNK = 500  # people in one round trip
RUNS_S = 24 * 3600

# GCRA in microseconds: each bucket keeps the time at which all that was taken would be due.
_SUBMIT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
local wait, due = 0, {}
for i = 2, #KEYS do
  local interval, tolerance = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local at = math.max(tonumber(redis.call('GET', KEYS[i]) or 0), now)
  wait = math.max(wait, at - tolerance - now)
  due[i] = at + interval
end
if wait > 0 then return math.ceil(wait) end
for i = 2, #KEYS do
  redis.call('SET', KEYS[i], string.format('%.0f', due[i]),
    'PX', math.ceil((due[i] - now) / 1000))
end
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 0
"""

# A member is a connection, its score the end of its lease: what kill -9 leaves behind ends alone.
_SOCKETS = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local most = tonumber(ARGV[2])
if most > 0 and redis.call('ZCARD', KEYS[1]) >= most then return 0 end
for i = 3, #ARGV do redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
"""


class Counters:
    """Lives in one event loop, as its connections do."""

    def __init__(self, *, redis_url: str, prefix: str, lease_s: float, pause_s: float) -> None:
        self._redis_url = redis_url
        self._prefix = f"{prefix}:limit"
        self._lease_ms = max(1, int(lease_s * 1000))
        self._pause_s = pause_s
        self._again_at = 0.0  # of the loop's clock; 0 while Redis answers

    @functools.cached_property
    def _redis(self) -> Redis:
        pool = BlockingConnectionPool.from_url(
            self._redis_url,
            max_connections=CONNECTIONS,
            timeout=TIMEOUT_S,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),  # a Redis client tries four times by default
        )
        return Redis.from_pool(pool)  # closes the pool with it

    @functools.cached_property
    def _submit(self) -> AsyncScript:
        return self._redis.register_script(_SUBMIT)

    @functools.cached_property
    def _hold(self) -> AsyncScript:
        return self._redis.register_script(_SOCKETS)

    async def wait_s(
        self, *, person: str, run: str, charged: Sequence[tuple[str, Rate]]
    ) -> float | None:
        """Take one from each bucket, or none and say how long to wait; a known run costs none."""
        keys = [self._key("runs", person), *(self._key("rate", key) for key, _ in charged)]
        rates = [
            int(span_s * 1_000_000)
            for _, rate in charged
            for span_s in (rate.interval_s, rate.tolerance_s)
        ]
        arguments: list[str | int] = [run, RUNS, RUNS_S, *rates]
        waited = await self._ask(lambda: self._submit(keys=keys, args=arguments))
        return None if waited is None else int(waited) / 1_000_000

    async def admit(self, *, person: str, connection_id: str, most: int) -> bool | None:
        """Count a socket unless the person has `most` of them."""
        keys = [self._key("sockets", person)]
        arguments: list[str | int] = [self._lease_ms, most, connection_id]
        admitted = await self._ask(lambda: self._hold(keys=keys, args=arguments))
        return None if admitted is None else bool(admitted)

    async def renew(self, sockets: Sockets) -> None:
        """Lengthen the leases; a Redis that lost them gets them again."""
        for people in _chunks(sockets):
            async with self._redis.pipeline(transaction=False) as pipe:
                for person in people:
                    keys = [self._key("sockets", person)]
                    arguments: list[str | int] = [self._lease_ms, 0, *sockets[person]]
                    await self._hold(keys=keys, args=arguments, client=pipe)
                await self._ask(pipe.execute)

    async def forget(self, sockets: Sockets) -> None:
        for people in _chunks(sockets):
            async with self._redis.pipeline(transaction=False) as pipe:
                for person in people:
                    pipe.zrem(self._key("sockets", person), *sockets[person])
                await self._ask(pipe.execute)

    async def close(self) -> None:
        with contextlib.suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(TIMEOUT_S):
                await self._redis.aclose()

    async def _ask(self, question: Callable[[], Awaitable[T]]) -> T | None:
        loop = asyncio.get_running_loop()
        if self._again_at:
            if loop.time() < self._again_at:
                return None
            self._again_at = loop.time() + self._pause_s  # the others do not ask with us
        try:
            async with asyncio.timeout(TIMEOUT_S):
                answer = await question()
        except (RedisError, OSError, TimeoutError) as error:
            if not self._again_at:
                logger.warning("limits count in this process: Redis failed (%s)", _cause(error))
            self._again_at = loop.time() + self._pause_s
            return None
        self._again_at = 0.0
        return answer

    def _key(self, kind: str, name: str) -> str:
        return f"{self._prefix}:{kind}:{name}"


def _cause(error: Exception) -> str:
    return type(error).__name__


def _chunks(sockets: Sockets) -> list[list[str]]:
    people = list(sockets)
    return [people[at : at + CHUNK] for at in range(0, len(people), CHUNK)]
