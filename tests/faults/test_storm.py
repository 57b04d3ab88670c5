"""Fault 32: everybody comes back at once."""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.support.cluster import Cluster
from tests.support.eventually import until
from tests.support.people import People

CORES = 10  # for both servers, Postgres, Redis, the balancer and a thousand clients at once
PEOPLE = 50


@dataclass
class Returner:
    """A thin client: subscribes, and when cut comes back within 2 s, as 1.12 asks, until it is in.

    `took_s`: from the socket's opening handshake to `subscribed`, at each coming.
    """

    url: str
    headers: dict[str, str]
    thread_id: str
    dice: random.Random
    took_s: list[float] = field(default_factory=list)
    failed: int = 0

    async def live(self) -> None:
        pause = 0.0
        while True:
            await asyncio.sleep(self.dice.uniform(0, pause))
            pause = 2.0
            try:
                await self._once()
            except (OSError, ConnectionClosed, InvalidHandshake, TimeoutError, EOFError):
                self.failed += 1

    async def _once(self) -> None:
        began = time.monotonic()
        socket = await connect(
            self.url,
            additional_headers=self.headers,
            compression=None,
            open_timeout=30,
            ping_interval=None,
            proxy=None,
        )
        try:
            await self._subscribe(socket)
            self.took_s.append(time.monotonic() - began)
            async for _ in socket:
                pass
        finally:
            socket.transport.abort()

    async def _subscribe(self, socket: ClientConnection) -> None:
        await socket.send(
            json.dumps({"type": "subscribe", "threadId": self.thread_id, "cursor": None})
        )
        async with asyncio.timeout(30):
            while json.loads(await socket.recv())["type"] != "subscribed":
                pass


@pytest.mark.timeout(400)
async def test_32_a_thousand_sockets_reconnect_at_once_and_subscribe_within_2_s(
    cluster: Cluster, people: People, figures: Callable[[str], None]
) -> None:
    count = 1_000 if cluster.scale == 1 else 100
    url = cluster.url.replace("http", "ws") + "/ws/v1/chat"
    persons = [await people.somebody() for _ in range(PEOPLE)]
    clients = [
        Returner(url, persons[i % PEOPLE].headers, f"t{i}", random.Random(i)) for i in range(count)
    ]
    tasks = [asyncio.ensure_future(client.live()) for client in clients]

    try:
        await until(lambda: all(client.took_s for client in clients), patience_s=150)
        cluster.balancer.cut()
        await until(lambda: all(len(client.took_s) > 1 for client in clients), patience_s=150)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    took = sorted(client.took_s[1] for client in clients)
    p50, p99 = took[len(took) // 2], took[int(len(took) * 0.99)]
    figures(f"{count} sockets came back: p50 {p50:.2f} s, p99 {p99:.2f} s")
    # The contract's 2 s are for a machine on which clients and servers need not share two cores.
    assert p99 < 2 * max(1.0, CORES / (os.cpu_count() or 1))
