"""Faults 9 to 14: what happens to sockets. A reply belongs to a process, sockets only watch."""

from __future__ import annotations

import pytest

from tests.support.cluster import Cluster
from tests.support.openai_scenarios import says
from tests.support.people import People, assert_exact, stored_reply

WORDS = [f"word {i} " for i in range(80)]


@pytest.mark.quick
async def test_9_a_socket_cut_every_100_ms_for_a_whole_answer_shows_the_exact_text(
    cluster: Cluster, people: People
) -> None:
    cluster.model.play_to("tell me", says(*WORDS).paced(0.05))
    me = await people.one()
    cluster.balancer.cut_every(0.1)

    turn = await me.ask("tell me")
    view = await me.finished(turn)

    assert view.reply == "".join(WORDS) == (await stored_reply(turn.run_id))[0]
    assert me.opened > 10
    await assert_exact(me)


@pytest.mark.quick
async def test_a_client_moved_between_processes_in_mid_stream_ends_with_the_exact_text(
    cluster: Cluster, people: People
) -> None:
    cluster.model.play_to("tell me", says(*WORDS).paced(0.02))
    me = await people.one()

    turn = await me.ask("tell me")
    for read in (100, 200, 300):
        await me.reads(read)
        await me.lose_socket()
    view = await me.finished(turn)

    assert view.reply == "".join(WORDS)
    assert view.snapshots == 0
    await assert_exact(me)
