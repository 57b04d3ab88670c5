"""`dataset index` and `dataset check`, as an operator types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from realtime.corpus import indexing
from realtime.corpus.models import Exchange, Risk
from tests.corpus.conftest import Command
from tests.corpus.shelves import TALKS, exchanges, source

pytestmark = pytest.mark.django_db


def test_an_index_is_built_and_told(dataset: Command, index_dir: Path) -> None:
    exchanges()

    said = dataset("index")

    assert f"{len(TALKS)} exchanges, 0." in said
    assert len(list(index_dir.glob("*/index.json"))) == 1


def test_without_exchanges_it_says_what_to_do(dataset: Command, index_dir: Path) -> None:
    assert dataset("index") == "There is nothing to search yet: dataset import FILE.\n"
    with pytest.raises(CommandError, match="dataset import FILE"):
        dataset("check")


def test_a_folder_that_cannot_be_written_is_told(dataset: Command, index_dir: Path) -> None:
    exchanges()
    index_dir.write_text("a file")

    with pytest.raises(CommandError, match="INDEX_DIR cannot be written: File exists"):
        dataset("index")


def test_a_corpus_that_changes_meanwhile_is_told(
    dataset: Command, index_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchanges()
    version = indexing.note_change()
    Exchange.objects.filter(row=1).delete()
    monkeypatch.setattr(indexing, "note_change", lambda: version)

    with pytest.raises(CommandError, match=r"the corpus changed meanwhile\. Say it again"):
        dataset("index")


def test_a_check_is_one_object_for_programs(dataset: Command) -> None:
    exchanges()

    told = json.loads(dataset("check", "--json"))

    assert told["own_answer_at_1"] == told["own_answer_at_5"] == told["own_answer_at_10"] == 1.0
    assert told["topic_at_1"] == 0.0  # each has a topic of its own
    assert told["intervals"]["own_answer_at_1"] == [pytest.approx(0.7575, abs=1e-3), 1.0]
    assert (told["rows"], told["questions"], told["answers"]) == (len(TALKS),) * 3


def test_a_check_is_told_in_words(dataset: Command) -> None:
    exchanges()

    said = dataset("check")

    assert "own_answer_at_5      1.000  [0.757-1.000]" in said
    assert "BM25" in said


def test_what_may_not_be_learnt_from_is_not_checked(dataset: Command) -> None:
    exchanges()
    exchanges(source(sha256="1" * 64), risk=Risk.CRISIS)

    assert json.loads(dataset("check", "--json"))["rows"] == len(TALKS)


def test_an_answer_to_the_same_question_is_an_own_one(dataset: Command) -> None:
    exchanges()
    second = exchanges(source(sha256="1" * 64))
    for row in second:
        row.answer = f"Wholly other words {row.pk}"
    Exchange.objects.bulk_update(second, ["answer"])

    told = json.loads(dataset("check", "--json"))

    assert (told["questions"], told["answers"]) == (len(TALKS), 2 * len(TALKS))
    assert told["own_answer_at_1"] == 1.0


@pytest.mark.parametrize("named", ["second.csv", "number"])
def test_some_imports_can_be_checked_alone(dataset: Command, named: str) -> None:
    exchanges()
    second = source(sha256="1" * 64, name="second.csv")
    exchanges(second)
    Exchange.objects.filter(source=second, row__gt=3).delete()
    name = str(second.pk) if named == "number" else named

    assert json.loads(dataset("check", "--json", "--source", name))["rows"] == 3


def test_an_import_that_is_none_is_told(dataset: Command) -> None:
    exchanges()

    with pytest.raises(CommandError, match=r"No import is called other\.csv"):
        dataset("check", "--source", "other.csv")
