"""Writes of an evaluation: each answer and each judgement at once, so that none is paid twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from realtime.corpus.models import Exchange
from realtime.evaluation.asking import Said
from realtime.evaluation.models import (
    Answer,
    Contestant,
    Evaluation,
    Judge,
    Judgement,
    Question,
)
from realtime.evaluation.scenarios import scenarios
from realtime.provider.config import ProviderConfig


@transaction.atomic
def begin(
    *,
    exchanges: Sequence[Exchange],
    contestants: Mapping[str, ProviderConfig],
    judges: Sequence[ProviderConfig] = (),
    options: Mapping[str, Any],
    purpose: str = "compare",
) -> Evaluation:
    """Write down who is asked what. `contestants` by role; no key of theirs is stored."""
    evaluation = Evaluation.objects.create(options=dict(options), purpose=purpose)
    for role, config in contestants.items():
        Contestant.objects.create(evaluation=evaluation, role=role, **_address(config))
    if judges:
        human = Contestant.Role.HUMAN
        Contestant.objects.create(evaluation=evaluation, role=human, name="people", base_url="")
    for ord_, config in enumerate(judges):
        Judge.objects.create(evaluation=evaluation, ord=ord_, **_address(config))
    rows = [
        *(Question(kind=Question.Kind.AT_RISK, scenario=name) for name in scenarios()),
        *(Question(kind=Question.Kind.HELD_OUT, exchange=each) for each in exchanges),
    ]
    for ord_, row in enumerate(rows):
        row.evaluation, row.ord = evaluation, ord_
    Question.objects.bulk_create(rows)
    return evaluation


def _address(config: ProviderConfig) -> dict[str, str]:
    return {"name": config.resolved_model, "base_url": config.base_url, "wire": config.wire}


@transaction.atomic
def store_answer(
    *, question: Question, contestant: Contestant, said: Said, shown: list[int]
) -> None:
    """A failed one is replaced when it is asked again; a question that is gone is passed over."""
    if not _is_there(question):
        return
    usage = said.usage
    Answer.objects.update_or_create(
        question=question,
        contestant=contestant,
        defaults={
            "text": said.text,
            "error": said.error,
            "first_token_ms": said.first_token_ms,
            "whole_ms": said.whole_ms,
            "input_tokens": usage.input_tokens if usage else None,
            "output_tokens": usage.output_tokens if usage else None,
            "tools": said.tools,
            "checks": {name: found.as_json() for name, found in said.checks.items()},
            "grounded": shown,
        },
    )


@transaction.atomic
def store_judgement(
    *,
    judge: Judge,
    question: Question,
    contestant: Contestant,
    scores: Mapping[str, Any] | None,
    failure: str,
    tokens: tuple[int, int] | None,
) -> None:
    if not _is_there(question):
        return
    Judgement.objects.update_or_create(
        judge=judge,
        question=question,
        contestant=contestant,
        defaults={
            "scores": None if scores is None else dict(scores),
            "failure": failure,
            "input_tokens": tokens[0] if tokens else None,
            "output_tokens": tokens[1] if tokens else None,
        },
    )


@transaction.atomic
def finish(*, evaluation: Evaluation) -> None:
    Evaluation.objects.filter(pk=evaluation.pk).update(finished_at=Now())


def _is_there(question: Question) -> bool:
    """Whether its row was not taken away meanwhile; if it is, it stays for this transaction."""
    return Question.objects.select_for_update().filter(pk=question.pk).exists()
