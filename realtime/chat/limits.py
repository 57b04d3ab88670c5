"""How much one person may ask, whichever process they meet (protocol.md 1.15).

Redis counts submits and sockets; a process without Redis counts its own, against its share of the
limit. These limits spare the server: what must hold whatever happens to Redis is counted in
Postgres, by `allowance.py`.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.utils.crypto import salted_hmac

from realtime.accounts.addresses import UNKNOWN
from realtime.chat.buckets import Buckets, Rate
from realtime.chat.counters import Counters
from realtime.chat.lag import Lag
from realtime.chat.timings import Timings

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Allowed:
    """`share`: what a process counts against while Redis is away."""

    submits: Rate
    submits_per_address: Rate
    sockets: int
    share: float = 1.0

    @property
    def own_share(self) -> Allowed:
        return replace(
            self,
            submits=self.submits.shared(self.share),
            submits_per_address=self.submits_per_address.shared(self.share),
            sockets=max(1, int(self.sockets * self.share)),
        )


@dataclass(slots=True)
class Limits:
    """Lives in one event loop; `start` and `stop` there."""

    allowed: Allowed
    counters: Counters
    timings: Timings
    lag: Lag
    _buckets: Buckets = field(default_factory=Buckets)
    _sockets: dict[str, set[str]] = field(default_factory=dict)
    _gone: dict[str, list[str]] = field(default_factory=dict)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _forgetting: asyncio.Task[None] | None = None

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self._renew_for_ever()),
            loop.create_task(self.lag.watch()),
        ]

    async def stop(self) -> None:
        """Leave no socket of ours counted, if Redis lets us in its bounded time."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for person, ours in list(self._sockets.items()):
            for connection_id in list(ours):
                self.release_socket(person=int(person), connection_id=connection_id)
        if self._forgetting is not None:
            await self._forgetting
        await self.counters.close()

    # --- submits -----------------------------------------------------------------------------

    async def submit_wait_s(self, *, person: int, address: str | None, run_id: str) -> float:
        """Count a submit; 0 lets it pass, else how long until the next would.

        The same run again costs nothing: a client repeats until it is answered.
        """
        run = hashlib.sha256(run_id.encode()).hexdigest()[:24]
        charged = self._charged(self.allowed, person, address)
        wait = await self.counters.wait_s(person=str(person), run=run, charged=charged)
        if wait is not None:
            return wait
        if self._buckets.knows(str(person), run):
            return 0.0
        charged = self._charged(self.allowed.own_share, person, address)
        wait = self._buckets.wait_s(charged, now=time.monotonic())
        if wait == 0:
            self._buckets.remember(str(person), run)
        return wait

    def _charged(
        self, allowed: Allowed, person: int, address: str | None
    ) -> list[tuple[str, Rate]]:
        """An address nobody knows is nobody's: all who come by a Unix socket would share it."""
        charged = [(f"p{person}", allowed.submits)]
        if address is not None and address != UNKNOWN:
            # Personal, hence kept as a keyed hash.
            hashed = salted_hmac("realtime.chat.limits", address, algorithm="sha256").hexdigest()
            charged.append((f"a{hashed}", allowed.submits_per_address))
        return charged

    # --- sockets -----------------------------------------------------------------------------

    @property
    def overloaded(self) -> bool:
        """Whether this process has more to do than it can: nobody else shall come in."""
        return self.lag.behind(asyncio.get_running_loop().time())

    async def admit_socket(self, *, person: int, connection_id: str) -> bool:
        """Count one more socket of this person until it is released; False if it is one too many.

        It is also for streams over HTTP.
        """
        ours = self._sockets.setdefault(str(person), set())
        ours.add(connection_id)
        admitted = False
        try:
            shared = await self.counters.admit(
                person=str(person), connection_id=connection_id, most=self.allowed.sockets
            )
            admitted = len(ours) <= self.allowed.own_share.sockets if shared is None else shared
        finally:
            if not admitted:
                self.release_socket(person=person, connection_id=connection_id)
        return admitted

    def release_socket(self, *, person: int, connection_id: str) -> None:
        """It has gone; more calls do nothing."""
        ours = self._sockets.get(str(person), set())
        if connection_id not in ours:
            return
        ours.discard(connection_id)
        if not ours:
            del self._sockets[str(person)]
        self._gone.setdefault(str(person), []).append(connection_id)
        if self._forgetting is None or self._forgetting.done():
            self._forgetting = asyncio.get_running_loop().create_task(self._forget())

    async def _forget(self) -> None:
        """All that went meanwhile at once: thousands go together when a server stops."""
        while self._gone:
            gone, self._gone = self._gone, {}
            await self.counters.forget(gone)

    async def _renew_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self.timings.socket_renew_s)
            try:
                await self.counters.renew({who: [*ours] for who, ours in self._sockets.items()})
            except Exception as error:  # whatever it was: sockets that live must stay counted
                logger.error("sockets could not be counted again: %s", type(error).__name__)


def limits_of_settings(timings: Timings) -> Limits:
    """What the operator said."""
    persons = settings.SUBMITS_PER_MINUTE
    per_address = settings.SUBMITS_PER_MINUTE_PER_ADDRESS
    return Limits(
        Allowed(
            submits=Rate(persons, settings.SUBMITS_BURST),
            submits_per_address=Rate(
                per_address, max(1, settings.SUBMITS_BURST * per_address // persons)
            ),
            sockets=settings.SOCKETS_PER_PERSON,
            share=min(1.0, 2 / settings.WEB_PROCESSES),
        ),
        Counters(
            redis_url=settings.REDIS_URL,
            prefix=settings.REDIS_PREFIX,
            lease_s=timings.socket_lease_s,
            pause_s=timings.limits_pause_s,
        ),
        timings,
        Lag(settings.MAX_LOOP_LAG_MS / 1_000),
    )
