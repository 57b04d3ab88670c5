"""Texts that are nearly the same are found among very many."""

from __future__ import annotations

import random

from realtime.corpus.likeness import groups

WORDS = [f"word{n}" for n in range(500)]


def text(seed: int, length: int = 120) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=length))


def changed(said: str, words: int) -> str:
    parts = said.split()
    for at in range(words):
        parts[at * 17 % len(parts)] = "another"
    return " ".join(parts)


def test_nearly_the_same_texts_are_one_group() -> None:
    first = text(1)
    texts = [(5, first), (6, text(2)), (7, first.upper()), (9, changed(first, 3)), (11, text(3))]
    assert groups(texts) == [[5, 7, 9]]


def test_texts_that_share_much_but_not_most_stay_apart() -> None:
    first = text(1)
    assert groups([(1, first), (2, changed(first, 25))]) == []


def test_few_words_and_none_are_compared_as_well() -> None:
    assert groups([(1, "yes"), (2, "Yes!"), (3, ""), (4, "no")]) == [[1, 2]]
    assert groups([]) == []


def test_nearly_all_of_many_pairs_are_found() -> None:
    texts = [(n, text(n)) for n in range(400)]
    texts += [(1_000 + n, changed(said, 4)) for n, said in texts[:200]]
    assert len(groups(texts)) >= 190


def test_very_many_of_one_kind_are_one_group() -> None:
    assert [len(group) for group in groups((n, text(1)) for n in range(2_000))] == [2_000]
