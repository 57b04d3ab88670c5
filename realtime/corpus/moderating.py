"""Asks the vendor's moderation about rows that it has not seen: scores are kept, nothing blocks.

Each batch is stored as it comes, so that a run that broke off is gone on with by the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.db import transaction

from realtime.agent.errors import ModelError
from realtime.corpus import storing
from realtime.corpus.models import Exchange, Risk
from realtime.corpus.signals import tell_changed

_BATCH = 32  # texts a request
_TRIES = 5
_LONGEST_WAIT_S = 60.0
# A score of self-harm from which a row counts as one of risk: it may only add.
_RISKY = 0.5


Scores = dict[str, Mapping[str, float]]


class Moderator(Protocol):
    """`realtime.provider.moderation` has one. Raises ModelError."""

    async def scores_of(self, texts: Sequence[str]) -> list[dict[str, float]]: ...
    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Moderated:
    """`raised`: rows that are at risk by these scores and were not before; `stopped`: why."""

    asked: int = 0
    raised: int = 0
    left: int = 0
    stopped: str = ""


def moderate(
    *,
    source_id: int,
    moderator: Moderator,
    progress: Callable[[int, int], None] = lambda done, rows: None,
    wait: Callable[[float], None] | None = None,
) -> Moderated:
    """Ask about every row of an import that has no scores yet. `wait`: sleeps some seconds."""
    with asyncio.Runner() as runner:
        sleep = wait or (lambda seconds: runner.run(asyncio.sleep(seconds)))
        try:
            return _all(source_id, moderator, runner, progress, sleep)
        finally:
            runner.run(moderator.close())


def _all(
    source_id: int,
    moderator: Moderator,
    runner: asyncio.Runner,
    progress: Callable[[int, int], None],
    sleep: Callable[[float], None],
) -> Moderated:
    unseen = Exchange.objects.filter(source=source_id, moderation__isnull=True).order_by("id")
    rows, asked, raised = unseen.count(), 0, 0
    while batch := list(unseen.only("title", "question", "answer", "risk")[:_BATCH]):
        texts = [f"{each.asked}\n\n{each.answer}" for each in batch]
        try:
            scores = _patiently(moderator, texts, runner, sleep)
        except ModelError as error:
            _tell(raised)
            return Moderated(asked, raised, rows - asked, str(error))
        raised += _keep(batch, scores)
        asked += len(batch)
        progress(asked, rows)
    _tell(raised)
    return Moderated(asked, raised)


def _patiently(
    moderator: Moderator,
    texts: Sequence[str],
    runner: asyncio.Runner,
    sleep: Callable[[float], None],
) -> list[dict[str, float]]:
    for again in range(1, _TRIES):
        try:
            return runner.run(moderator.scores_of(texts))
        except ModelError as error:
            if not error.retryable:
                raise
            sleep(min(error.retry_after_s or 2.0**again, _LONGEST_WAIT_S))
    return runner.run(moderator.scores_of(texts))


@transaction.atomic
def _keep(batch: Sequence[Exchange], scores: Sequence[Mapping[str, float]]) -> int:
    raised = 0
    for each, found in zip(batch, scores, strict=True):
        each.moderation = dict(found)
        harm = max((score for name, score in found.items() if "self-harm" in name), default=0.0)
        if harm >= _RISKY and each.risk == Risk.NONE:
            each.risk, raised = Risk.CONCERN, raised + 1
    Exchange.objects.bulk_update(batch, ["moderation", "risk"])
    return raised


def known_scores() -> Scores:
    """What was paid attention to once, by the text's key: rows come and go with their files."""
    kept = Exchange.objects.filter(moderation__isnull=False).order_by("id")
    pairs = kept.values_list("text_key", "moderation")
    return {key: scores for key, scores in pairs.iterator() if scores is not None}


@transaction.atomic
def carry_over(*, source_id: int, known: Scores) -> int:
    """Give rows that were just stored the scores of the same text; says how many are at risk."""
    if not known:
        return 0
    raised = 0
    stored = Exchange.objects.filter(source=source_id).order_by("id").only("text_key", "risk")
    rows = [each for each in stored.iterator() if each.text_key in known]
    for at in range(0, len(rows), 1000):
        batch = rows[at : at + 1000]
        raised += _keep(batch, [known[each.text_key] for each in batch])
    return raised


@transaction.atomic
def _tell(raised: int) -> None:
    if raised:
        storing.regroup()  # what a raised row stood for comes forward
        tell_changed()
