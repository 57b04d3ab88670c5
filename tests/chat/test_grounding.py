"""What the model is shown of others' exchanges: never in danger, never at the reply's price."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from uuid import uuid4

import pytest
from pytest_django import Settings

from realtime.accounts.models import User
from realtime.agent.errors import ModelUnavailable
from realtime.agent.examples import Example, examples_in
from realtime.agent.model import (
    AssistantMessage,
    ChatMessage,
    ModelText,
    SystemMessage,
    UserMessage,
)
from realtime.agent.testing import Gate as HeldReply
from realtime.agent.testing import ScriptedModel, says
from realtime.chat import bridge, operations
from realtime.chat.grounding import LONGEST, query_of
from realtime.chat.models import Run, RunEvent, SafetyFlag, Thread
from realtime.corpus.grounding import Retrieval
from realtime.provider.config import ProviderConfig
from realtime.provider.moderation import Moderator
from realtime.safety.rules import Level
from tests.chat.test_engine import Watcher, submission, watching
from tests.chat.test_raising import asking
from tests.support.engine import TIMINGS, running_engine
from tests.support.eventually import until
from tests.support.invariants import assert_log_invariants
from tests.support.openai_scenarios import Gate
from tests.support.openai_server import OpenAIServer, Verdict
from tests.support.shelf import WORRY, Shelf

pytestmark = pytest.mark.django_db(transaction=True)
PATIENT = replace(TIMINGS, grounding_s=10)
AS_TOLD = Example(WORRY.question, WORRY.answer, WORRY.attribution)


@pytest.fixture
async def owner() -> int:
    return (await User.objects.acreate(username=str(uuid4()))).pk


def shown(model: ScriptedModel, request: int = -1) -> list[Example]:
    """What a request's only system message holds."""
    first, *rest = model.requests[request].messages
    assert isinstance(first, SystemMessage)
    assert not any(isinstance(message, SystemMessage) for message in rest)
    return examples_in(first.content)


async def run_of(
    owner: int, shelf: Shelf | None, *, model: ScriptedModel | None = None, level: Level = "none"
) -> tuple[Run, ScriptedModel, Watcher]:
    """One finished run, whose message the screen found to be of this level."""
    model = model or ScriptedModel(says("Hi."))
    async with running_engine(model, corpus=shelf, timings=PATIENT) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(asking(owner, level))
        await watcher.until(lambda w: w.over)
    await bridge.run(assert_log_invariants)
    return await Run.objects.aget(), model, watcher


async def test_the_model_is_shown_what_was_found_and_the_run_keeps_it(owner: int) -> None:
    run, model, _ = await run_of(owner, Shelf())

    assert shown(model) == [AS_TOLD]
    assert run.grounding_version == "examples-1/0123456789ab"
    assert run.prompt_version == "system-2"
    assert run.retrieved == [
        {
            "exchange": 7,
            "score": 0.5,
            "question": WORRY.question,
            "answer": WORRY.answer,
            "attribution": "example written for this project",
        }
    ]


class ElsewhereInDanger(Shelf):
    """While it searches, another process finds danger in the conversation."""

    def retrieve(self, text: str, *, limit: int = 3) -> Retrieval | None:
        Thread.objects.update(level="crisis")
        return super().retrieve(text, limit=limit)


async def test_danger_that_another_process_found_meanwhile_takes_the_examples_out(
    owner: int,
) -> None:
    run, model, _ = await run_of(owner, ElsewhereInDanger())

    assert shown(model) == []
    assert run.retrieved == "risk"


async def test_the_client_is_told_nothing_of_it(owner: int) -> None:
    _, _, watcher = await run_of(owner, Shelf())

    told = json.dumps(watcher.frames) + "".join(
        [payload async for payload in RunEvent.objects.values_list("payload", flat=True)]
    )
    for secret in (WORRY.question, WORRY.answer, "0123456789ab", "examples-1"):
        assert secret not in told


@pytest.mark.parametrize(
    ("shelf", "why", "version"),
    [
        (None, "no index", None),
        (Shelf(missing=True), "no index", None),
        (Shelf(found=()), "none above the floor", "examples-1/0123456789ab"),
        (Shelf(error=RuntimeError("broken")), "failed", None),
    ],
)
async def test_without_anything_found_the_reply_comes_and_the_run_says_why(
    owner: int, shelf: Shelf | None, why: str, version: str | None
) -> None:
    run, model, watcher = await run_of(owner, shelf)

    assert watcher.text == "Hi."
    assert (run.retrieved, run.grounding_version) == (why, version)
    assert shown(model) == []


async def test_a_setting_turns_it_off(owner: int, settings: Settings) -> None:
    settings.GROUNDING = False
    shelf = Shelf()

    run, model, _ = await run_of(owner, shelf)

    assert (run.retrieved, shelf.asked, shelf.kept, shown(model)) == ("off", [], 0, [])


@pytest.mark.parametrize("level", ["concern", "crisis"])
async def test_who_may_be_in_danger_is_answered_by_the_rules_alone(
    owner: int, level: Level
) -> None:
    shelf = Shelf()

    run, model, _ = await run_of(owner, shelf, level=level)

    assert (run.retrieved, shelf.asked, shown(model)) == ("risk", [], [])


async def test_a_conversation_that_was_dangerous_once_stays_without(owner: int) -> None:
    shelf, model = Shelf(), ScriptedModel(says("One."), says("Two."))
    async with running_engine(model, corpus=shelf, timings=PATIENT) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(asking(owner, "concern"))
        await watcher.until(lambda w: w.over)
        await engine.intake.submit(asking(owner))
        await watcher.until(lambda w: w.text == "One.Two.")
        await until(lambda: not engine.supervisor._running)

    assert [run.retrieved async for run in Run.objects.order_by("ord")] == ["risk", "risk"]
    assert shelf.asked == []


