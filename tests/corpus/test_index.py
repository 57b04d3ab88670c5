"""What is found, in what order, and when nothing is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from realtime.corpus.searching import building, files, index, postings
from realtime.corpus.searching.building import Row, build, midway
from realtime.corpus.searching.index import Index, evidence, ranking
from tests.corpus.shelves import TALKS, key_of, rows


@pytest.fixture
def built(tmp_path: Path) -> Index:
    return build(rows(), tmp_path / "index")


def texts() -> list[str]:
    return [row.text for row in rows()]


@pytest.mark.parametrize("at", range(len(TALKS)))
def test_a_question_finds_its_exchange_first(built: Index, at: int) -> None:
    [hit, *_] = built.search(TALKS[at][1], limit=3)

    assert built.ids[hit.place] == 100 + at


def test_letters_find_what_is_misspelt(built: Index) -> None:
    scores = built.scores("jelous girlfrend")

    assert int(np.argmax(scores.grams)) == 1
    assert ranking(scores, at_most=1).tolist() == [1]


def test_cosines_are_those_of_scikit_learn(built: Index) -> None:
    vectorizer = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, dtype=np.float64
    )
    fitted = vectorizer.fit_transform(texts())
    expected = vectorizer.transform(["I worry at night."]) @ fitted.T

    found = built.scores("I worry at night.").grams

    assert found == pytest.approx(expected.toarray()[0], abs=2e-3)  # half precision


def test_words_score_as_bm25_has_it(built: Index) -> None:
    import bm25s

    tokens = [building.words(text).all for text in texts()]
    spelt = [[str(h) for h in np.repeat(t.hashes, t.counts)] for t in tokens]
    retriever = bm25s.BM25(k1=index.K1, b=index.B, method="lucene")
    retriever.index(spelt, show_progress=False)
    asked = building.words("worry awake").all
    said = retriever.get_scores([str(h) for h in asked.hashes])

    found = built.scores("worry awake").words

    # Lucene leaves out the constant k1 + 1; ours is a share of what all words would give.
    assert found / found.max() == pytest.approx(said / said.max(), abs=1e-5)


def test_of_one_question_one_answer_is_given(tmp_path: Path) -> None:
    twins = [replace(rows()[0], id=200 + at) for at in range(3)]
    index_ = build([*rows(), *twins], tmp_path / "index")

    hits = index_.search("awake at night, worry about exams", limit=5)

    assert sum(int(index_.ids[hit.place]) in (100, 200, 201, 202) for hit in hits) == 1


def test_limits_and_order_are_kept(built: Index) -> None:
    built.floor = 0.0
    scores = built.scores("worry")

    assert len(built.search("I worry and am jealous of friends", limit=1)) == 1
    assert ranking(scores, at_most=2).tolist() == ranking(scores, at_most=9).tolist()[:2]


def test_below_the_floor_nothing_is_found(built: Index) -> None:
    [best, *_] = built.search(TALKS[0][1], limit=1)

    built.floor = best.score
    assert built.search(TALKS[0][1], limit=1) == [best]
    built.floor = best.score * 1.01
    assert built.search(TALKS[0][1], limit=1) == []


def test_few_words_are_no_good_evidence(built: Index) -> None:
    few, many = built.scores("night"), built.scores("I lie awake at night and worry")

    assert few.words.max() < many.words.max()


def test_a_word_that_nobody_said_speaks_against_all(built: Index) -> None:
    known = built.scores("awake at night and worry about exams, whisky, traffic and shops")
    unknown = built.scores("awake at night and worry about exams, zebra, quagga and okapi, gnu")

    assert unknown.words[0] < known.words[0]


def test_a_chance_word_that_one_exchange_has_is_held_down_by_the_others(built: Index) -> None:
    scores = built.scores("stutters")

    own, together = scores.words.max(), np.sort(scores.words)[-10:].mean()
    assert together < own
    assert evidence(scores).max() == pytest.approx(max(together, own / 2))


@pytest.mark.parametrize("text", ["", "   ", "zzzz qqqq", "!?", "\ud800", "😀"])
def test_what_says_nothing_finds_nothing(built: Index, text: str) -> None:
    assert built.search(text, limit=3) == []


def test_an_endless_question_is_looked_at_by_its_beginning(built: Index) -> None:
    endless = "I am jealous of friends. " + "whisky " * 100_000

    assert np.array_equal(
        built.scores(endless).words, built.scores(endless[: index.LONGEST]).words
    )


def test_an_index_of_nothing_finds_nothing(tmp_path: Path) -> None:
    assert build([], tmp_path / "index").search("worry", limit=3) == []


def test_own_exchanges_can_be_left_out(built: Index) -> None:
    scores = built.scores(TALKS[0][1], without=int(key_of(TALKS[0][1])[:16], 16))

    assert 0 not in ranking(scores, at_most=12)
    assert scores.words[0] == scores.grams[0] == -1


def test_past_its_budget_the_commonest_features_are_left_out(built: Index) -> None:
    _, at = postings.find(built._grams.hashes, building.grams("worry").hashes)
    weights = np.ones(len(at), np.float32)
    rarest = int(np.sort(built._grams.sizes(at))[0])

    everything = built._grams.scores(at, weights, budget=10_000)
    least = built._grams.scores(at, weights, budget=rarest)

    assert least.sum() < everything.sum()
    assert built._grams.scores(at, weights, budget=0).sum() == 0


def vectored(width: int = 12) -> list[Row]:
    """Each exchange points into a direction of its own; the last has no vector yet."""
    base = np.eye(width, dtype=np.float32)
    made = [replace(row, vector=midway(base[at], base[at])) for at, row in enumerate(rows())]
    return [*made[:-1], replace(made[-1], vector=None)]


def test_with_vectors_what_is_near_by_them_is_found_without_a_common_word(tmp_path: Path) -> None:
    index_ = build(vectored(), tmp_path / "index")
    direction = np.eye(12, dtype=np.float32)[4]

    [hit] = index_.search("zzzz", limit=3, vector=direction)

    assert (index_.ids[hit.place], hit.score) == (104, 1.0)


def test_without_a_querys_vector_words_find_and_their_floor_holds(tmp_path: Path) -> None:
    index_ = build(vectored(), tmp_path / "index")
    index_.vector_floor = 2.0

    [hit, *_] = index_.search(TALKS[2][1], limit=3)

    assert index_.ids[hit.place] == 102


def test_a_vector_is_of_no_use_to_an_index_without(built: Index) -> None:
    assert built.scores("worry", np.ones(12, np.float32)).vectors is None


def test_files_are_mapped_and_hold_no_pickle(tmp_path: Path) -> None:
    build(rows(), tmp_path / "index")

    for path in (tmp_path / "index").glob("*.npy"):
        assert np.load(path, allow_pickle=False).dtype.kind in "iuf"
    assert files.size_of(tmp_path / "index") > 0
