"""Reviewed conversations are rows like others, but search and grounding never see them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from realtime.corpus import storing
from realtime.corpus.models import Exchange, Import
from realtime.corpus.queries import exchanges_to_learn_from, exchanges_to_search
from realtime.corpus.reviewed import ATTRIBUTION, ReviewedRow, take_reviewed
from realtime.corpus.signals import corpus_changed

pytestmark = pytest.mark.django_db(transaction=True)
FIRST = ReviewedRow(7, "We argue a lot.", "That sounds tiring.", topics=("love",))
SECOND = ReviewedRow(9, "I can't sleep.", "How long has it been so?")


@pytest.fixture
def changes() -> Iterator[list[int]]:
    heard: list[int] = []

    def hear(**_: Any) -> None:
        heard.append(1)

    corpus_changed.connect(hear)
    yield heard
    corpus_changed.disconnect(hear)


def rows() -> list[tuple[int, str]]:
    return list(Exchange.objects.order_by("row").values_list("row", "question"))


def test_it_holds_exactly_what_it_is_given(changes: list[int]) -> None:
    take_reviewed(rows=[FIRST, SECOND])
    kept = Exchange.objects.get(row=9).pk
    take_reviewed(rows=[SECOND])

    assert rows() == [(9, "I can't sleep.")]
    assert Exchange.objects.get().pk == kept
    assert Import.objects.get().rows_read == 1
    assert len(changes) == 2


def test_the_same_again_is_no_news(changes: list[int]) -> None:
    for _ in range(2):
        take_reviewed(rows=[FIRST])

    assert len(changes) == 1


def test_without_rows_there_is_no_import(changes: list[int]) -> None:
    take_reviewed(rows=[])
    take_reviewed(rows=[FIRST])
    take_reviewed(rows=[])

    assert not Import.objects.exists()
    assert not Exchange.objects.exists()
    assert len(changes) == 2


def test_a_change_is_written_over_what_was_there() -> None:
    take_reviewed(rows=[FIRST])
    take_reviewed(rows=[ReviewedRow(7, "We argue.", "That sounds tiring.")])

    assert rows() == [(7, "We argue.")]


def test_it_says_where_it_is_from_and_that_it_is_not_passed_on() -> None:
    take_reviewed(rows=[FIRST])

    source = Import.objects.get()
    assert (source.origin, source.attribution) == ("reviewed", ATTRIBUTION)
    assert "not to be passed on" in source.licence
    assert Exchange.objects.get().topics == ["love"]


def test_it_is_learnt_from_but_not_searched() -> None:
    take_reviewed(rows=[FIRST])

    assert exchanges_to_learn_from().count() == 1
    assert not exchanges_to_search().exists()


def test_danger_keeps_a_row_out() -> None:
    take_reviewed(rows=[ReviewedRow(7, "I want to kill myself.", "I am glad that you say so.")])

    assert Exchange.objects.get().risk == "crisis"
    assert not exchanges_to_learn_from().exists()


@pytest.mark.parametrize(("answer", "usable"), [("Short.", True), ("See example.com.", False)])
def test_a_short_reply_is_no_fault_but_a_link_is(answer: str, usable: bool) -> None:
    take_reviewed(rows=[ReviewedRow(7, "We argue a lot.", answer)])

    assert Exchange.objects.get().usable is usable


def test_it_stands_for_nobody_elses_row() -> None:
    """Else it would have to be looked through all rows when it goes."""
    same = "It sounds as if you two are very tired of it. What would help you both tonight?" * 2
    take_reviewed(rows=[ReviewedRow(7, "We argue a lot.", same)])
    source = Import.objects.create(name="x", origin="file", sha256="x", rows_read=1)
    imported = Exchange.objects.create(
        source=source, row=1, question="We fight.", answer=same, question_key="q", text_key="t"
    )

    storing.regroup()

    imported.refresh_from_db()
    assert (imported.duplicates, imported.usable) == (None, True)
