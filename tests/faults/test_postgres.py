"""Faults 18 to 22: Postgres goes, comes, refuses and waits. What it has not, nobody is told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from tests.support.cluster import Cluster
from tests.support.eventually import until
from tests.support.openai_scenarios import says
from tests.support.people import People, assert_exact, run_of, stored_reply
from tests.support.resilient_client import ResilientClient, Turn

WORDS = [f"word {i} " for i in range(100)]
REPLY = "".join(WORDS)


def states(client: ResilientClient) -> list[str]:
    """The undurable hints so far."""
    return [hint["value"]["state"] for hint in client.hints if hint["name"] == "kindline.status"]


async def telling(cluster: Cluster, people: People) -> tuple[ResilientClient, Turn]:
    """A reply of 10 s (scaled) that has begun."""
    cluster.model.play_to("tell me", says(*WORDS).paced(max(0.02, 0.1 * cluster.scale)))
    me = await people.one()
    turn = await me.ask("tell me")
    await me.reads(50)
    return me, turn


@sync_to_async
def forget_connection() -> None:
    """The test's own, which Postgres took along."""
    connection.close()


async def back(cluster: Cluster) -> None:
    await asyncio.to_thread(cluster.postgres_is_back)
    await forget_connection()


@pytest.mark.parametrize("how", [pytest.param("restarted", marks=pytest.mark.quick), "killed"])
async def test_18_postgres_away_for_5_s_pauses_the_reply_which_goes_on_exactly(
    how: str, cluster: Cluster, people: People
) -> None:
    me, turn = await telling(cluster, people)

    postgres = cluster.stack.postgres
    (postgres.stop if how == "restarted" else postgres.kill)()
    away_from = time.monotonic()
    await asyncio.sleep(5 * cluster.scale)
    shown = me.view().reply
    await back(cluster)
    await me.finished(turn, patience_s=60)

    assert time.monotonic() - away_from > 5 * cluster.scale
    assert REPLY.startswith(shown)
    assert me.view().reply == REPLY
    assert "storage_wait" in states(me)
    assert (await run_of(turn.run_id)).attempt == 1
    await assert_exact(me)


async def test_19_postgres_down_for_90_s_refuses_and_recovers(
    cluster: Cluster, people: People
) -> None:
    cluster.model.play_to("later", says("Here ", "I am."))
    me, running = await telling(cluster, people)
    cluster.stack.postgres.stop()
    late = await me.ask("later", "t2")
    await asyncio.sleep(90 * cluster.scale)

    assert late.outcome is None
    codes = {(r["code"], r["metadata"]["kindline"]["retryable"]) for r in me.refusals}
    assert codes == {("storage_unavailable", True)}
    await back(cluster)
    await me.finished(late, patience_s=60)
    await me.finished(running, patience_s=60 + 2 * cluster.timings.lease_s)

    assert me.view("t2").reply == "Here I am."
    # Given up after 60 s, and taken over or, had it all been said, still whole.
    assert running.outcome == "success"
    assert me.view().reply == REPLY
    for thread_id in ("t1", "t2"):
        await assert_exact(me, thread_id)


async def test_19_who_comes_while_postgres_is_down_is_turned_away_to_come_again(
    cluster: Cluster, people: People
) -> None:
    person = await people.somebody()
    cluster.stack.postgres.stop()
    coming = asyncio.ensure_future(person.client())
    await asyncio.sleep(5 * cluster.scale)
    assert not coming.done()

    await back(cluster)
    me = await coming
    turn = await me.ask("hello")

    assert (await me.finished(turn)).reply == "I hear you."


@pytest.mark.quick
async def test_20_backends_ended_again_and_again_leave_no_hole_and_no_double(
    cluster: Cluster, people: People
) -> None:
    me, turn = await telling(cluster, people)

    with cluster.stack.sql() as sql:
        while turn.outcome is None:
            sql.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            await asyncio.sleep(0.2)
    await me.finished(turn)
    await forget_connection()

    assert me.view().reply == REPLY == (await stored_reply(turn.run_id))[0]
    assert me.view().events[-1]["type"] == "RUN_FINISHED"
    await assert_exact(me)


