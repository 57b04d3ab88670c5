"""Limits as two processes share them through a real Redis, and as one keeps them without."""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import redis
from django.conf import settings

from realtime.chat.buckets import Rate
from realtime.chat.counters import TIMEOUT_S, Counters
from realtime.chat.lag import Lag
from realtime.chat.limits import Allowed, Limits
from realtime.chat.timings import Timings
from tests.support.eventually import until

ALLOWED = Allowed(Rate(20, 5), Rate(60, 15), sockets=3)
TIMINGS = replace(Timings(), socket_lease_s=2.0, socket_renew_s=0.2)
NOWHERE = "redis://127.0.0.1:1/0"
HOME = "198.51.100.1"


@pytest.fixture
def prefix() -> str:
    return f"test-{secrets.token_hex(8)}"


@pytest.fixture
def silent_redis() -> Iterator[str]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


@asynccontextmanager
async def process(
    prefix: str, *, url: str | None = None, allowed: Allowed = ALLOWED
) -> AsyncIterator[Limits]:
    counters = Counters(
        redis_url=url or settings.REDIS_URL,
        prefix=prefix,
        lease_s=TIMINGS.socket_lease_s,
        pause_s=TIMINGS.limits_pause_s,
    )
    limits = Limits(allowed, counters, TIMINGS, Lag(60.0))
    limits.start()
    try:
        yield limits
    finally:
        await limits.stop()


async def passed(limits: Limits, count: int, *, person: int = 1, address: str = HOME) -> int:
    waits = [
        await limits.submit_wait_s(
            person=person, address=address, run_id=f"{person}-{secrets.token_hex(4)}"
        )
        for _ in range(count)
    ]
    return waits.count(0)


async def opened(limits: Limits, *ids: str, person: int = 1) -> list[bool]:
    return [await limits.admit_socket(person=person, connection_id=each) for each in ids]


def counted(prefix: str, person: int = 1) -> int:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        count: int = client.zcard(f"{prefix}:limit:sockets:{person}")
        return count


async def test_two_processes_share_the_submits_of_a_person(prefix: str) -> None:
    async with process(prefix) as one, process(prefix) as two:
        assert await passed(one, 3) == 3
        assert await passed(two, 10) == 2
        wait = await one.submit_wait_s(person=1, address=HOME, run_id="next")

    assert 2 < wait <= 3


async def test_the_same_run_again_costs_nothing_in_any_process(prefix: str) -> None:
    async with process(prefix) as one, process(prefix) as two:
        for limits in (one, two) * 10:
            assert await limits.submit_wait_s(person=1, address=HOME, run_id="r") == 0

        assert await passed(one, 10) == 4


async def test_a_run_of_somebody_else_is_not_a_repeat(prefix: str) -> None:
    async with process(prefix) as limits:
        await passed(limits, 5, person=2)
        await limits.submit_wait_s(person=1, address=HOME, run_id="r")

        assert await limits.submit_wait_s(person=2, address=HOME, run_id="r") > 0


async def test_a_refused_run_is_counted_when_it_comes_again(prefix: str) -> None:
    async with process(prefix) as limits:
        await passed(limits, 5)

        for _ in range(3):
            assert await limits.submit_wait_s(person=1, address=HOME, run_id="r") > 0


async def test_people_at_one_address_share_its_rate_too(prefix: str) -> None:
    async with process(prefix) as limits:
        of_each = [await passed(limits, 5, person=person) for person in range(1, 6)]

        assert sum(of_each) == 15
        assert await passed(limits, 1, person=9, address="198.51.100.2") == 1


async def test_an_address_nobody_knows_is_not_counted(prefix: str) -> None:
    async with process(prefix) as limits:
        of_each = [
            await passed(limits, 5, person=person, address="unknown") for person in range(1, 6)
        ]

    assert of_each == [5] * 5


async def test_no_address_and_no_run_id_is_written_into_redis(prefix: str) -> None:
    async with process(prefix) as limits:
        await limits.submit_wait_s(person=1, address=HOME, run_id="secret-run")

    with redis.Redis.from_url(settings.REDIS_URL) as client:
        keys = [key.decode() for key in client.scan_iter(f"{prefix}*")]
        runs = client.zrange(f"{prefix}:limit:runs:1", 0, -1)
    assert len(keys) == 3
    assert not any("198.51" in key for key in keys)
    assert b"secret" not in b"".join(runs)


