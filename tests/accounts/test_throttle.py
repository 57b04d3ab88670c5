from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Iterator

import pytest
from django.conf import settings

from realtime.accounts.throttle import Throttle


@pytest.fixture
def prefix() -> str:
    return f"test-{secrets.token_hex(8)}"


@pytest.fixture
def silent_redis() -> Iterator[str]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


def test_two_processes_share_one_count(prefix: str) -> None:
    one = Throttle(redis_url=settings.REDIS_URL, prefix=prefix)
    two = Throttle(redis_url=settings.REDIS_URL, prefix=prefix)

    assert one.wait_s("198.51.100.1", per_hour=1) == 0
    assert 3590 < two.wait_s("198.51.100.1", per_hour=1) <= 3600


def test_addresses_are_counted_apart(prefix: str) -> None:
    throttle = Throttle(redis_url=settings.REDIS_URL, prefix=prefix)
    throttle.wait_s("198.51.100.1", per_hour=1)

    assert throttle.wait_s("198.51.100.2", per_hour=1) == 0


def test_no_address_is_written_into_redis(prefix: str) -> None:
    import redis

    Throttle(redis_url=settings.REDIS_URL, prefix=prefix).wait_s("198.51.100.1", per_hour=1)

    with redis.Redis.from_url(settings.REDIS_URL) as client:
        keys = [key.decode() for key in client.scan_iter(f"{prefix}*")]
    assert len(keys) == 1
    assert "198.51" not in keys[0]


def test_a_refused_redis_leaves_a_count_of_ones_own(prefix: str) -> None:
    throttle = Throttle(redis_url="redis://127.0.0.1:1/0", prefix=prefix)

    waits = [throttle.wait_s("198.51.100.1", per_hour=2) for _ in range(3)]

    assert waits[:2] == [0, 0]
    assert waits[2] > 0


@pytest.mark.timeout(10)
def test_a_silent_redis_holds_nobody_up(prefix: str, silent_redis: str) -> None:
    throttle = Throttle(redis_url=silent_redis, prefix=prefix)

    waits = [throttle.wait_s("198.51.100.1", per_hour=100) for _ in range(100)]

    assert waits == [0] * 100


def test_simultaneous_first_visitors_share_the_count_of_the_process(prefix: str) -> None:
    throttle = Throttle(redis_url="redis://127.0.0.1:1/0", prefix=prefix)
    waits: list[float] = []
    threads = [
        threading.Thread(target=lambda: waits.append(throttle.wait_s("a", per_hour=1)))
        for _ in range(8)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(waits)[:2] == [0, pytest.approx(3600, abs=10)]
