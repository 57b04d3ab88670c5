from __future__ import annotations

from pathlib import Path

import pytest

from realtime.corpus.searching.building import build
from realtime.corpus.searching.measuring import Asked, Share, own_answer, topic
from tests.corpus.shelves import TALKS, key_of, rows


def asked(*, topics: bool = True) -> list[Asked]:
    return [
        Asked(key_of(question), question, None, {answer}, {title} if topics else set())
        for title, question, answer in TALKS
    ]


def test_a_question_that_finds_its_answer_first_counts_everywhere(tmp_path: Path) -> None:
    shares = own_answer(asked(), dict.fromkeys(talk[2] for talk in TALKS), tmp_path)

    assert shares == {k: Share(len(TALKS), len(TALKS)) for k in (1, 5, 10)}


def test_what_is_found_later_counts_from_there_on(tmp_path: Path) -> None:
    one = Asked("0" * 16, TALKS[0][1], None, {TALKS[4][2]})
    stuffing = {f"{TALKS[0][2]} {word}": None for word in ("one", "two", "three", "four", "five")}
    answers = {**stuffing, f"{TALKS[4][2]} Nights grow long.": None, TALKS[1][2]: None}
    one.answers = {f"{TALKS[4][2]} Nights grow long."}

    assert own_answer([one], answers, tmp_path) == {
        1: Share(0, 1),
        5: Share(0, 1),
        10: Share(1, 1),
    }


def test_an_answer_that_shares_nothing_is_never_found(tmp_path: Path) -> None:
    one = Asked("0" * 16, "zebra", None, {TALKS[0][2]})

    shares = own_answer([one], dict.fromkeys(talk[2] for talk in TALKS), tmp_path)
    assert shares[10] == Share(0, 1)


def test_questions_themselves_are_not_searched_for_their_answers(tmp_path: Path) -> None:
    """Else every question would find itself."""
    one = Asked("0" * 16, "quagga okapi", None, {"nothing in common"})

    shares = own_answer([one], {"nothing in common": None, "other words": None}, tmp_path)
    assert shares[1].hits == 0


def test_the_topic_is_of_the_nearest_of_another_question(tmp_path: Path) -> None:
    index = build(rows(), tmp_path / "index")

    own = topic(asked(), index, [{talk[0]} for talk in TALKS])
    all_alike = topic(asked(), index, [{talk[0] for talk in TALKS}] * len(TALKS))

    assert own.first == Share(0, len(TALKS))
    assert all_alike.first.hits > len(TALKS) / 2
    assert own.above.of + own.below.of == len(TALKS)


def test_questions_without_a_topic_are_not_counted(tmp_path: Path) -> None:
    index = build(rows(), tmp_path / "index")

    assert topic(asked(topics=False), index, [set()] * len(TALKS)).first.of == 0


def test_an_interval_is_wilsons() -> None:
    low, high = Share(60, 100).interval

    assert (low, high) == (pytest.approx(0.502, abs=1e-3), pytest.approx(0.691, abs=1e-3))
    assert (Share(0, 0).value, Share(0, 0).interval) == (0.0, (0.0, 1.0))
    assert Share(0, 5).interval[0] == 0.0
    assert Share(5, 5).interval[1] == 1.0
