"""The exchanges nearest to what somebody says, for a turn of the chat.

Reading texts by number from the database means that a removed exchange is shown to nobody, also
by an index that is older than its removal.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.conf import settings
from django.db import Error, connection

from realtime.corpus import serving
from realtime.corpus.queries import exchanges_to_search
from realtime.corpus.shortening import shortened

logger = logging.getLogger(__name__)

LONGEST_QUESTION = 300  # characters
LONGEST_ANSWER = 700
_VERSION = 12
_SPARE = 3  # of those found, that many may be gone from the database


@dataclass(frozen=True, slots=True)
class Found:
    """One exchange; `score` is the method's own, comparable with its floor only."""

    exchange_id: int
    score: float
    question: str
    answer: str
    attribution: str


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What an index gave: the best first, above the floor; may be empty."""

    version: str
    found: tuple[Found, ...]


def retrieve(text: str, *, limit: int = 3) -> Retrieval | None:
    """None: there is no index here (yet), or what it takes did not answer. Never raises."""
    try:
        return _retrieved(text, limit) if settings.GROUNDING else None
    except Exception as error:  # a reply goes without
        _log("nothing was looked up", error)
        return None


def keep_current() -> None:
    """See to it that the newest index serves; cheap where nothing changed. Never raises."""
    if not settings.GROUNDING:
        return
    try:
        serving.holder.keep_current()
    except Exception as error:  # the last one serves on
        _log("the index was not looked after", error)


def _retrieved(text: str, limit: int) -> Retrieval | None:
    held = serving.holder.held
    if held is None:
        return None
    vector = serving.vectors.vector_of(text, held)
    hits = held.index.search(text, limit=limit + _SPARE, vector=vector)
    scores = {int(held.index.ids[hit.place]): hit.score for hit in hits}
    rows = {row.pk: row for row in exchanges_to_search().filter(pk__in=scores)}
    found = [
        Found(
            exchange_id=pk,
            score=score,
            question=shortened(rows[pk].asked, LONGEST_QUESTION),
            answer=shortened(rows[pk].answer, LONGEST_ANSWER),
            attribution=rows[pk].source.attribution,
        )
        for pk, score in scores.items()
        if pk in rows
    ]
    return Retrieval(held.digest[:_VERSION], tuple(found[:limit]))


def _log(what: str, error: Exception) -> None:
    logger.warning("%s (%s)", what, type(error).__name__)
    if isinstance(error, Error) and not connection.in_atomic_block:
        connection.close()  # the next asker gets another
