"""Has models answer and judges rate, a few at a time; every answer is stored at once.

Killed or stopped, the evaluation goes on where it was when it is run again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from hashlib import sha256
from typing import TypeVar

from realtime.agent.loop import TurnLimits
from realtime.agent.prompt import PROMPT_VERSION
from realtime.chat import bridge
from realtime.evaluation import asking, grounded, judging, operations, queries
from realtime.evaluation.asking import Asked
from realtime.evaluation.checked import Checked, checked_of
from realtime.evaluation.models import Contestant, Evaluation, Judge, Question
from realtime.evaluation.scenarios import scenarios
from realtime.evaluation.targets import config_at
from realtime.hotlines.queries import current_directory
from realtime.provider.client import OpenAIModel
from realtime.provider.config import ProviderConfig
from realtime.safety.ready import make_ready

AT_ONCE = 4  # more is asked too often by most vendors
GIVE_UP = 5  # failures one after the other: asking on would cost and tell nothing
T = TypeVar("T")
Progress = Callable[[str, int, int], None]  # who is at work, done, of how many


class EvaluationStopped(Exception):
    """It cannot go on now; what was answered is kept. The text says why."""


def run(
    evaluation: Evaluation,
    *,
    configs: Mapping[str, ProviderConfig] | None = None,
    limits: TurnLimits = asking.LIMITS,
    progress: Progress = lambda *_: None,
) -> None:
    """Ask and judge whatever is open, and finish. Raises EvaluationStopped.

    `configs` by role spares looking addresses up, where the caller has them.
    """
    make_ready()
    if evaluation.options.get("grounding"):
        grounded.wait_for_index()
    try:
        asyncio.run(_run(evaluation, configs or {}, limits, progress))
    except bridge.StorageUnavailable:
        raise EvaluationStopped("The database does not answer.") from None
    operations.finish(evaluation=evaluation)


def deterministic(*, config: ProviderConfig, questions: int) -> Checked:
    """Ask a model the messages of people in danger and so many held-out questions; check them.

    What could not be asked counts as failed. A few minutes, and some thousand tokens a question.
    """
    evaluation = operations.begin(
        exchanges=queries.held_out(questions),
        contestants={Contestant.Role.TARGET: config},
        options={"grounding": False, "prompt": PROMPT_VERSION},
        purpose="promotion",
    )
    stopped = ""
    try:
        run(evaluation, configs={Contestant.Role.TARGET: config})
    except EvaluationStopped as error:
        stopped = str(error)
    contestant = evaluation.contestants.get(role=Contestant.Role.TARGET)
    return checked_of(contestant, stopped=stopped)


async def _run(
    evaluation: Evaluation,
    configs: Mapping[str, ProviderConfig],
    limits: TurnLimits,
    progress: Progress,
) -> None:
    contestants = await bridge.run(lambda: list(evaluation.contestants.all()))
    for contestant in contestants:
        if contestant.role != Contestant.Role.HUMAN:
            config = configs.get(contestant.role) or _config(contestant)
            await _answers(evaluation, contestant, config, limits, progress)
    for judge in await bridge.run(lambda: list(evaluation.judges.all())):
        await _judgements(evaluation, judge, _config(judge), limits, progress)


def _config(row: Contestant | Judge) -> ProviderConfig:
    return config_at(row.name, row.base_url, row.wire)


async def _answers(
    evaluation: Evaluation,
    contestant: Contestant,
    config: ProviderConfig,
    limits: TurnLimits,
    progress: Progress,
) -> None:
    model = OpenAIModel(config)
    directory = await bridge.run(current_directory)
    grounds = bool(evaluation.options.get("grounding"))

    async def answer(question: Question) -> str:
        asked, shown = _asked(question), list[int]()
        if grounds and question.exchange is not None:
            asked, shown = await bridge.run(grounded.ground, asked, question.exchange)
        said = await asking.ask(model, asked, directory=directory, limits=limits)
        await bridge.run(
            operations.store_answer,
            question=question,
            contestant=contestant,
            said=said,
            shown=shown,
        )
        return said.error

    open_ = await bridge.run(queries.unanswered, evaluation, contestant)
    try:
        await _each(open_, answer, who=contestant.name, progress=progress)
    finally:
        await model.close()


async def _judgements(
    evaluation: Evaluation,
    judge: Judge,
    config: ProviderConfig,
    limits: TurnLimits,
    progress: Progress,
) -> None:
    """Blind, and in an order of chance: who answered shows neither in words nor in turn."""
    model = OpenAIModel(config)

    async def rate(work: tuple[Question, Contestant, str]) -> str:
        question, contestant, text = work
        assert question.exchange is not None
        judged = await judging.judge(model, question.exchange.asked, text, limits=limits)
        await bridge.run(
            operations.store_judgement,
            judge=judge,
            question=question,
            contestant=contestant,
            scores=judged.scores,
            failure=judged.failure,
            tokens=judged.tokens,
        )
        return judged.failure if judged.unreached else ""

    open_ = await bridge.run(queries.unjudged, evaluation, judge)
    seed = evaluation.options.get("seed", 0)
    open_.sort(key=lambda work: _chance(seed, work[0].pk, work[1].pk))
    try:
        await _each(open_, rate, who=f"judge {judge.name}", progress=progress)
    finally:
        await model.close()


def _chance(*of: int) -> bytes:
    return sha256(":".join(map(str, of)).encode()).digest()


def _asked(question: Question) -> Asked:
    if question.exchange is None:
        scenario = scenarios()[question.scenario]
        return Asked(scenario.text, country=scenario.country, calls_for_line=True)
    exchange = question.exchange
    return Asked(exchange.asked, history=asking.messages_of(exchange.history))


async def _each(
    work: Sequence[T], do: Callable[[T], Awaitable[str]], *, who: str, progress: Progress
) -> None:
    """Do each, a few at a time. Raises EvaluationStopped after too many failures in a row."""
    waiting = iter(work)
    done, failed = 0, list[str]()

    async def worker() -> None:
        nonlocal done
        for one in waiting:
            error = await do(one)
            done += 1
            failed.append(error) if error else failed.clear()
            progress(who, done, len(work))
            if len(failed) >= GIVE_UP:
                raise EvaluationStopped(f"{who} failed {GIVE_UP} times in a row ({error}).")

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(AT_ONCE, len(work))):
                group.create_task(worker())
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
