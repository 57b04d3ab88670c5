"""The exchanges that come from reviewed conversations of this installation: to train on alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction

from realtime.corpus.flagging import EXCLUDING, TOO_SHORT
from realtime.corpus.loading.shapes import Raw
from realtime.corpus.models import Exchange, Import
from realtime.corpus.preparing import RULES, row_of
from realtime.corpus.reporting import counts_of
from realtime.corpus.signals import tell_changed

NAME = "reviewed replies"
ATTRIBUTION = "from a reviewed conversation here"
LICENCE = "not to be passed on: its person allowed training, and may take it back"


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
    if source is None and not rows:
        return
    digest = _digest(rows)
    if source is not None and source.sha256 == digest:
        return
    if rows:
        _write(source or _new(), digest, rows)
    elif source is not None:
        source.delete()
    tell_changed()


def _new() -> Import:
    return Import(
        name=NAME,
        origin=Import.Origin.REVIEWED,
        shape="reviewed",
        attribution=ATTRIBUTION,
        licence=LICENCE,
        options={"rules": RULES},
    )


def _write(source: Import, digest: str, rows: Sequence[ReviewedRow]) -> None:
    source.sha256, source.rows_read = digest, len(rows)
    source.save()
    there = {each.row: each for each in Exchange.objects.filter(source=source)}
    gone = there.keys() - {row.row for row in rows}
    Exchange.objects.filter(source=source, row__in=gone).delete()
    for row in rows:
        exchange = there.get(row.row, Exchange(source=source, row=row.row))
        for name, value in _fields(row).items():
            setattr(exchange, name, value)
        exchange.save()
    source.report = counts_of(source, rows=len(rows), repeated=0)
    source.save(update_fields=["report"])


def _fields(row: ReviewedRow) -> dict[str, Any]:
    """The words as the reviewer left them; keys, flags and risk as of any other row.

    A reply in a chat may be short.
    """
    read = row_of(row.row, Raw(question=row.question, answer=row.answer, history=row.history))
    return {
        "question": row.question,
        "answer": row.answer,
        "history": list(row.history),
        "topics": list(row.topics),
        "question_key": read.question_key,
        "text_key": read.text_key,
        "risk": read.risk,
        "flags": list(read.flags),
        "usable": set(read.flags).isdisjoint({*EXCLUDING} - {TOO_SHORT}),
    }


def _digest(rows: Sequence[ReviewedRow]) -> str:
    """Of the rows and of the rules they are read by: another digest, rows to write anew."""
    told = json.dumps([RULES, *map(asdict, rows)], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()
