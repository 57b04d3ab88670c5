"""Danger found while a reply is written, or when it is over: a level, a flag, a card, once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from realtime.accounts.models import User
from realtime.agent.errors import ContentFiltered, ModelRefused
from realtime.agent.model import ModelFinished, ModelText
from realtime.agent.testing import Gate, ScriptedModel, Step, says
from realtime.chat import bridge, leases, log, operations, turns
from realtime.chat.engine import Engine
from realtime.chat.flusher import _position
from realtime.chat.helping import Aid, Card, offer
from realtime.chat.logstore import Position
from realtime.chat.models import Notice, Run, RunEvent, SafetyFlag, Thread
from realtime.chat.operations import Submission
from realtime.chat.protocol import Say
from realtime.chat.raising import Finding, RunRisk
from realtime.chat.timings import Timings
from realtime.safety.rules import Level
from realtime.safety.screen import Screening
from tests.chat.test_engine import Watcher, submission, watching
from tests.support.engine import TIMINGS, running_engine
from tests.support.eventually import until, until_async
from tests.support.invariants import assert_log_invariants
from tests.support.runs import START_TEXT, append, claim_one
from tests.support.server import database_url

pytestmark = pytest.mark.django_db(transaction=True)

UK: dict[str, str | None] = {"country": "GB", "timeZone": None, "locale": None}
SLOW = replace(TIMINGS, slow_s=0.05)


@pytest.fixture
async def owner() -> int:
    return (await User.objects.acreate(username=str(uuid4()))).pk


@pytest.fixture
def risks(monkeypatch: pytest.MonkeyPatch) -> list[RunRisk]:
    """The risks of the runs that this process answers, as the reply's filter gets them."""
    made: list[RunRisk] = []

    class Kept(RunRisk):
        def watch(self, patience_s: float) -> None:
            made.append(self)
            super().watch(patience_s)

    monkeypatch.setattr(turns, "RunRisk", Kept)
    return made


def asking(owner: int, level: Level = "none", *, message_id: str | None = None) -> Submission:
    """What a person in the United Kingdom sends, and what the screen found in it."""
    sent = replace(submission(owner), place=UK, message_id=message_id or str(uuid4()))
    if level == "none":
        return sent
    found = Screening(level, "suicide", (2, 7))
    card = offer(card_id=sent.run_id, place=UK, found=found) if level == "crisis" else None
    return replace(sent, aid=Aid(found, card))


def crisis(message_id: str = "m1", **about: Any) -> Finding:
    return Finding("crisis", "self-harm", about.pop("detector", "moderation"), message_id, **about)


async def cards_of(watcher: Watcher) -> list[dict[str, Any]]:
    """The cards a client got, which are those of the log and the notices."""
    got = [
        f["chunk"]["value"] for f in watcher.frames if f.get("chunk", {}).get("type") == "CUSTOM"
    ]
    assert got == [notice.value async for notice in Notice.objects.order_by("id")]
    return got


def kinds_of(watcher: Watcher) -> list[str]:
    return [frame["chunk"]["type"] for frame in watcher.frames if "chunk" in frame]


async def level() -> str:
    return (await Thread.objects.aget()).level


@asynccontextmanager
async def answered(
    model: ScriptedModel, owner: int, sent: Submission, timings: Timings = TIMINGS
) -> AsyncIterator[tuple[Engine, Watcher]]:
    async with running_engine(model, timings=timings) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(sent)
        yield engine, watcher
    await bridge.run(assert_log_invariants)


# --- found in a run ------------------------------------------------------------------------------


async def test_what_is_found_in_a_run_is_shown_in_its_place_flagged_and_raises(
    owner: int, risks: list[RunRisk]
) -> None:
    gate = Gate()
    model = ScriptedModel(
        [ModelText("One "), gate, ModelText("two."), ModelFinished("stop", None)]
    )
    sent = asking(owner, message_id="m1")

    async with answered(model, owner, sent) as (_, watcher):
        await watcher.until(lambda w: w.text == "One ")
        risks[0].found(crisis(span=(3, 9)), reason="moderation")
        await watcher.until(lambda w: "CUSTOM" in kinds_of(w))
        gate.opened.set()
        await watcher.until(lambda w: w.over)

    [card] = await cards_of(watcher)
    flag = await SafetyFlag.objects.aget()
    notice = await Notice.objects.aget()
    about = (flag.detector, flag.level, flag.category, flag.message)
    assert (card["cardId"], card["level"], card["reason"]) == (sent.run_id, "crisis", "moderation")
    assert (card["country"], card["lines"][0]["name"]) == ("GB", "Samaritans")
    assert about == ("moderation", "crisis", "self-harm", "m1")
    assert (flag.span_start, flag.span_end, flag.closed_at) == (3, 9, None)
    assert (await level(), notice.after_message, watcher.text) == ("crisis", "m1", "One two.")


