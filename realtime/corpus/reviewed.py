"""The exchanges that come from reviewed conversations of this installation."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction

from realtime.corpus.models import Exchange, Import, Risk
from realtime.corpus.signals import tell_changed
from realtime.safety.screen import screen


@dataclass(frozen=True, slots=True)
class ReviewedRow:
    """`row` stays with an example for life; `history` are messages with role and content."""

    row: int
    question: str
    answer: str
    history: tuple[dict[str, str], ...] = ()
    topics: tuple[str, ...] = ()


@transaction.atomic
def take_reviewed(*, rows: Sequence[ReviewedRow]) -> None:
    """Make the import of reviewed conversations hold exactly these rows; none: it is removed.

    What is as it was keeps its id. The caller sees to it that only one does so at a time.
    """
    source = Import.objects.filter(origin=Import.Origin.REVIEWED).first()
    digest = _digest(rows)
    if source is not None and source.sha256 == digest:
        return
    if not rows:
        if source is not None:
            source.delete()
            tell_changed()
        return
    if source is None:
        source = Import(origin=Import.Origin.REVIEWED, shape="reviewed", name="reviewed replies")
        source.attribution = "from a reviewed conversation here"
        source.options = {"origin": "reviewed"}
    source.sha256, source.rows_read, source.report = digest, len(rows), {"rows": len(rows)}
    source.save()
    _write(source, rows)
    tell_changed()


def _write(source: Import, rows: Sequence[ReviewedRow]) -> None:
    there = {each.row: each for each in Exchange.objects.filter(source=source)}
    kept = {row.row for row in rows}
    Exchange.objects.filter(source=source).exclude(row__in=kept).delete()
    for row in rows:
        exchange = there.get(row.row, Exchange(source=source, row=row.row))
        for name, value in _fields(row).items():
            setattr(exchange, name, value)
        exchange.save()


def _fields(row: ReviewedRow) -> dict[str, Any]:
    return {
        "question": row.question,
        "answer": row.answer,
        "history": list(row.history),
        "topics": list(row.topics),
        "question_key": _key(row.question),
        "text_key": _key(f"{row.question}\n{row.answer}"),
        "risk": Risk(screen(row.question).level),
    }


def _key(text: str) -> str:
    return hashlib.sha256(" ".join(re.findall(r"\w+", text.casefold())).encode()).hexdigest()


def _digest(rows: Sequence[ReviewedRow]) -> str:
    told = json.dumps([asdict(row) for row in rows], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()
