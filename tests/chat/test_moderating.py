"""The vendor's moderation beside a reply: it raises, and else nobody notices it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import uuid4

import pytest

from realtime.accounts.models import User
from realtime.agent.testing import Gate as HeldReply
from realtime.agent.testing import ScriptedModel, says
from realtime.chat import bridge
from realtime.chat.engine import Engine
from realtime.chat.models import Run, SafetyFlag
from realtime.chat.operations import Submission
from realtime.provider.config import ProviderConfig
from realtime.provider.moderation import Moderator
from tests.chat.test_engine import Watcher, watching
from tests.chat.test_raising import asking, cards_of, kinds_of, level
from tests.support.engine import TIMINGS, running_engine
from tests.support.eventually import until
from tests.support.invariants import assert_log_invariants
from tests.support.openai_scenarios import Gate
from tests.support.openai_server import OpenAIServer, Verdict

pytestmark = pytest.mark.django_db(transaction=True)

PATIENT = replace(TIMINGS, moderation_s=10)
HASTY = replace(TIMINGS, moderation_s=0.2)
GRAVE = Verdict(("self-harm", "self-harm/intent"))


@pytest.fixture
async def owner() -> int:
    return (await User.objects.acreate(username=str(uuid4()))).pk


@pytest.fixture
async def vendor() -> AsyncIterator[OpenAIServer]:
    async with OpenAIServer() as server:
        yield server


@asynccontextmanager
async def moderated(
    vendor: OpenAIServer,
    model: ScriptedModel,
    owner: int,
    sent: Submission,
    *,
    hasty: bool = False,
) -> AsyncIterator[tuple[Engine, Watcher]]:
    moderator = Moderator(ProviderConfig("key", vendor.base_url, "stand-in"))
    timings = HASTY if hasty else PATIENT
    async with running_engine(model, timings=timings, moderator=moderator) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(sent)
        yield engine, watcher
    await moderator.close()
    await bridge.run(assert_log_invariants)


def failures(engine: Engine) -> int:
    assert engine.supervisor.turns is not None
    return engine.supervisor.turns.moderating.failures


async def test_what_it_finds_raises_flags_and_shows_a_card_beside_the_reply(
    owner: int, vendor: OpenAIServer
) -> None:
    held = HeldReply()
    vendor.judge(GRAVE)
    sent = asking(owner, message_id="m1")
    async with moderated(vendor, ScriptedModel([held, *says("Hi.")]), owner, sent) as (_, watcher):
        await watcher.until(lambda w: "CUSTOM" in kinds_of(w))
        held.opened.set()
        await watcher.until(lambda w: w.over)

    flag = await SafetyFlag.objects.aget()
    [card] = await cards_of(watcher)
    assert (flag.detector, flag.category, flag.message) == ("moderation", "self-harm/intent", "m1")
    assert (card["reason"], card["cardId"], await level()) == ("moderation", sent.run_id, "crisis")


async def test_the_reply_does_not_wait_for_it_and_it_still_counts(
    owner: int, vendor: OpenAIServer
) -> None:
    gate = Gate()
    vendor.judge(replace(GRAVE, gate=gate))
    async with moderated(vendor, ScriptedModel(says("Hi.")), owner, asking(owner)) as (_, watcher):
        await watcher.until(lambda w: w.over)
        gate.open()
        await watcher.until(lambda w: "CUSTOM" in kinds_of(w))

    assert await Run.objects.acount() == 2
    assert await level() == "crisis"


async def test_what_it_does_not_find_lowers_nothing(owner: int, vendor: OpenAIServer) -> None:
    sent = asking(owner, "concern")
    async with moderated(vendor, ScriptedModel(says("Hi.")), owner, sent) as (engine, watcher):
        await watcher.until(lambda w: w.over)
        await until(lambda: len(vendor.moderated) == 1)

    assert failures(engine) == 0
    assert await level() == "concern"
    assert [flag.detector async for flag in SafetyFlag.objects.all()] == ["screen"]


async def test_it_is_not_asked_where_nothing_is_left_to_raise(
    owner: int, vendor: OpenAIServer
) -> None:
    sent = asking(owner, "crisis")
    async with moderated(vendor, ScriptedModel(says("Hi.")), owner, sent) as (_, watcher):
        await watcher.until(lambda w: w.over)

    assert vendor.moderated == []


async def test_after_a_card_it_flags_and_shows_no_second_one(
    owner: int, vendor: OpenAIServer
) -> None:
    vendor.judge(GRAVE)
    model = ScriptedModel(says("Hi."), says("Yes."))
    async with moderated(vendor, model, owner, asking(owner, "crisis")) as (engine, watcher):
        await watcher.until(lambda w: w.over)
        await engine.intake.submit(asking(owner))
        await watcher.until(lambda w: kinds_of(w).count("RUN_FINISHED") == 2)
        await until(lambda: len(vendor.moderated) == 1)

    assert len(await cards_of(watcher)) == 1
    assert await SafetyFlag.objects.acount() == 2


WRONG = [
    Verdict(status=404),
    Verdict(status=500),
    Verdict(raw=b"{oops"),
    Verdict(cuts=True),
    Verdict(stalls=True),
]


@pytest.mark.parametrize("verdict", WRONG)
async def test_its_failures_are_counted_and_nothing_else(
    owner: int, vendor: OpenAIServer, verdict: Verdict, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    vendor.judge(verdict)
    sent = replace(asking(owner), text="a secret of mine")
    model = ScriptedModel(says("Hi."))
    async with moderated(vendor, model, owner, sent, hasty=verdict.stalls) as (engine, watcher):
        await watcher.until(lambda w: w.over)
        await until(lambda: failures(engine) == 1)

    assert (await Run.objects.aget()).state == "completed"
    assert (await level(), await SafetyFlag.objects.acount()) == ("none", 0)
    assert "secret" not in caplog.text
    loud = [r for r in caplog.records if r.levelno >= logging.WARNING]
    ours = ("realtime.chat.moderating", "realtime.chat.raising", "realtime.provider")
    assert not [r for r in loud if r.name.startswith(ours)]  # a busy machine is no failure