async def test_the_same_again_flags_and_shows_nothing_twice(
    owner: int, risks: list[RunRisk]
) -> None:
    gate = Gate()
    async with answered(ScriptedModel([gate, *says("Hi.")]), owner, asking(owner)) as (_, watcher):
        await gate.reached.wait()
        risks[0].found(crisis(), reason="moderation")
        risks[0].found(crisis(), reason="moderation")
        risks[0].found(crisis(detector="reply"), reason="reply", show="always")
        gate.opened.set()
        await watcher.until(lambda w: w.over)

    assert len(await cards_of(watcher)) == 1
    assert [f.detector async for f in SafetyFlag.objects.order_by("id")] == ["moderation", "reply"]


async def test_a_wrong_reply_is_flagged_and_says_nothing_of_the_person(
    owner: int, risks: list[RunRisk]
) -> None:
    gate = Gate()
    async with answered(ScriptedModel([gate, *says("Hi.")]), owner, asking(owner)) as (_, watcher):
        await gate.reached.wait()
        risks[0].found(
            Finding("concern", "number", "reply", "a1", of_person=False),
            reason="reply",
            show="never",
        )
        gate.opened.set()
        await watcher.until(lambda w: w.over)

    assert (await cards_of(watcher), await level()) == ([], "none")
    assert (await SafetyFlag.objects.aget()).category == "number"


async def test_what_is_found_when_its_run_is_over_comes_in_a_run_of_its_own(
    owner: int, risks: list[RunRisk]
) -> None:
    sent = asking(owner, message_id="m1")
    async with answered(ScriptedModel(says("Hi.")), owner, sent) as (_, watcher):
        await watcher.until(lambda w: w.over)
        before = len(watcher.frames)
        risks[0].found(crisis(), reason="moderation")
        await watcher.until(lambda w: len(w.frames) == before + 3)

    runs = [run async for run in Run.objects.order_by("ord")]
    assert kinds_of(watcher)[-3:] == ["RUN_STARTED", "CUSTOM", "RUN_FINISHED"]
    assert [frame["id"] for frame in watcher.frames[-3:]] == ["2-1", "2-2", "2-3"]
    assert [(run.ord, run.state) for run in runs] == [(1, "completed"), (2, "completed")]
    [card] = await cards_of(watcher)
    assert (card["cardId"], await level()) == (sent.run_id, "crisis")
    assert (await SafetyFlag.objects.aget()).message == "m1"


async def test_a_refusal_in_the_same_conversation_knows_what_was_found_meanwhile(
    owner: int, risks: list[RunRisk]
) -> None:
    gate, sent = Gate(), asking(owner)
    asked = Say(text="hello?")

    def help_for(thread_id: str) -> Card | None:
        return engine.intake.known_help(asked, owner_id=owner, thread_id=thread_id)

    async with answered(ScriptedModel([gate, *says("Hi.")]), owner, sent) as (engine, watcher):
        await gate.reached.wait()
        before = help_for(sent.thread_id)
        risks[0].found(crisis(), reason="moderation")
        after, elsewhere = help_for(sent.thread_id), help_for("t2")
        gate.opened.set()
        await watcher.until(lambda w: w.over)

    assert (before, elsewhere) == (None, None)
    assert (after or {})["level"] == "crisis"


async def test_a_notice_run_waits_for_the_reply_that_is_being_written(
    owner: int, risks: list[RunRisk]
) -> None:
    gate = Gate()
    model = ScriptedModel(says("Hi."), [gate, *says("Again.")])
    async with answered(model, owner, asking(owner)) as (engine, watcher):
        await watcher.until(lambda w: w.over)
        await engine.intake.submit(asking(owner))
        await gate.reached.wait()
        risks[0].found(crisis(), reason="moderation")
        await until_async(SafetyFlag.objects.aexists)
        assert (await level(), await Notice.objects.acount()) == ("crisis", 0)
        gate.opened.set()
        await watcher.until(lambda w: "CUSTOM" in kinds_of(w))

    ends = [f["id"] for f in watcher.frames if f.get("chunk", {}).get("type") == "RUN_FINISHED"]
    assert [end.split("-")[0] for end in ends] == ["1", "2", "3"][: len(ends)]
    assert (await Run.objects.aget(ord=3)).state == "completed"


