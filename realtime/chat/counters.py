"""Counts in Redis, for all processes. Every answer may be None: Redis is away, count for yourself.

What is asked while an answer is on its way goes together in the next round trip, so a storm of
clients is a few of them. A Redis that fails or is slow is left alone for a while, then one asks
again: nobody queues up for a dead one. Its own clock decides, so those of processes may differ.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from realtime.chat.buckets import RUNS, Rate

logger = logging.getLogger(__name__)

Sockets = Mapping[str, Sequence[str]]  # a person's connection ids

TIMEOUT_S = 0.3
BATCH = 100  # questions in one round trip; as many people in one question about sockets
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
_ADMIT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
"""

# For each key: how many of its connections follow, then these.
_RENEW = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local at = 2
for i = 1, #KEYS do
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now)
  for j = at + 1, at + ARGV[at] do redis.call('ZADD', KEYS[i], now + ARGV[1], ARGV[j]) end
  redis.call('PEXPIRE', KEYS[i], ARGV[1])
  at = at + ARGV[at] + 1
end
"""
_FORGET = """
local at = 1
for i = 1, #KEYS do
  for j = at + 1, at + ARGV[at] do redis.call('ZREM', KEYS[i], ARGV[j]) end
  at = at + ARGV[at] + 1
end
"""


@dataclass(frozen=True, slots=True)
class _Question:
    script: str
    keys: list[str]
    arguments: list[str | int]
    answer: asyncio.Future[Any]


class Counters:
    """Lives in one event loop, as its connection does."""

    def __init__(self, *, redis_url: str, prefix: str, lease_s: float, pause_s: float) -> None:
        self._redis_url = redis_url
        self._prefix = f"{prefix}:limit"
        self._lease_ms = max(1, int(lease_s * 1000))
        self._pause_s = pause_s
        self._again_at = 0.0  # of the loop's clock; 0 while Redis answers
        self._waiting: list[_Question] = []
        self._asking: asyncio.Task[None] | None = None

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
        waited = await self._ask(_SUBMIT, keys, [run, RUNS, RUNS_S, *rates])
        return None if waited is None else int(waited) / 1_000_000

    async def admit(self, *, person: str, connection_id: str, most: int) -> bool | None:
        """Count a socket unless the person has `most` of them."""
        keys = [self._key("sockets", person)]
        admitted = await self._ask(_ADMIT, keys, [self._lease_ms, most, connection_id])
        return None if admitted is None else bool(admitted)

    async def renew(self, sockets: Sockets) -> None:
        """Lengthen the leases; a Redis that lost them gets them again."""
        for keys, arguments in self._chunks(sockets):
            await self._ask(_RENEW, keys, [self._lease_ms, *arguments])

    async def forget(self, sockets: Sockets) -> None:
        for keys, arguments in self._chunks(sockets):
            await self._ask(_FORGET, keys, arguments)

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)
            _tell(self._waiting, [None] * len(self._waiting))
        with contextlib.suppress(Exception):  # nothing that could fail now is needed any more
            async with asyncio.timeout(TIMEOUT_S):
                await self._redis.aclose()

    def _key(self, kind: str, name: str) -> str:
        return f"{self._prefix}:{kind}:{name}"

    def _chunks(self, sockets: Sockets) -> list[tuple[list[str], list[str | int]]]:
        """Keys and arguments for handfuls of people."""
        people = list(sockets)
        chunks = []
        for at in range(0, len(people), BATCH):
            handful = people[at : at + BATCH]
            arguments: list[str | int] = []
            for person in handful:
                arguments += [len(sockets[person]), *sockets[person]]
            chunks.append(([self._key("sockets", person) for person in handful], arguments))
        return chunks

    # --- asking ------------------------------------------------------------------------------

    @functools.cached_property
    def _redis(self) -> Redis:
        return Redis.from_url(
            self._redis_url,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),  # a Redis client tries four times by default
        )

    async def _ask(self, script: str, keys: list[str], arguments: list[str | int]) -> Any | None:
        loop = asyncio.get_running_loop()
        if self._again_at:
            if loop.time() < self._again_at:
                return None
            self._again_at = loop.time() + self._pause_s  # the others do not ask with us
        question = _Question(script, keys, arguments, loop.create_future())
        self._waiting.append(question)
        if self._asking is None or self._asking.done():
            self._asking = loop.create_task(self._ask_all())
        return await question.answer

    async def _ask_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            answers: Sequence[Any] = [None] * len(batch)
            try:
                answers = await self._answers(batch)
                self._again_at = 0.0
            except Exception as error:  # whatever it is, nobody here may wait for ever
                self._failed(error)
                batch, self._waiting = batch + self._waiting, []
                answers = [None] * len(batch)
            finally:
                _tell(batch, answers)

    async def _answers(self, batch: Sequence[_Question]) -> list[Any]:
        """Whole scripts, for a hash alone is nothing to a Redis that restarted."""
        async with (
            asyncio.timeout(TIMEOUT_S),
            self._redis.pipeline(transaction=False) as pipe,
        ):
            for question in batch:
                arguments = [str(each) for each in question.arguments]
                pipe.eval(question.script, len(question.keys), *question.keys, *arguments)
            return list(await pipe.execute())

    def _failed(self, error: Exception) -> None:
        if not self._again_at:
            cause = type(error).__name__
            logger.warning("limits count in this process: Redis failed (%s)", cause)
        self._again_at = asyncio.get_running_loop().time() + self._pause_s


def _tell(batch: Sequence[_Question], answers: Sequence[Any]) -> None:
    for question, answer in zip(batch, answers, strict=True):
        if not question.answer.done():  # who asked may have gone
            question.answer.set_result(answer)
