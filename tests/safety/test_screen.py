from __future__ import annotations

import subprocess
import sys
from time import process_time

import pytest

from realtime.safety.screen import MAX_CHARACTERS, screen
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


HOSTILE = {
    "a beginning": "i want to ",
    "all triggers": "kill die suicide myself end life ",
    "denials": "i do not want ",
    "optional words": "want to just really so badly ",
    "spelled out": "s u i ",
    "one word": "a",
    "marks": "आ़्",
    "laughter": "😂",
    "ends": "!",
    "numbers": "d1e 4 ",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_time_grows_with_the_length_alone(name: str) -> None:
    """Eight times the length may take eight times as long, here thirty for a busy machine."""
    text = HOSTILE[name] * MAX_CHARACTERS

    screen(text[:2_000])
    short = min(_seconds(text[:2_000]) for _ in range(5))
    long = min(_seconds(text[:16_000]) for _ in range(3))

    assert long < 30 * short + 0.02
    assert long < 1.0


def _seconds(text: str) -> float:
    began = process_time()
    screen(text)
    return process_time() - began


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