async def test_what_a_busy_conversation_had_no_room_for_is_shown_as_its_next_turn_begins(
    owner: int, risks: list[RunRisk]
) -> None:
    busy = Gate()
    model = ScriptedModel(says("Hi."), [busy], says("Yes."), says("Bye."))
    patient = replace(TIMINGS, notice_retry_s=60)  # it does not see the moment between two turns
    second, third = asking(owner), asking(owner)
    async with answered(model, owner, asking(owner), patient) as (engine, watcher):
        await watcher.until(lambda w: w.over)
        await engine.intake.submit(second)
        await busy.reached.wait()
        risks[0].found(crisis(), reason="moderation")
        await until_async(SafetyFlag.objects.aexists)
        await engine.intake.stop(owner_id=owner, run_id=second.run_id)
        await engine.intake.submit(third)
        await watcher.until(lambda w: kinds_of(w).count("RUN_FINISHED") == 3)
        await engine.intake.submit(asking(owner))
        await watcher.until(lambda w: kinds_of(w).count("RUN_FINISHED") == 4)

    [card] = await cards_of(watcher)
    assert (card["cardId"], card["level"], card["reason"]) == (
        third.run_id,
        "crisis",
        "moderation",
    )
    assert kinds_of(watcher).index("CUSTOM") < kinds_of(watcher).index("TEXT_MESSAGE_START", 6)
    told = [request.messages[0].content for request in model.requests]
    assert ["Samaritans" in prompt for prompt in told] == [False, False, True, True]


async def test_what_a_server_that_stops_could_not_show_any_more_is_shown_by_the_next_one(
    owner: int, risks: list[RunRisk]
) -> None:
    busy, second = Gate(), asking(owner)
    model = ScriptedModel(says("Hi."), [busy])
    async with answered(model, owner, asking(owner)) as (engine, watcher):
        await watcher.until(lambda w: w.over)
        await engine.intake.submit(second)
        await busy.reached.wait()
        risks[0].found(crisis(), reason="moderation")
        await until_async(SafetyFlag.objects.aexists)
    assert not await Notice.objects.aexists()

    async with running_engine(ScriptedModel(says("Yes."))) as engine:
        watcher = await watching(engine, owner)
        await watcher.until(lambda w: "RUN_FINISHED" in kinds_of(w))

    [card] = await cards_of(watcher)
    assert (card["cardId"], card["reason"]) == (second.run_id, "moderation")


async def test_what_a_stopped_run_could_not_write_is_written_afterwards(
    owner: int, risks: list[RunRisk]
) -> None:
    gate = Gate()
    sent = asking(owner)
    async with answered(ScriptedModel([gate]), owner, sent) as (engine, watcher):
        await gate.reached.wait()
        await engine.intake.stop(owner_id=owner, run_id=sent.run_id)
        risks[0].found(crisis(), reason="moderation")
        await watcher.until(lambda w: "CUSTOM" in kinds_of(w))

    assert await SafetyFlag.objects.acount() == 1
    assert len(await cards_of(watcher)) == 1


async def test_nothing_is_written_of_a_conversation_that_was_deleted(
    owner: int, risks: list[RunRisk]
) -> None:
    sent = asking(owner)
    async with answered(ScriptedModel(says("Hi.")), owner, sent) as (engine, watcher):
        await watcher.until(lambda w: w.over)
        await engine.intake.delete_thread(owner_id=owner, thread_id=sent.thread_id)
        risks[0].found(crisis(), reason="moderation")
        await until(lambda: not risks[0].later._tasks)

    assert engine.intake.levels.of(owner_id=owner, thread_id=sent.thread_id) == "none"
    assert not await SafetyFlag.objects.aexists()
    assert not await Run.objects.aexists()


def test_a_level_rises_where_nobody_holds_the_thread_and_waits_where_somebody_does(
    transactional_db: None,
) -> None:
    person = User.objects.create(username="alice")
    operations.submit(submission=asking(person.pk))
    claim = claim_one()
    flag = log.FlagRow("m1", "crisis", "self-harm", "moderation")
    thread = Thread.objects.get()

    with psycopg.connect(database_url()) as other:
        other.execute("SELECT 1 FROM thread WHERE id = %s FOR NO KEY UPDATE", [thread.id])
        held = append(claim, flags=[flag], level="crisis")
        ordinary = append(claim, START_TEXT)
    stale = append(claim, flags=[flag], level="crisis")
    written = append(claim, last_seq=2, flags=[flag], level="crisis")

    outcomes = [held, ordinary, stale, written]
    assert [outcome.value for outcome in outcomes] == ["busy", "wrote", "fenced", "wrote"]
    thread.refresh_from_db()
    assert (thread.level, thread.flags.count()) == ("crisis", 1)


def test_flags_without_events_are_written_again_when_nobody_knows_whether_they_were() -> None:
    flagged = log.Append(uuid4(), uuid4(), 1, 4, "running")
    place = Position(1, 4, "running")
    assert _position(flagged, place) is log.Outcome.WROTE

    flagged.flags.append(log.FlagRow("m1", "crisis", "self-harm", "moderation"))
    assert _position(flagged, place) is log.Outcome.BUSY


