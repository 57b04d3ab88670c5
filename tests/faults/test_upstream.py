"""Faults 23 and 24: what a model and a tool can do to us. Every run ends as it is defined."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator

import pytest

from tests.support.cluster import Cluster, Process
from tests.support.openai_scenarios import (
    Call,
    Cut,
    HalfCall,
    Raw,
    Scenario,
    Stall,
    breaks,
    refuses,
    says,
)
from tests.support.people import People, assert_exact, run_of, stored_reply

OK = says("All ", "well.")
LOOK = Call("find_hotlines", '{"country":"GB","needs":["suicide"]}')
TEN_THOUSAND = [f"{i} " for i in range(10_000)]
quick = pytest.mark.quick

CASES: dict[str, tuple[list[Scenario], str, str]] = {
    # name: what the model does, how the run ends, what stays
    "a wrong key": ([refuses(401)], "upstream_unavailable", ""),
    "429 with Retry-After": ([refuses(429, Retry_After="1"), OK], "success", "All well."),
    "500 twice": ([refuses(500), refuses(500), OK], "success", "All well."),
    "500 for ever": ([refuses(500)], "upstream_unavailable", ""),
    "a hang before the first token": ([says(Stall()), OK], "success", "All well."),
    "a hang in mid-stream": ([breaks("Half ", Stall()), OK], "success", "All well."),
    "a hang in mid-stream each time": ([breaks("Half ", Stall())], "upstream_timeout", "Half "),
    "a reset in mid-stream": ([breaks("Half ", Cut()), OK], "success", "All well."),
    "a truncated line": ([breaks("Half ", Raw(b'data: {"choi')), OK], "success", "All well."),
    "invalid JSON": ([breaks("Half ", Raw(b"data: {oops\n\n")), OK], "success", "All well."),
    "an empty answer": ([says(), OK], "success", "All well."),
    "empty answers for ever": ([says()], "upstream_unavailable", ""),
    "chunks of one byte": (
        [says("Ünïcode \U0001f600 ", "kept.").chopped(1)],
        "success",
        "Ünïcode \U0001f600 kept.",
    ),
    "ten thousand tokens at once": ([says(*TEN_THOUSAND)], "success", "".join(TEN_THOUSAND)),
    "a call that is no JSON": ([says(Call("find_hotlines", '{"c":')), OK], "success", "All well."),
    "a call that breaks off": (
        [breaks("Look: ", HalfCall("find_hotlines", '{"co'), Cut()), OK],
        "success",
        "All well.",
    ),
    "a call of no tool": ([says(Call("open_the_door", "{}")), OK], "success", "All well."),
}


@pytest.mark.parametrize("case", CASES)
async def test_23_the_run_ends_as_defined_whatever_the_model_does(
    case: str, cluster: Cluster, people: People
) -> None:
    plays, outcome, reply = CASES[case]
    cluster.model.play_to(case, *plays)
    me = await people.one()

    turn = await me.ask(case)
    view = await me.finished(turn, patience_s=30 + 130 * cluster.scale)

    assert (turn.outcome, view.reply) == (outcome, reply)
    kept, statuses = await stored_reply(turn.run_id)
    assert kept == reply
    assert statuses <= ({"complete"} if outcome == "success" else {"partial"})
    await assert_exact(me)


@quick
async def test_23_a_model_that_refuses_the_connection_is_asked_again_and_then_told_of(
    cluster: Cluster, people: People
) -> None:
    me = await people.one()
    await me.finished(await me.ask("hello"))  # hints reach who is joined to the thread
    for process in cluster.pair:
        process.model.leave()

    turn = await me.ask("hello?")
    await me.finished(turn)
    for process in cluster.pair:
        process.model.heal()
    again = await me.ask("hello again?")
    view = await me.finished(again)

    assert (turn.outcome, again.outcome) == ("upstream_unavailable", "success")
    assert "retrying" in [hint["value"]["state"] for hint in me.hints]
    assert view.reply == "I hear you." * 2
    await assert_exact(me)


async def test_23_a_model_that_calls_tools_twenty_times_is_brought_to_an_end(
    cluster: Cluster, people: People
) -> None:
    calls = [says(Call(LOOK.name, LOOK.arguments, id=f"call {i}")) for i in range(20)]
    cluster.model.play_to("look", *calls)
    me = await people.one()

    turn = await me.ask("look")
    view = await me.finished(turn)

    assert turn.outcome == "upstream_unavailable"
    assert len(view.results) == 6
    assert "tools" not in cluster.model.asked("look")[-1].body
    await assert_exact(me)


# --- 24: tools -----------------------------------------------------------------------------------


@pytest.fixture
async def odd(cluster: Cluster) -> AsyncIterator[Process]:
    """A process whose tools raise, hang and talk for ever."""
    async with cluster.one_more(kind="odd tools") as process:
        yield process


async def test_24_a_tool_that_fails_hangs_or_floods_is_told_to_the_model_and_the_run_goes_on(
    odd: Process, cluster: Cluster, people: People
) -> None:
    calls = [Call(f"odd_{what}", "{}", id=what) for what in ("raises", "hangs", "floods")]
    cluster.model.play_to("try them", says("Hm. ", *calls), says("So be it."))
    me = await people.one(odd)

    asked_at = time.monotonic()
    turn = await me.ask("try them")
    view = await me.finished(turn, patience_s=30 + 20 * cluster.scale)

    names = {
        e["toolCallId"]: e["toolCallName"] for e in view.events if e["type"] == "TOOL_CALL_START"
    }
    answers = {
        names[event["toolCallId"]]: json.loads(event["content"])
        for event in view.events
        if event["type"] == "TOOL_CALL_RESULT"
    }
    assert answers["odd_raises"]["error"] == "tool_failed"
    assert answers["odd_hangs"]["error"] == "timeout"
    assert answers["odd_floods"]["truncated"]
    assert (turn.outcome, view.reply) == ("success", "Hm. So be it.")
    assert turn.ended_at - asked_at < cluster.within(15 + 5)
    assert (await run_of(turn.run_id)).state == "completed"
    await assert_exact(me)
