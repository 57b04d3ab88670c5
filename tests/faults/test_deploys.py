"""Faults 8 and 31: servers that are told to stop hand their replies on, and nobody is charged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from realtime.chat.models import Run
from tests.support.cluster import Cluster, Process
from tests.support.eventually import until
from tests.support.openai_scenarios import says
from tests.support.people import People, assert_exact, owner_of
from tests.support.resilient_client import ResilientClient, Turn

HALF_A_MINUTE = [f"word {i} " for i in range(30)]


async def many_streams(
    cluster: Cluster, people: People, count: int, seconds: float
) -> list[tuple[ResilientClient, Turn]]:
    """So many replies, each to a client of its own, that take so long; all have begun."""
    words = says(*HALF_A_MINUTE).paced(seconds / len(HALF_A_MINUTE))
    cluster.model.play_to("tell me", words)
    person = await people.somebody()
    clients = [await person.client() for _ in range(count)]
    turns = [await me.ask("tell me", f"t{number}") for number, me in enumerate(clients)]
    for me, turn in zip(clients, turns, strict=True):
        await me.reads(1, turn.thread_id)
    return list(zip(clients, turns, strict=True))


async def all_end_whole(streams: list[tuple[ResilientClient, Turn]], patience_s: float) -> None:
    for me, turn in streams:
        view = await me.finished(turn, patience_s=patience_s)
        assert (turn.outcome, view.reply) == ("success", "".join(HALF_A_MINUTE))
        await assert_exact(me, turn.thread_id)
    attempts = {run.attempt async for run in Run.objects.filter(client_run_id__in=names(streams))}
    assert attempts == {1}


def names(streams: list[tuple[ResilientClient, Turn]]) -> list[str]:
    return [turn.run_id for _, turn in streams]


@asynccontextmanager
async def told_to_stop(process: Process) -> AsyncIterator[None]:
    """SIGTERM; it is back at the end of the block."""
    process.term()
    yield
    await until(lambda: not process.server.alive, patience_s=90)
    await asyncio.to_thread(process.revive)


@pytest.mark.parametrize(
    ("count", "drain_s"),
    [
        pytest.param(20, "1", marks=pytest.mark.quick, id="20 are handed over"),
        pytest.param(100, "1", id="100 are handed over"),
        pytest.param(100, "45", id="100 are written to their end"),
    ],
)
async def test_8_a_server_told_to_stop_in_the_midst_of_streams_loses_no_word_of_them(
    count: int, drain_s: str, cluster: Cluster, people: People
) -> None:
    one, _ = cluster.pair
    await asyncio.to_thread(one.restart_with, DRAIN_S=drain_s)
    try:
        streams = await many_streams(cluster, people, count, 10 * cluster.scale + 2)
        mine = [turn for _, turn in streams if await owner_of(cluster, turn) is one]
        assert len(mine) >= count // 5  # else it is not told to stop in the midst of much

        async with told_to_stop(one):
            await all_end_whole(streams, patience_s=90)
    finally:
        await asyncio.to_thread(one.restart_with)


@pytest.mark.timeout(400)
async def test_31_five_rolling_restarts_in_a_minute_exhaust_no_attempts(
    cluster: Cluster, people: People
) -> None:
    """Each restart comes before the replies can end: they are handed on and on."""
    every_s = 12 * cluster.scale
    streams = await many_streams(cluster, people, 20, 2.5 * every_s)

    for restart in range(5):
        process = cluster.pair[restart % 2]
        async with told_to_stop(process):
            await asyncio.sleep(every_s / 2)
        await asyncio.sleep(every_s / 2)

    await all_end_whole(streams, patience_s=120)
    epochs = [run.epoch async for run in Run.objects.filter(client_run_id__in=names(streams))]
    assert max(epochs) >= 3  # they were handed on