# --- a model that is down ------------------------------------------------------------------------

DOWN: list[tuple[str, list[Step]]] = [
    ("fails", [ModelRefused("401")]),
    ("filtered", [ModelText("I "), ContentFiltered("x")]),
    ("filtered at its end", [ModelText("I "), ModelFinished("content_filter", None)]),
    ("refuses", [ModelText("I cannot."), ModelFinished("refusal", None)]),
]


@pytest.mark.parametrize("reply", [pytest.param(steps, id=name) for name, steps in DOWN])
async def test_who_may_be_in_danger_and_gets_no_answer_gets_help(
    owner: int, reply: list[Step]
) -> None:
    sent = asking(owner, "concern")
    async with answered(ScriptedModel(reply), owner, sent) as (_, watcher):
        await watcher.until(lambda w: w.over)

    [card] = await cards_of(watcher)
    assert kinds_of(watcher)[-2] == "CUSTOM"
    assert (card["reason"], card["level"]) == ("model_down", "concern")
    assert (card["cardId"], card["lines"][0]["name"]) == (sent.run_id, "Samaritans")


@pytest.mark.parametrize("reply", [DOWN[0][1], DOWN[-1][1]])
async def test_nobody_else_gets_any(owner: int, reply: list[Step]) -> None:
    async with answered(ScriptedModel(reply), owner, asking(owner)) as (_, watcher):
        await watcher.until(lambda w: w.over)

    assert await cards_of(watcher) == []


async def test_a_model_that_says_nothing_is_slow_and_help_does_not_wait_for_its_end(
    owner: int,
) -> None:
    gate = Gate()
    async with answered(
        ScriptedModel([gate, *says("Here.")]), owner, asking(owner, "concern"), SLOW
    ) as (_, watcher):
        await watcher.until(lambda w: "CUSTOM" in kinds_of(w))
        assert not gate.opened.is_set()
        gate.opened.set()
        await watcher.until(lambda w: w.over)

    assert [card["reason"] for card in await cards_of(watcher)] == ["model_down"]


async def test_a_model_that_speaks_is_not_slow(owner: int) -> None:
    gate = Gate()
    model = ScriptedModel([ModelText("Well, "), gate, *says("here.")])
    slow = replace(SLOW, slow_s=0.3)
    async with answered(model, owner, asking(owner, "concern"), slow) as (_, watcher):
        await watcher.until(lambda w: bool(w.text))
        await asyncio.sleep(2 * slow.slow_s)  # for what must not come
        gate.opened.set()
        await watcher.until(lambda w: w.over)

    assert await cards_of(watcher) == []


async def test_a_message_that_brought_its_card_gets_no_second_one_when_the_model_fails(
    owner: int,
) -> None:
    reply: list[Step] = [ModelRefused("401")]
    sent = asking(owner, "crisis")
    async with answered(ScriptedModel(reply, reply), owner, sent) as (engine, watcher):
        await watcher.until(lambda w: w.over)
        again = replace(asking(owner, "crisis"), message_id=sent.message_id)
        await engine.intake.submit(again)
        await watcher.until(lambda w: kinds_of(w).count("RUN_ERROR") == 2)

    assert [card["reason"] for card in await cards_of(watcher)] == ["message"]


async def test_a_model_that_stays_down_is_told_of_once(owner: int) -> None:
    reply: list[Step] = [ModelRefused("401")]
    model = ScriptedModel(reply, reply, reply)
    async with answered(model, owner, asking(owner, "crisis")) as (engine, watcher):
        for count in (1, 2, 3):
            await watcher.until(_failed(count))
            if count < 3:
                await engine.intake.submit(asking(owner))

    assert [card["reason"] for card in await cards_of(watcher)] == ["message", "model_down"]


def _failed(count: int) -> Callable[[Watcher], bool]:
    return lambda watcher: kinds_of(watcher).count("RUN_ERROR") == count


async def test_whose_run_nobody_takes_up_gets_help_with_its_end(owner: int) -> None:
    sent = asking(owner, "concern")
    logged = await bridge.run(operations.submit, submission=sent)

    ended = await bridge.run(leases.give_up, run_id=logged.run_id)

    assert ended is not None
    kinds = [json.loads(frame.chunk)["type"] for frame in ended.frames]
    assert kinds == ["CUSTOM", "RUN_ERROR"]
    notice = await Notice.objects.aget()
    assert (notice.seq, notice.value["reason"]) == (2, "model_down")
    assert await RunEvent.objects.acount() == 3
    await bridge.run(assert_log_invariants)
