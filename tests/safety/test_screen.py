from __future__ import annotations

import subprocess
import sys

import pytest

from realtime.safety.screen import screen
from tests.support.checkout import here


@pytest.mark.parametrize(
    "text",
    [
        "I WANT TO DIE",
        "i don’t want to live",
        "s u i c i d e",
        "i wanna d1eeee",
        "ｉ ｗａｎｔ ｔｏ ｄｉｅ",
        "I w\u200bant to die",
        "我想死",
    ],
)
def test_how_it_is_written_makes_no_difference(text: str) -> None:
    assert screen(text).level == "crisis"


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("I do not want to die.", "none"),
        ("I am not going to hurt myself, but I wish I was dead.", "crisis"),
        ("I can't stop thinking about dying", "crisis"),
        ("My cousin wanted to kill herself.", "concern"),
        ("My cousin moved away and I want to kill myself.", "crisis"),
        ("I tried to kill myself ten years ago.", "concern"),
        ("I tried to kill myself ten years ago and now I want to again", "crisis"),
        ("The film ends with him wanting to kill himself.", "none"),
        ("this exam makes me want to die lol", "concern"),
        ("lol i want to die. no really", "crisis"),
    ],
)
def test_who_when_and_whether_change_the_level(text: str, level: str) -> None:
    assert screen(text).level == level


def test_the_span_names_the_words_that_decided() -> None:
    text = "Good morning! 😊 I’d like to say: I really want to die. Sorry."

    start, end = screen(text).span or (0, 0)

    assert text[start:end] == "want to die"


def test_the_gravest_clause_decides() -> None:
    assert screen("I feel hopeless. I have been cutting my arms again.").category == "self-harm"


def test_what_stands_late_in_a_long_sentence_is_found() -> None:
    assert screen("and then " * 120 + "I want to die").level == "crisis"


def test_a_phrase_across_every_cut_of_a_long_sentence_is_found() -> None:
    for before in range(60):
        assert screen("word " * before + "I want to die").level == "crisis"


def test_nothing_is_said_of_an_empty_message() -> None:
    assert screen("").level == screen(" \n ").level == screen("?!…").level == "none"


def test_it_runs_on_a_bare_python() -> None:
    """Without any installed package: help must not hang on one."""
    said = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path.insert(0, {str(here().root)!r})\n"
            "from realtime.safety.screen import screen; print(screen('I want to die').level)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout == "crisis\n"


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ('"I want to die" she said to me', "concern"),
        ('The lyrics go "I want to die"', "none"),
        ('"I want to die"', "crisis"),
        ('"I want to die" is all that I can think', "crisis"),
    ],
)
def test_words_in_quotation_marks_are_those_of_whom_they_are_said_to_be(
    text: str, level: str
) -> None:
    assert screen(text).level == level


@pytest.mark.parametrize(
    "text",
    ["s*icide is on my mind", "i wnat to kill myslef", "iwanttodie", "k*ll myself", "suiicdal"],
)
def test_key_words_are_read_though_misspelt_starred_or_run_together(text: str) -> None:
    assert screen(text).level == "crisis"


def test_a_word_of_two_languages_is_read_in_the_one_that_is_written() -> None:
    assert screen("I am not suicidal").level == "none"
    assert screen("no pienso en el suicidio").level != "crisis"


def test_two_signs_near_each_other_are_crisis_and_one_is_not() -> None:
    assert screen("I made my decision. I feel so calm.").level == "crisis"
    assert screen("I made my decision.").level == "none"
    between = " I had tea. It was hot. The cup is blue."
    assert screen(f"I made my decision.{between} I feel so calm.").level == "none"


def test_a_sign_counts_in_a_conversation_that_is_at_crisis() -> None:
    assert screen("I made my decision.", before="crisis").category == "signs"
    assert screen("I made my decision.", before="concern").level == "none"
    assert screen("I like tea.", before="crisis").level == "none"
