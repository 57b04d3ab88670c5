"""Faults 7, 25, 26 and 27: who may write a run, and what ends it. The fence asks no owner."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async

from realtime.chat.models import Message, Run
from tests.support.cluster import Cluster
from tests.support.eventually import until
from tests.support.openai_scenarios import Call, Gate, Scenario, Stall, says
from tests.support.people import (
    People,
    Person,
    assert_exact,
    events_of,
    owner_of,
    run_of,
    stored_reply,
)
from tests.support.resilient_client import ResilientClient, Turn

TERMINAL = ("RUN_FINISHED", "RUN_ERROR")
LOOK = Call("find_hotlines", '{"country":"GB","needs":["suicide"]}', id="look")


async def test_7_an_owner_that_slept_for_two_leases_is_fenced_and_writes_nothing(
    cluster: Cluster, people: People
) -> None:
    gate = Gate()
    cluster.model.play_to("well?", says("Zombie ", gate, "words ", "too late."), says("Living."))
    me = await people.one()
    turn = await me.ask("well?")
    await me.shows("Zombie ")
    owner = await owner_of(cluster, turn)

    owner.pause()
    slept_from = time.monotonic()
    gate.open()
    await me.shows("Living.", patience_s=60)
    await asyncio.sleep(slept_from + 2 * cluster.timings.lease_s - time.monotonic())
    owner.go_on()
    await until(lambda: "dropped: fenced" in owner.said)
    await me.finished(turn)

    written = await events_of(turn.run_id)
    assert [event.epoch for event in written] == sorted(event.epoch for event in written)
    assert not any("too late" in event.payload for event in written)
    assert await stored_reply(turn.run_id) == ("Living.", {"complete"})
    await assert_exact(me)


# --- 25: stop ------------------------------------------------------------------------------------


async def ends_within_a_second(
    me: ResilientClient,
    turn: Turn,
    cluster: Cluster,
) -> float:
    """Stop it, and see the one terminal event in time; says how long that took."""
    asked_at = time.monotonic()
    await me.stop(turn)
    await me.finished(turn)
    took_s = turn.ended_at - asked_at
    ends = [e.kind for e in await events_of(turn.run_id) if e.kind in TERMINAL]
    assert ends == ["RUN_FINISHED"]
    assert me.view(turn.thread_id).outcome == turn.outcome == "cancelled"
    assert took_s < (1 if cluster.scale == 1 else 4)
    await assert_exact(me)
    return took_s


MOMENTS: dict[str, tuple[Scenario, str]] = {
    "before the first token": (says(Stall()), ""),
    "in mid text": (says("Half ", Stall()), "Half "),
    "inside a call": (says("Hm ", LOOK, Stall()), "Hm "),
}


@pytest.mark.parametrize("moment", MOMENTS)
async def test_25_a_stop_ends_the_run_at_once(
    moment: str, cluster: Cluster, people: People
) -> None:
    scenario, reply = MOMENTS[moment]
    cluster.model.play_to("talk", scenario)
    me = await people.one()
    turn = await me.ask("talk")
    await me.shows(reply)
    await until(lambda: bool(cluster.model.asked("talk")))

    await ends_within_a_second(me, turn, cluster)

    assert (await stored_reply(turn.run_id))[0] == me.view().reply


async def test_25_a_stop_before_a_look_up_is_answered_ends_the_run_without_its_result(
    cluster: Cluster, people: People
) -> None:
    cluster.model.play_to("look", says("Hm ", LOOK).paced(0.1), says("There."))
    me = await people.one()
    held = [process.postgres.hold(b"TOOL_CALL_RESULT") for process in cluster.pair]
    turn = await me.ask("look")
    await until(lambda: any(each.has_come for each in held))

    await ends_within_a_second(me, turn, cluster)
    for each in held:
        each.release()

    assert "TOOL_CALL_RESULT" not in [event.kind for event in await events_of(turn.run_id)]


async def test_25_a_stop_before_the_claim_leaves_nothing_to_claim(
    cluster: Cluster, people: People
) -> None:
    held = [process.postgres.hold(b"SET state = 'running'") for process in cluster.pair]
    me = await people.one()
    turn = await me.ask("talk to me")
    await me.until(lambda: turn.acknowledged)
    assert (await run_of(turn.run_id)).state == "queued"

    await ends_within_a_second(me, turn, cluster)
    for each in held:
        each.release()

    assert (await run_of(turn.run_id)).attempt == 0
    assert not cluster.model.asked("talk to me")


async def test_25_a_stop_in_the_same_moment_as_the_end_is_one_end(
    cluster: Cluster, people: People
) -> None:
    me = await people.one()
    for number in range(20):
        gate = Gate()
        cluster.model.play_to(f"talk {number}", says("Whole", gate, "."))
        turn = await me.ask(f"talk {number}", f"t{number}")
        await me.shows("Whole", f"t{number}")
        gate.open()
        await asyncio.sleep(number * 0.001)  # so that some come before the end and some after
        await me.stop(turn)
        await me.finished(turn)
        ends = [e.kind for e in await events_of(turn.run_id) if e.kind in TERMINAL]
        assert ends == ["RUN_FINISHED"]
        await assert_exact(me, f"t{number}")


@pytest.mark.quick
@pytest.mark.parametrize("owner_is", ["well", "stopped", "dead"])
async def test_25_a_stop_in_another_process_needs_no_word_from_the_owner(
    owner_is: str, cluster: Cluster, people: People, figures: Callable[[str], None]
) -> None:
    gate = Gate()
    cluster.model.play_to("talk", says("Half ", gate, "a reply."))
    one, two = cluster.pair
    person = await people.somebody()
    me, asks = await person.client(two), await person.client(one)
    await me.watch()
    turn = await asks.ask("talk")
    turn = me.joins(turn)
    await me.shows("Half ")

    match owner_is:
        case "stopped":
            one.pause()
        case "dead":
            one.kill()
    took_s = await ends_within_a_second(me, turn, cluster)
    figures(f"the end was there after {took_s * 1000:.0f} ms")
    gate.open()
    if owner_is == "stopped":
        one.go_on()
        await until(lambda: "dropped: fenced" in one.said or "lost" in one.said)

    assert await stored_reply(turn.run_id) == ("Half ", {"partial"})
    assert (await events_of(turn.run_id))[-1].kind == "RUN_FINISHED"


async def test_25_a_stop_without_redis_ends_the_run_in_time_for_who_asks(
    cluster: Cluster, people: People
) -> None:
    cluster.model.play_to("talk", says("Half ", Stall()))
    one, two = cluster.pair
    person = await people.somebody()
    me, asks = await person.client(two), await person.client(one)
    await me.watch()
    cluster.stack.redis.kill()
    turn = await asks.ask("talk")
    turn = me.joins(turn)
    await me.shows("Half ")

    await ends_within_a_second(me, turn, cluster)


# --- 26: regenerate ------------------------------------------------------------------------------


def same_question(turn: Turn) -> str:
    question: str = turn.frame["messages"][0]["id"]
    return question


@sync_to_async
def branches(run_ids: list[str]) -> list[tuple[str, str | None]]:
    """The replies of these runs in order, with the run that superseded each."""
    runs = {run.id: run.client_run_id for run in Run.objects.filter(client_run_id__in=run_ids)}
    rows = Message.objects.filter(run_id__in=runs, role="assistant").order_by("ord")
    return [
        (runs[row.run_id], runs.get(row.superseded_by) if row.superseded_by else None)
        for row in rows
        if row.run_id
    ]


async def test_26_regenerating_while_a_reply_is_written_ends_that_and_supersedes_it(
    cluster: Cluster, people: People
) -> None:
    cluster.model.play_to("again?", says("First ", Stall()), says("Second."))
    me = await people.one()
    first = await me.ask("again?")
    await me.shows("First ")

    second = await me.ask("again?", message_id=same_question(first))
    view = await me.finished(second)

    assert first.outcome == "cancelled"
    assert view.reply == "Second."
    assert await branches([first.run_id, second.run_id]) == [
        (first.run_id, second.run_id),
        (second.run_id, None),
    ]
    await assert_exact(me)


@pytest.mark.parametrize("tabs", [1, 2])
async def test_26_regenerating_twice_at_once_leaves_one_linear_chain(
    tabs: int, cluster: Cluster, people: People
) -> None:
    answers = [says(f"Answer {number}.") for number in range(5)]
    cluster.model.play_to("again?", *answers)
    person = await people.somebody()
    clients = [await person.client() for _ in range(tabs)]
    first = await clients[0].ask("again?")
    await clients[0].finished(first)
    for other in clients[1:]:
        await other.watch()
        await other.shows("Answer 0.")

    again = await asyncio.gather(
        clients[0].ask("again?", message_id=same_question(first)),
        clients[-1].ask("again?", message_id=same_question(first)),
    )
    for client in clients:
        await client.until(lambda: all(turn.outcome is not None for turn in again))

    runs = [await run_of(turn.run_id) for turn in again]
    kept = [(run.client_run_id, run.state) for run in sorted(runs, key=lambda run: run.ord)]
    assert kept[-1][1] == "completed"
    last = await stored_reply(kept[-1][0])
    for client in clients:
        await client.shows(last[0])  # what another process ended may come a little later
        await client.sees_end()
        await assert_exact(client)


# --- 27: two at once -----------------------------------------------------------------------------


@pytest.mark.quick
async def test_27_of_two_messages_at_the_same_moment_one_runs_and_one_is_refused_as_busy(
    cluster: Cluster, people: People
) -> None:
    gate = Gate()
    for text in ("this", "that"):
        cluster.model.play_to(text, says(f"On {text}: ", gate, "so."))
    person: Person = await people.somebody()
    one, two = [await person.client(process) for process in cluster.pair]

    turns = await asyncio.gather(one.ask("this"), two.ask("that"))
    await until(lambda: any(turn.outcome == "thread_busy" for turn in turns))
    gate.open()
    await until(lambda: all(turn.outcome is not None for turn in turns))

    assert sorted(str(turn.outcome) for turn in turns) == ["success", "thread_busy"]
    winner = two if one.refusals else one
    assert winner.view().reply in ("On this: so.", "On that: so.")
    await assert_exact(winner)


async def test_27_two_threads_with_equal_cursors_on_one_socket_do_not_mix(
    cluster: Cluster, people: People
) -> None:
    words = {name: [f"{name}{i} " for i in range(40)] for name in ("a", "b")}
    for name, parts in words.items():
        cluster.model.play_to(f"talk of {name}", says(*parts).paced(0.01))
    me = await people.one()

    turns = [await me.ask(f"talk of {name}", name) for name in words]
    for turn in turns:
        await me.finished(turn)

    cursors = [{frame["id"] for frame in me.frames[name]} for name in words]
    assert cursors[0] & cursors[1]
    for name, parts in words.items():
        assert me.view(name).reply == "".join(parts)
        await assert_exact(me, name)
