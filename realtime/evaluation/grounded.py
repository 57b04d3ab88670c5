"""What a model is shown of the corpus beside a held-out question: never an answer to that one."""

from __future__ import annotations

import time
from dataclasses import replace

from realtime.agent.examples import Example
from realtime.chat.grounding import LIMIT, query_of
from realtime.corpus import grounding
from realtime.corpus.models import Exchange
from realtime.evaluation.asking import Asked, history_of

_MORE = 4  # times as many are looked for: some answer the question itself
_PATIENCE_S, _LOOK_S = 60.0, 0.25


class NoIndex(Exception):
    """There is nothing to be shown."""


def wait_for_index() -> None:
    """Have the newest index loaded. Raises NoIndex where none comes."""
    until = time.monotonic() + _PATIENCE_S
    while True:
        grounding.keep_current()
        if grounding.retrieve("I cannot sleep", limit=1) is not None:
            return
        if time.monotonic() > until:
            raise NoIndex("No index of the corpus came in a minute: dataset index makes one.")
        time.sleep(_LOOK_S)


def ground(asked: Asked, exchange: Exchange) -> tuple[Asked, list[int]]:
    """The question with its examples, and their exchanges' ids.

    The index holds held-out rows too, for it serves everybody: with its own answers beside it a
    question would measure copying.
    """
    got = grounding.retrieve(query_of(history_of(asked)), limit=LIMIT * _MORE)
    found = got.found if got is not None else ()
    own = Exchange.objects.filter(
        pk__in=[each.exchange_id for each in found], question_key=exchange.question_key
    )
    same = set(own.values_list("pk", flat=True))
    kept = [each for each in found if each.exchange_id not in same][:LIMIT]
    examples = tuple(Example(each.question, each.answer, each.attribution) for each in kept)
    return replace(asked, examples=examples), [each.exchange_id for each in kept]
