"""Faults 15 to 17: Redis is a hint. What happens to it costs time in other tabs, and no text."""

from __future__ import annotations

import asyncio
import random
import re

import pytest
import redis

from tests.support.cluster import Cluster
from tests.support.eventually import until
from tests.support.openai_scenarios import says
from tests.support.people import People, assert_exact
from tests.support.pubsub_lies import Lie, PubsubLies
from tests.support.resilient_client import ResilientClient, Turn

WORDS = [f"piece {i} " for i in range(140)]
REPLY = "".join(WORDS)


async def told_in_two_processes(
    cluster: Cluster, people: People
) -> tuple[ResilientClient, ResilientClient, Turn]:
    """A reply of 14 s (scaled) that one tab watches where it is written, another elsewhere."""
    cluster.model.play_to("tell me", says(*WORDS).paced(max(0.02, 0.1 * cluster.scale)))
    one, two = cluster.pair
    person = await people.somebody()
    there, here = await person.client(two), await person.client(one)
    await there.watch()
    turn = await here.ask("tell me")
    for tab in (here, there):
        await tab.reads(100)
    here.longest_silence_s = there.longest_silence_s = 0.0
    return here, there, turn


async def do_harm(how: str, cluster: Cluster) -> None:
    service = cluster.stack.redis
    seconds = 10 * cluster.scale
    client = redis.Redis.from_url(service.url)
    match how:
        case "killed, and back after 2 s":
            service.kill()
            await asyncio.sleep(seconds / 5)
            await asyncio.to_thread(cluster.redis_is_back)
        case "flushed":
            client.flushall()
        case "cutting its subscribers":
            client.client_kill_filter(_type="pubsub")
        case "paused by CLIENT PAUSE":
            client.client_pause(int(seconds * 1000))
        case "stopped for 10 s":
            service.pause()
            await asyncio.sleep(seconds)
            service.go_on()
    client.close()


HARMS = [
    pytest.param("killed, and back after 2 s", marks=pytest.mark.quick),
    "flushed",
    "cutting its subscribers",
    "paused by CLIENT PAUSE",
    "stopped for 10 s",
]


@pytest.mark.parametrize("how", HARMS)
async def test_15_redis_harmed_in_mid_stream_costs_no_word_and_no_socket(
    how: str, cluster: Cluster, people: People
) -> None:
    here, there, turn = await told_in_two_processes(cluster, people)

    await do_harm(how, cluster)
    await here.finished(turn)
    await there.sees_end()

    assert here.view().reply == there.view().reply == REPLY
    assert (here.opened, there.opened) == (1, 1)
    assert here.longest_silence_s < cluster.within(1)
    for tab in (here, there):
        await assert_exact(tab)


async def test_15_with_a_wrong_password_at_boot_replies_are_whole_where_and_elsewhere(
    cluster: Cluster, people: People
) -> None:
    cluster.model.play_to("tell me", says(*WORDS).paced(0.02))
    wrong = re.sub("(?<=://:)[^@]+", "wrong", cluster.stack.redis.url)
    async with cluster.one_more(REDIS_URL=wrong) as odd:
        person = await people.somebody()
        there, here = await person.client(), await person.client(odd)
        await there.watch()
        turn = await here.ask("tell me")
        await here.finished(turn)
        await there.sees_end()

        assert here.view().reply == there.view().reply == REPLY
        assert here.opened == 1
        assert here.longest_silence_s < cluster.within(1)
        await assert_exact(there)


@pytest.mark.quick
@pytest.mark.parametrize("what", ["drop", "duplicate", "reorder"])
async def test_16_17_messages_lost_doubled_or_in_disorder_leave_the_text_exact(
    what: Lie, cluster: Cluster, people: People
) -> None:
    told: list[PubsubLies] = []

    def lying() -> PubsubLies:
        told.append(PubsubLies(random.Random(len(told)), {what: 0.25}))
        return told[-1]

    for process in cluster.pair:
        process.redis.lie(lying)
    await until(lambda: sum(each.messages > 0 for each in told) >= 2)  # both listen again
    here, there, turn = await told_in_two_processes(cluster, people)
    await here.finished(turn)
    await there.sees_end()

    assert here.view().reply == there.view().reply == REPLY
    assert sum(each.lies[what] for each in told) > 5
    for tab in (here, there):
        await assert_exact(tab)
