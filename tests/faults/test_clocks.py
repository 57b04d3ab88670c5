"""Fault 30: the clocks of servers may be wrong by an hour. Leases know only Postgres' clock."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime

import pytest

from realtime.accounts.operations import TOKEN_LIFETIME
from tests.support.cluster import Cluster, Process
from tests.support.openai_scenarios import Stall, says
from tests.support.people import People, assert_exact, run_of
from tests.support.server import http

HOUR_S = 3_600


def seconds_off(process: Process) -> float:
    """By how much its clock differs from ours: it says until when a new token is good."""
    answer = json.loads(http("POST", f"{process.url}/api/v1/tokens", headers={}, body=b"{}"))
    expires_at = datetime.fromisoformat(answer["expiresAt"])
    return (expires_at - datetime.now(UTC) - TOKEN_LIFETIME).total_seconds()


@pytest.mark.parametrize("skew_s", [HOUR_S, -HOUR_S])
async def test_30_a_server_an_hour_off_steals_from_nobody_and_is_stolen_from_in_time(
    skew_s: int, cluster: Cluster, people: People
) -> None:
    words = [f"{i} " for i in range(40)]
    lease_s = cluster.timings.lease_s
    cluster.model.play_to("well?", says(*words).paced(1.5 * lease_s / len(words)))
    cluster.model.play_to("odd?", says("Half ", Stall()), says("Whole."))
    async with cluster.one_more(kind="skewed", SKEW_S=str(skew_s)) as odd:
        assert abs(await asyncio.to_thread(seconds_off, odd) - skew_s) < 60
        person = await people.somebody()
        me, there = await person.client(), await person.client(odd)
        right = await me.ask("well?")
        await me.watch("t2")
        wrong = await there.ask("odd?", "t2")
        await me.shows("Half ", "t2")

        odd.kill()
        killed_at = time.monotonic()
        await me.shows("Whole.", "t2")
        took_s = time.monotonic() - killed_at
        await me.finished(right)

    assert lease_s / 2 < took_s < cluster.within(20)
    # Written for longer than a lease beside somebody who thought it was over for an hour.
    assert (await run_of(right.run_id)).attempt == 1
    assert (await run_of(wrong.run_id)).attempt == 2
    assert me.view().reply == "".join(words)
    await assert_exact(me)
    await assert_exact(me, "t2")
