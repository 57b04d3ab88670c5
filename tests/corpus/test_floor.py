"""Whom the shipped sample helps, and for whom nothing is found in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import realtime.corpus
from realtime.corpus.searching.building import Row, build
from realtime.corpus.searching.index import Index
from tests.corpus.everyday import FRESH, TUNED
from tests.corpus.shelves import key_of

SAMPLE = Path(realtime.corpus.__file__).parent / "sample" / "exchanges.jsonl"


def sample() -> list[Row]:
    told = [json.loads(line) for line in SAMPLE.read_text("utf-8").splitlines()]
    return [
        Row(
            id=at,
            title=one["questionTitle"],
            question=one["questionText"],
            answer=one["answerText"],
            key=key_of(one["questionTitle"] + one["questionText"]),
        )
        for at, one in enumerate(told)
    ]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return build(sample(), tmp_path_factory.mktemp("sample") / "index")


def test_everyday_messages_find_nothing(index: Index) -> None:
    assert [text for text in TUNED + FRESH if index.search(text, limit=1)] == []


def test_the_very_question_is_found_however_small_the_corpus(index: Index) -> None:
    rows = sample()
    missed = [
        row.asked
        for row in rows
        if not (hits := index.search(row.asked, limit=1)) or rows[hits[0].place].key != row.key
    ]

    assert missed == []


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        ("how do I tell my parents that I am gay?", "How do I tell my parents I'm gay"),
        ("my 15 year old daughter has stopped talking to me", "My daughter (15) has stopped"),
        ("my first job and I feel like a fraud", "My first job and I feel like a fraud"),
    ],
)
def test_the_same_in_other_words_is_found(index: Index, asked: str, title: str) -> None:
    [hit, *_] = index.search(asked, limit=3)

    assert sample()[hit.place].title.startswith(title)
