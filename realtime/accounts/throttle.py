"""How many new guests one address may make: minting them would void every per-person limit.

Redis counts for all processes. Without Redis each process counts for itself, and asks Redis again
after a while: no request waits for a dead one.
"""

from __future__ import annotations

import functools
import logging
import threading
import time

from django.conf import settings
from django.utils.crypto import salted_hmac
from limits import RateLimitItemPerHour
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

REDIS_TIMEOUT_S = 0.3
REDIS_PAUSE_S = 5.0


class Throttle:
    """Counts in Redis, or in this process while Redis is away."""

    def __init__(self, *, redis_url: str, prefix: str) -> None:
        self._redis_url = redis_url
        self._prefix = prefix
        self._local: MovingWindowRateLimiter | None = None
        self._local_lock = threading.Lock()
        self._redis_again_at = 0.0  # monotonic

    @functools.cached_property
    def _shared(self) -> MovingWindowRateLimiter:
        pool = ConnectionPool.from_url(
            self._redis_url,
            socket_timeout=REDIS_TIMEOUT_S,
            socket_connect_timeout=REDIS_TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),  # a Redis client tries four times by default
        )
        storage = RedisStorage(
            self._redis_url,
            connection_pool=pool,
            key_prefix=f"{self._prefix}:limit",
            wrap_exceptions=True,
        )
        return MovingWindowRateLimiter(storage)

    def wait_s(self, address: str, *, per_hour: int) -> float:
        """Count one attempt; 0 lets it pass, else how long until the next would."""
        item = RateLimitItemPerHour(per_hour)
        # An address is personal: what Redis holds for an hour is a keyed hash of it.
        key = salted_hmac("realtime.accounts.throttle", address, algorithm="sha256").hexdigest()
        if time.monotonic() >= self._redis_again_at:
            try:
                return _hit(self._shared, item, key)
            except StorageError as error:
                self._redis_again_at = time.monotonic() + REDIS_PAUSE_S
                cause = type(error.storage_error).__name__
                logger.warning("guest limit counts in this process: Redis failed (%s)", cause)
        return _hit(self._local_limiter(), item, key)

    def _local_limiter(self) -> MovingWindowRateLimiter:
        with self._local_lock:  # two limiters would count half each
            if self._local is None:
                self._local = MovingWindowRateLimiter(MemoryStorage())
            return self._local


def _hit(limiter: MovingWindowRateLimiter, item: RateLimitItemPerHour, key: str) -> float:
    if limiter.hit(item, "guest", key):
        return 0.0
    window = limiter.get_window_stats(item, "guest", key)
    return max(1.0, window.reset_time - time.time())


@functools.cache
def guest_throttle() -> Throttle:
    return Throttle(redis_url=settings.REDIS_URL, prefix=settings.REDIS_PREFIX)
