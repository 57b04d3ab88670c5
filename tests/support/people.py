"""People of a cluster with their clients, and what Postgres holds of their threads."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connection

from realtime.chat.models import Message, Run, RunEvent, Thread
from realtime.chat.transcript import text_of
from tests.support.chat_client import place
from tests.support.cluster import Cluster, Process
from tests.support.eventually import until_async
from tests.support.resilient_client import Frame, ResilientClient, Turn
from tests.support.server import client_token


@dataclass
class Person:
    """A new guest with a token, and the clients that guest opened."""

    headers: dict[str, str]
    user_id: int
    cluster: Cluster
    open: AsyncExitStack
    clients: list[ResilientClient] = field(default_factory=list)

    async def client(self, at: Process | str | None = None) -> ResilientClient:
        """Through the balancer, unless it says at which process or url."""
        url = self.cluster.url if at is None else at if isinstance(at, str) else at.url
        dice = random.Random(f"{self.user_id} {len(self.clients)}")
        client = ResilientClient(url, self.headers, self.cluster.timings, dice, self.user_id)
        self.clients.append(await self.open.enter_async_context(client))
        await client.until(lambda: client.opened > 0)
        return client


@dataclass
class People:
    cluster: Cluster
    open: AsyncExitStack

    async def somebody(self) -> Person:
        there = next(p for p in self.cluster.processes if p.server.alive)
        headers = await asyncio.to_thread(client_token, there.server)
        return Person(headers, await _newest_person(), self.cluster, self.open)

    async def one(self, at: Process | str | None = None) -> ResilientClient:
        """A person with one client."""
        return await (await self.somebody()).client(at)


@sync_to_async
def _newest_person() -> int:
    with connection.cursor() as sql:
        sql.execute("SELECT max(user_id) FROM accounts_clienttoken")
        newest: int = sql.fetchone()[0]
        return newest


async def owner_of(cluster: Cluster, turn: Turn, *, attempt: int = 1) -> Process:
    """The process that writes this run, once it has been claimed so often."""
    run: Run | None = None

    async def claimed() -> bool:
        nonlocal run
        run = await Run.objects.filter(client_run_id=turn.run_id, attempt__gte=attempt).afirst()
        return run is not None

    await until_async(claimed)
    assert run is not None
    pid = int(str(run.claimed_by).split(":")[1])
    return next(p for p in cluster.processes if p.server.pid == pid)


@sync_to_async
def run_of(client_run_id: str) -> Run:
    return Run.objects.get(client_run_id=client_run_id)


@sync_to_async
def stored_reply(run: str) -> tuple[str, set[str]]:
    """The words of this run's reply as the transcript has them, and their statuses."""
    rows = Message.objects.filter(run_id=Run.objects.get(client_run_id=run).id, role="assistant")
    kept = list(rows.order_by("idx"))
    return "".join(text_of(row.content) for row in kept), {row.status for row in kept}


@sync_to_async
def events_of(client_run_id: str) -> list[RunEvent]:
    run = Run.objects.get(client_run_id=client_run_id)
    return list(RunEvent.objects.filter(run_id=run.id).order_by("seq"))


@sync_to_async
def assert_exact(client: ResilientClient, thread_id: str = "t1") -> None:
    """What the client shows is what Postgres keeps (I7), and each frame was what it has (I1)."""
    thread = Thread.objects.get(owner_id=client.owner_id, client_thread_id=thread_id)
    rows = Message.objects.filter(
        thread=thread, superseded_by__isnull=True, role__in=("user", "assistant")
    )
    kept = [(m.client_msg_id, m.role, text_of(m.content)) for m in rows.order_by("ord", "idx")]
    view = client.view(thread_id)
    shown = [(i, view.roles[i], text) for i, text in view.texts.items()]
    assert [m for m in shown if m[2]] == [m for m in kept if m[2]]
    _assert_delivered_is_durable(client.frames[thread_id], thread)


def _assert_delivered_is_durable(frames: Iterable[Frame], thread: Thread) -> None:
    runs = {run.id: run.ord for run in Run.objects.filter(thread=thread)}
    stored = {
        (runs[event.run_id], event.seq): json.loads(event.payload)
        for event in RunEvent.objects.filter(run_id__in=runs)
    }
    for frame in frames:
        after, here = place(frame["prev"]), place(frame["id"])
        covered = [stored[at] for at in sorted(stored) if after < at <= here]
        assert _joined(covered) == frame["chunk"], f"frame {frame['id']} is not what is stored"


def _joined(events: list[dict[str, Any]]) -> dict[str, Any]:
    """Deltas of one message as one; anything else stands alone."""
    first = dict(events[0])
    if len(events) > 1:
        assert len({(event["type"], event["messageId"]) for event in events}) == 1
        first["delta"] = "".join(event["delta"] for event in events)
    return first