async def test_danger_that_moderation_finds_while_it_is_searched_takes_it_back(
    owner: int,
) -> None:
    shelf, model = Shelf(), ScriptedModel(says("Hi."))
    shelf.opened.clear()
    async with OpenAIServer() as vendor:
        vendor.judge(Verdict(("self-harm",)))
        moderator = Moderator(ProviderConfig("key", vendor.base_url, "stand-in"))
        patient = replace(PATIENT, moderation_s=10)
        async with running_engine(
            model, corpus=shelf, timings=patient, moderator=moderator
        ) as engine:
            watcher = await watching(engine, owner)
            await engine.intake.submit(asking(owner))
            await until(shelf.reached.is_set)
            await watcher.until(lambda w: any("CUSTOM" in str(f) for f in w.frames))
            shelf.opened.set()
            await watcher.until(lambda w: w.over)
        await moderator.close()

    assert (await Run.objects.aget()).retrieved == "risk"
    assert shown(model) == []


async def test_a_reply_that_is_begun_again_in_danger_leaves_it_out(owner: int) -> None:
    held = HeldReply()
    model = ScriptedModel([ModelText("Half "), held, ModelUnavailable("cut")], says("Whole."))
    gate = Gate()
    async with OpenAIServer() as vendor:
        vendor.judge(Verdict(("self-harm",), gate=gate))
        moderator = Moderator(ProviderConfig("key", vendor.base_url, "stand-in"))
        patient = replace(PATIENT, moderation_s=10)
        async with running_engine(
            model, corpus=Shelf(), timings=patient, moderator=moderator
        ) as engine:
            watcher = await watching(engine, owner)
            await engine.intake.submit(asking(owner))
            await held.reached.wait()
            gate.open()
            await watcher.until(lambda w: any("CUSTOM" in str(f) for f in w.frames))
            held.opened.set()
            await watcher.until(lambda w: w.over)
        await moderator.close()

    assert (shown(model, 0), shown(model, 1)) == ([AS_TOLD], [])


async def test_what_comes_too_late_is_done_without(owner: int) -> None:
    shelf, model = Shelf(), ScriptedModel(says("Hi."))
    shelf.opened.clear()
    async with running_engine(
        model, corpus=shelf, timings=replace(TIMINGS, grounding_s=0.05)
    ) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(asking(owner))
        await watcher.until(lambda w: w.over)
        shelf.opened.set()

    assert (await Run.objects.aget()).retrieved == "late"
    assert watcher.text == "Hi."


async def test_a_search_that_hangs_leaves_threads_for_everything_else(owner: int) -> None:
    shelf, model = Shelf(), ScriptedModel(*(says("Hi.") for _ in range(9)))
    shelf.opened.clear()
    async with running_engine(
        model, corpus=shelf, timings=replace(TIMINGS, grounding_s=0.05)
    ) as engine:
        sent = [replace(submission(owner), thread_id=f"t{i}") for i in range(8)]
        async with asyncio.timeout(8):
            for one in sent:
                await engine.intake.submit(one)
            await until(lambda: len(model.requests) == 8)
        assert len(shelf.asked) == 2  # the others did not even begin
        shelf.opened.set()
        await until(lambda: not engine.supervisor._running)
        await engine.intake.submit(replace(submission(owner), thread_id="t8"))
        await until(lambda: len(model.requests) == 9)

    assert shown(model) == [AS_TOLD]  # it searches again


async def test_a_number_in_an_exchange_is_no_number_to_name(owner: int, directory: None) -> None:
    number = "01632 960123"
    shelf = Shelf(found=(replace(WORRY, answer=f"Call me at {number}, I am there for you."),))
    model = ScriptedModel(says("You could call ", number, " today."))

    _, model, watcher = await run_of(owner, shelf, model=model)

    assert number in shown(model)[0].answered
    assert "960123" not in watcher.text
    flag = await SafetyFlag.objects.aget(detector="reply")
    assert flag.category == "contact"


async def test_what_was_shown_goes_with_the_conversation(owner: int) -> None:
    await run_of(owner, Shelf())

    await bridge.run(operations.delete_thread, owner_id=owner, thread_id="t1")

    assert not await Run.objects.aexists()
    assert not await Thread.objects.aexists()


async def test_the_index_is_kept_current_and_an_error_ends_nothing(
    owner: int, caplog: pytest.LogCaptureFixture
) -> None:
    shelf = Shelf(error=RuntimeError("of a file, with words in it"))
    async with running_engine(
        ScriptedModel(), corpus=shelf, timings=replace(TIMINGS, index_s=0.01)
    ):
        await until(lambda: shelf.kept > 2)

    assert "the index failed: RuntimeError" in caplog.text
    assert "words in it" not in caplog.text


def test_the_last_words_are_searched_and_few_words_with_those_before() -> None:
    rules, long = (
        SystemMessage("rules"),
        "It has been like this since I moved to the new town, I think.",
    )
    told: list[ChatMessage] = [
        rules,
        UserMessage("I cannot sleep."),
        AssistantMessage("How come?"),
    ]

    assert query_of([rules]) == ""
    assert query_of(told) == "I cannot sleep."
    assert query_of([*told, UserMessage("Worries.")]) == "I cannot sleep.\nWorries."
    assert query_of([*told, UserMessage(long)]) == long
    assert query_of([UserMessage("x" * 9_000)]) == "x" * LONGEST
