"""The drive: many replies over two processes, one of which is killed again and again.

A reply is shorter than the time between two kills, so that three owners in a row are not killed
under it: a run has three attempts. Who is killed alternates, and is started again at once.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from realtime.chat.models import Run
from tests.support.cluster import Cluster
from tests.support.eventually import until_async
from tests.support.openai_scenarios import says
from tests.support.people import People, assert_exact
from tests.support.resilient_client import ResilientClient, Turn

WORDS = [f"word {i} " for i in range(6)]
REPLY = "".join(WORDS)
REPLY_S = 1.2
KILL_EVERY_S = 5.0


@dataclass
class Drive:
    """What was done, for the figures."""

    kills: int = 0
    turns: list[Turn] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)  # outcomes of replies that are not whole
    hit: set[str] = field(default_factory=set)  # runs that were being written by who was killed


async def kill_in_turn(cluster: Cluster, drive: Drive, until_s: float) -> None:
    """kill -9 every five seconds, now this one, now that one."""
    begun = time.monotonic()
    starting: list[asyncio.Task[None]] = []
    while (at := (drive.kills + 1) * KILL_EVERY_S) <= until_s:
        await asyncio.sleep(begun + at - time.monotonic())
        process = cluster.pair[drive.kills % 2]
        if not process.server.alive:
            await asyncio.gather(*starting)
        pid = process.server.pid
        await asyncio.to_thread(process.kill)
        drive.kills += 1
        running = Run.objects.filter(state="running", claimed_by__contains=f":{pid}:")
        drive.hit |= {str(run_id) async for run_id in running.values_list("id", flat=True)}
        starting.append(asyncio.ensure_future(asyncio.to_thread(process.revive)))
    await asyncio.gather(*starting)


async def talk(client: ResilientClient, drive: Drive, until_s: float) -> None:
    """Ask, read the whole reply, ask again."""
    begun = time.monotonic()
    while time.monotonic() - begun < until_s:
        turn = await client.ask("tell me")
        drive.turns.append(turn)
        view = await client.finished(turn, patience_s=120)
        said = [text for i, text in view.texts.items() if view.roles[i] == "assistant"]
        if turn.outcome not in ("success", "in a snapshot") or said[-1] != REPLY:
            drive.broken.append(str(turn.outcome))


async def none_goes_on() -> bool:
    return not await Run.objects.filter(state__in=Run.ACTIVE).aexists()


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("replies", "seconds"),
    [
        pytest.param(20, 10, marks=pytest.mark.quick, id="20 replies for 10 s"),
        pytest.param(200, 60, id="200 replies for a minute"),
    ],
)
async def test_whoever_is_killed_every_client_ends_with_whole_replies_equal_to_the_database(
    replies: int,
    seconds: int,
    cluster: Cluster,
    people: People,
    figures: Callable[[str], None],
) -> None:
    cluster.model.play_to("tell me", says(*WORDS).paced(REPLY_S / len(WORDS)))
    clients = [await people.one() for _ in range(replies)]
    drive = Drive()

    await asyncio.gather(
        kill_in_turn(cluster, drive, seconds),
        *(talk(client, drive, seconds) for client in clients),
    )
    await until_async(none_goes_on, patience_s=30)

    for client in clients:
        client.check()
        await assert_exact(client)
    figures(await told(drive))
    assert drive.broken == []
    assert drive.kills == seconds // KILL_EVERY_S
    assert drive.hit


async def told(drive: Drive) -> str:
    runs = Run.objects.filter(client_run_id__in=[turn.run_id for turn in drive.turns])
    attempts = Counter([run.attempt async for run in runs])
    took = sorted(turn.ended_at - turn.asked_at for turn in drive.turns)
    return (
        f"{drive.kills} kills, {len(drive.turns)} replies, {len(drive.hit)} hit in mid-stream;"
        f" attempts {dict(sorted(attempts.items()))};"
        f" p50 {took[len(took) // 2]:.1f} s, longest {took[-1]:.1f} s"
    )
