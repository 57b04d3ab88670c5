"""What is compared of a text. scikit-learn is the measure for runs of letters."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from realtime.corpus.searching.words import grams, words

analysed = CountVectorizer(analyzer="char_wb", ngram_range=(3, 5)).build_analyzer()


def alike(text: str) -> bool:
    """Whether letters are run together as scikit-learn does it: as often, and the same ones."""
    expected, found = Counter(analysed(text)), grams(text)
    each = {gram: grams_of(gram) for gram in expected}
    return dict(zip(found.hashes.tolist(), found.counts.tolist(), strict=True)) == {
        each[gram]: count for gram, count in expected.items()
    }


def grams_of(gram: str) -> int:
    """Its hash, by the definition instead of by windows."""
    value = 0
    for letter in gram:
        value = (value * 0x9E3779B97F4A7C15 + ord(letter) + 1) % 2**64
    return value


@pytest.mark.parametrize(
    "text",
    ["", " ", "a", "ab c", "I  can\u00a0not\n\nsleep, really!", "Ünïcode 日本 語", "x" * 300],
)
def test_letters_run_together_as_scikit_learn_has_them(text: str) -> None:
    assert alike(text)


@given(st.text(max_size=60))
def test_they_do_so_in_any_text(text: str) -> None:
    assert alike(text)


def test_words_are_equal_by_their_stem_and_whatever_their_case() -> None:
    assert np.array_equal(words("Worried sleeping").single, words("worry, SLEEPS").single)


def test_words_of_any_text_say_nothing_alone_but_make_pairs() -> None:
    said = words("I am with her")

    assert len(said.single) == 0
    assert len(said.all.hashes) == 2  # am-with, with-her


def test_a_pair_stands_for_neighbours_in_their_order() -> None:
    together = set(words("lost job").all.hashes.tolist())

    assert together - set(words("job lost").all.hashes.tolist())
    assert together & set(words("lost my job").all.hashes.tolist()) == together


def test_hashes_are_distinct_in_order_and_counted() -> None:
    said = words("job job job").all

    assert said.counts.tolist() == sorted([3, 4], key=said.counts.tolist().index)
    assert np.all(np.diff(said.hashes.astype(object)) > 0)


def test_half_a_letter_harms_nothing() -> None:
    assert len(words("lost \ud800job").single) == 2
    assert len(grams("\ud800").hashes) == 1
