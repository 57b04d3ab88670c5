"""Faults 1 to 6: kill -9 of the process that writes a reply, at every place where it can be."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

import psycopg
import pytest
from asgiref.sync import sync_to_async

from tests.support.cluster import Cluster
from tests.support.elsewhere import somebody_waits_for_a_lock
from tests.support.eventually import until_async
from tests.support.openai_scenarios import Call, Gate, HalfCall, Stall, says
from tests.support.people import People, assert_exact, events_of, owner_of, run_of, stored_reply

LOOK = Call("find_hotlines", '{"country":"GB","needs":["suicide"]}', id="look")


@pytest.mark.quick
async def test_1_before_the_first_token_the_answer_appears_all_the_same(
    cluster: Cluster, people: People
) -> None:
    gate = Gate()
    cluster.model.play_to("is anybody there?", says(gate, "Never."), says("Here I am."))
    me = await people.one()
    turn = await me.ask("is anybody there?")
    await gate.reached()

    (await owner_of(cluster, turn)).kill()
    killed_at = time.monotonic()
    view = await me.finished(turn)

    assert turn.ended_at - killed_at < cluster.within(20)
    assert (view.reply, view.outcome) == ("Here I am.", "success")
    assert list(view.roles.values()) == ["user", "assistant"]
    await assert_exact(me)


@pytest.mark.quick
async def test_2_in_mid_text_the_whole_answer_replaces_the_half_one_in_all_tabs(
    cluster: Cluster, people: People
) -> None:
    cluster.model.play_to("tell me", says("Half of ", Stall()), says("The whole ", "answer."))
    person = await people.somebody()
    tabs = [await person.client(), await person.client(), await person.client()]
    for tab in tabs[1:]:
        await tab.watch()
    turn = await tabs[0].ask("tell me")
    for tab in tabs:
        await tab.shows("Half of ")

    (await owner_of(cluster, turn)).kill()
    views = [await tab.sees_end() for tab in tabs]

    assert [view.reply for view in views] == ["The whole answer."] * 3
    assert await stored_reply(turn.run_id) == ("The whole answer.", {"complete"})
    for tab in tabs:
        await assert_exact(tab)


@pytest.mark.quick
async def test_3_between_commit_and_publish_others_find_the_words_by_their_poll(
    cluster: Cluster, people: People
) -> None:
    gate = Gate()
    cluster.model.play_to("psst", says("Told. ", gate, "Not told. ", Stall()), says("Anew."))
    person = await people.somebody()
    clients = {process: await person.client(process) for process in cluster.pair}
    for client in clients.values():
        await client.watch()
    turn = await clients[cluster.pair[0]].ask("psst")
    owner = await owner_of(cluster, turn)  # mostly where it was asked, but a sweep may be quicker
    me, other = clients[owner], clients[cluster.other(owner)]
    await other.shows("Told. ")

    owner.redis.freeze()
    gate.open()
    await me.shows("Told. Not told. ")
    owner.kill()
    killed_at = time.monotonic()
    await other.shows("Told. Not told. ")

    # A poll each 2 s looks every 0.5 s whether it is due.
    assert time.monotonic() - killed_at < cluster.within(2 + 0.6)
    await other.shows("Anew.")


@pytest.mark.quick
async def test_4_between_a_call_and_its_result_the_look_up_is_done_again_and_told_once(
    cluster: Cluster, people: People
) -> None:
    # So slow that the flusher rests when the call ends: its END is then written alone.
    looks = says("Look: ", LOOK).paced(0.1)
    cluster.model.play_to("whom can I call?", looks, says("There."))
    person = await people.somebody()
    me, asks = await person.client(), await person.client(cluster.pair[0])
    await me.watch()
    held = {process: process.postgres.hold(b"TOOL_CALL_RESULT") for process in cluster.pair}
    turn = await asks.ask("whom can I call?")
    owner = await owner_of(cluster, turn)
    await held[owner].came()
    assert (await events_of(turn.run_id))[-1].kind == "TOOL_CALL_END"

    held[cluster.other(owner)].release()
    owner.kill()
    view = await me.sees_end()

    kinds = Counter(event.kind for event in await events_of(turn.run_id))
    assert (kinds["TOOL_CALL_START"], kinds["TOOL_CALL_RESULT"]) == (1, 1)
    assert (view.reply, view.outcome) == ("Look: There.", "success")
    assert len(cluster.model.asked("whom can I call?")) == 2
    await assert_exact(me)


async def test_4_inside_the_arguments_the_round_is_made_again_and_the_cut_call_never_run(
    cluster: Cluster, people: People
) -> None:
    half = HalfCall("find_hotlines", '{"country":"G', id="half")
    cluster.model.play_to("whom?", says("Hm: ", half, Stall()), says("Look: ", LOOK), says("So."))
    me = await people.one()
    turn = await me.ask("whom?")
    await me.until(lambda: any(e["type"] == "TOOL_CALL_ARGS" for e in me.view().events))

    (await owner_of(cluster, turn)).kill()
    view = await me.finished(turn)

    calls = [e["toolCallId"] for e in view.events if e["type"] == "TOOL_CALL_START"]
    answered = [e["toolCallId"] for e in view.events if e["type"] == "TOOL_CALL_RESULT"]
    assert len(calls) == 2
    assert answered == calls[1:]
    assert (view.reply, view.outcome) == ("Look: So.", "success")
    await assert_exact(me)


@pytest.mark.parametrize(
    ("when", "reply"),
    [
        pytest.param("before it", "Second.", marks=pytest.mark.quick),
        ("in the middle of it", "First."),
        ("before its answer", "First."),
    ],
)
async def test_5_around_the_terminal_statement_the_run_is_over_or_taken_over_never_both(
    when: str, reply: str, cluster: Cluster, people: People
) -> None:
    gate = Gate()
    cluster.model.play_to("well?", says("First", gate, "."), says("Second."))
    one, two = cluster.pair
    person = await people.somebody()
    me, asks = await person.client(two), await person.client(one)
    await me.watch()
    turn = await asks.ask("well?")
    await me.shows("First")

    with psycopg.connect(cluster.stack.postgres.url) as lock:
        match when:
            case "before it":
                held = one.postgres.hold(b"RUN_FINISHED")
                gate.open()
                await held.came()
            case "in the middle of it":
                thread = (await run_of(turn.run_id)).thread_id
                # The foreign key of the reply's row waits for this.
                lock.execute("SELECT FROM thread WHERE id = %s FOR UPDATE", [thread])
                gate.open()
                await until_async(sync_to_async(somebody_waits_for_a_lock))
            case _:
                one.postgres.lose_answer_to(b"RUN_FINISHED")
                gate.open()
                await until_async(lambda: is_over(turn.run_id))
        one.kill()
    view = await me.sees_end()

    assert (view.reply, view.outcome) == (reply, "success")
    assert await stored_reply(turn.run_id) == (reply, {"complete"})
    await assert_exact(me)


async def is_over(run_id: str) -> bool:
    return (await run_of(run_id)).state == "completed"


async def test_6_three_owners_killed_end_the_run_as_interrupted_and_the_partial_stays(
    cluster: Cluster, people: People
) -> None:
    tries = ["First try ", "Second try ", "Third try "]
    cluster.model.play_to("go on", *[says(words, Stall()) for words in tries])
    me = await people.one()
    turn = await me.ask("go on")

    for attempt, words in enumerate(tries, start=1):
        await me.shows(words)
        owner = await owner_of(cluster, turn, attempt=attempt)
        owner.kill()
        await asyncio.to_thread(owner.revive)
    view = await me.finished(turn)

    assert (view.reply, view.outcome) == ("Third try ", "interrupted")
    assert view.events[-1]["metadata"]["kindline"]["retryable"]
    assert await stored_reply(turn.run_id) == ("Third try ", {"partial"})
    assert len(cluster.model.asked("go on")) == 3
    await assert_exact(me)