async def test_two_processes_share_the_sockets_of_a_person(prefix: str) -> None:
    async with process(prefix) as one, process(prefix) as two:
        assert await opened(one, "a", "b") == [True, True]
        assert await opened(two, "c", "d") == [True, False]
        assert await opened(two, "e", person=2) == [True]

        one.release_socket(person=1, connection_id="a")
        await until(lambda: counted(prefix) == 2)

        assert await opened(two, "d") == [True]


async def test_simultaneous_sockets_cannot_pass_together(prefix: str) -> None:
    async with process(prefix) as one, process(prefix) as two:
        asked = [
            limits.admit_socket(person=1, connection_id=f"{n}")
            for n, limits in enumerate((one, two) * 10)
        ]

        assert sum(await asyncio.gather(*asked)) == 3


async def test_open_sockets_stay_counted_and_those_of_the_dead_do_not(prefix: str) -> None:
    """A process that is killed says no goodbye: its leases end."""
    async with process(prefix) as living, process(prefix) as dead:
        await opened(living, "a")
        await opened(dead, "b", "c")
        for task in dead._tasks:
            task.cancel()

        assert counted(prefix) == 3
        await until(lambda: counted(prefix) == 1)

        assert await opened(living, "d", "e", "f") == [True, True, False]


async def test_a_process_that_stops_leaves_no_socket_counted(prefix: str) -> None:
    async with process(prefix) as limits:
        await opened(limits, "a", "b")

    assert counted(prefix) == 0


async def test_a_redis_that_forgot_hears_of_open_sockets_again(prefix: str) -> None:
    async with process(prefix) as limits:
        await opened(limits, "a", "b")
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            client.delete(f"{prefix}:limit:sockets:1")

        await until(lambda: counted(prefix) == 2)


async def test_without_redis_a_process_counts_its_share(prefix: str) -> None:
    of_four = replace(ALLOWED, share=0.5)

    async with process(prefix, url=NOWHERE, allowed=of_four) as limits:
        assert await opened(limits, "a", "b") == [True, False]
        assert await passed(limits, 10) == 5
        wait = await limits.submit_wait_s(person=1, address=HOME, run_id="next")

    assert 5 < wait <= 6


async def test_without_redis_the_same_run_again_costs_nothing(prefix: str) -> None:
    async with process(prefix, url=NOWHERE) as limits:
        for _ in range(20):
            assert await limits.submit_wait_s(person=1, address=HOME, run_id="r") == 0

        assert await passed(limits, 10) == 4


async def test_a_silent_redis_holds_nobody_up(prefix: str, silent_redis: str) -> None:
    async with process(prefix, url=silent_redis) as limits:
        began = time.monotonic()
        await asyncio.gather(*(passed(limits, 3, person=person) for person in range(100)))
        await opened(limits, "a", "b", "c")
        took = time.monotonic() - began

    assert took < 3 * TIMEOUT_S


async def test_a_storm_of_sockets_is_counted_in_redis(prefix: str) -> None:
    async with process(prefix) as limits:
        asked = [limits.admit_socket(person=n, connection_id=f"c{n}") for n in range(1_000)]

        assert all(await asyncio.gather(*asked))
        assert not limits.counters._again_at
        assert counted(prefix, person=999) == 1


async def test_who_gives_up_asking_holds_nobody_up(prefix: str) -> None:
    async with process(prefix) as limits:
        first = asyncio.create_task(passed(limits, 1))
        await asyncio.sleep(0)
        first.cancel()

        assert await passed(limits, 1, person=2) == 1


async def test_a_redis_that_comes_back_counts_again(
    prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with process(prefix) as limits:
        monkeypatch.setattr(limits.counters, "_again_at", 1e12)
        await passed(limits, 5)
        assert await passed(limits, 1) == 0
        monkeypatch.setattr(limits.counters, "_again_at", 0.1)

        assert await passed(limits, 10) == 5