@pytest.mark.parametrize("what", ["TEXT_MESSAGE_CONTENT", "RUN_FINISHED"])
async def test_20_an_answer_lost_after_the_commit_is_asked_for_and_not_written_again(
    what: str, cluster: Cluster, people: People
) -> None:
    me, turn = await telling(cluster, people)

    for process in cluster.pair:
        process.postgres.lose_answer_to(what.encode())
    await me.finished(turn)

    assert any("asking again" in process.said for process in cluster.pair)
    assert me.view().reply == REPLY
    await assert_exact(me)


@pytest.mark.quick
async def test_21_a_lock_on_one_run_stops_that_one_alone(cluster: Cluster, people: People) -> None:
    me, locked = await telling(cluster, people)
    other = await people.one()
    run = await run_of(locked.run_id)

    with psycopg.connect(cluster.stack.postgres.url) as lock:
        lock.execute("SELECT FROM run WHERE id = %s FOR UPDATE", [run.id])
        before = me.view().reply
        flowing = await other.ask("tell me")
        await other.reads(20)
        other.longest_silence_s = 0.0
        await other.finished(flowing)
        assert len(me.view().reply) - len(before) < 40  # what was under way
        assert other.longest_silence_s < cluster.within(1)
    await me.finished(locked)

    assert me.view().reply == other.view().reply == REPLY
    for client in (me, other):
        await assert_exact(client)


@asynccontextmanager
async def refusing(cluster: Cluster, condition: str, errcode: str) -> AsyncIterator[None]:
    """Let Postgres refuse events, as it would with a full disk or for what they hold."""
    with cluster.stack.sql() as sql:
        sql.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" IF {condition} THEN RAISE EXCEPTION 'refused' USING ERRCODE = '{errcode}'; END IF;"
            " RETURN NEW; END $$"
        )
        sql.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON run_event FOR EACH ROW"
            " EXECUTE FUNCTION refuse()"
        )
    try:
        yield
    finally:
        with cluster.stack.sql() as sql:
            sql.execute("DROP FUNCTION IF EXISTS refuse() CASCADE")


@asynccontextmanager
async def read_only(cluster: Cluster) -> AsyncIterator[None]:
    with cluster.stack.sql() as sql:
        sql.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        sql.execute("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        with cluster.stack.sql() as sql:
            sql.execute("SET default_transaction_read_only = off")
            sql.execute("ALTER SYSTEM RESET default_transaction_read_only")
            sql.execute("SELECT pg_reload_conf()")


@pytest.mark.parametrize("why", ["a full disk", "read only"])
async def test_22_postgres_that_writes_nothing_refuses_politely_and_spoils_no_run(
    why: str, cluster: Cluster, people: People
) -> None:
    cluster.model.play_to("later", says("Here ", "I am."))
    me, running = await telling(cluster, people)

    full = refusing(cluster, "true", "53100") if why == "a full disk" else read_only(cluster)
    async with full:
        late = await me.ask("later", "t2")
        await until(lambda: bool(me.refusals))
        await asyncio.sleep(2 * cluster.scale)
    await me.finished(late, patience_s=60)
    await me.finished(running, patience_s=60)

    assert {r["code"] for r in me.refusals} == {"storage_unavailable"}
    assert me.view().reply == REPLY
    assert me.view("t2").reply == "Here I am."
    for thread_id in ("t1", "t2"):
        await assert_exact(me, thread_id)


@pytest.mark.quick
async def test_22_an_event_that_postgres_refuses_ends_its_own_run_alone(
    cluster: Cluster, people: People
) -> None:
    me, good = await telling(cluster, people)
    cluster.model.play_to("spoil it", says("So far, ", "this \u2603 spoils it.").paced(0.05))

    async with refusing(cluster, "NEW.payload LIKE '%\u2603%'", "22P05"):
        bad = await me.ask("spoil it", "t2")
        await me.finished(bad)
        await me.finished(good)

    assert bad.outcome == "internal"
    assert (me.view("t2").reply, me.view().reply) == ("So far, ", REPLY)
    for thread_id in ("t1", "t2"):
        await assert_exact(me, thread_id)
