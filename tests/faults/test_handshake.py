"""Fault 28: who subscribes at any event of a thread, live or later, misses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from tests.support.cluster import Cluster
from tests.support.openai_scenarios import Call, Gate, says
from tests.support.people import People, Person, assert_exact
from tests.support.resilient_client import Frame, ResilientClient

LOOK = Call("find_hotlines", '{"country":"GB","needs":["suicide"]}', id="look")


async def newcomers(person: Person, frames: Sequence[Frame]) -> list[ResilientClient]:
    """One who knows nothing, and one for each frame who knows all up to it; at any process."""

    async def newcomer(known: int) -> ResilientClient:
        client = await person.client()
        client.remembers(frames[:known])
        await client.watch()
        return client

    return await asyncio.gather(*(newcomer(known) for known in range(len(frames) + 1)))


@pytest.mark.quick
async def test_28_a_subscription_at_each_event_live_and_later_ends_with_the_same(
    cluster: Cluster, people: People
) -> None:
    gates = [Gate() for _ in range(4)]
    cluster.model.play_to("one", says("First."))
    cluster.model.play_to(
        "two",
        says("Say ", gates[0], "it ", gates[1], "twice: ", LOOK, gates[2]),
        says("There ", gates[3], "you are."),
    )
    person = await people.somebody()
    me = await person.client()
    await me.finished(await me.ask("one"))
    turn = await me.ask("two")

    came: list[ResilientClient] = []
    for gate in gates:
        await gate.reached()
        came += await newcomers(person, list(me.frames["t1"]))
        gate.open()
    await me.finished(turn)
    came += await newcomers(person, me.frames["t1"])

    end = me.view().cursor
    for client in came:
        await client.reaches(end)
        assert client.view().texts == me.view().texts
        await assert_exact(client)
    assert len(came) > 60
