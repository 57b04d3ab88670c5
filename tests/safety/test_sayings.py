"""What people say of us and of themselves: the files' own examples, and time that stays linear."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from re import _constants, _parser  # type: ignore[attr-defined]  # no public way to the tree
from timeit import repeat
from typing import Any

import pytest

from realtime.safety import sayings
from tests.support.growth import grows_at_most

WHO, MINOR = sayings.FOLDER / "who-answers.json", sayings.FOLDER / "under-18.json"
LANGUAGES = [
    pytest.param(path, detect, language, id=f"{path.stem}-{language['language']}")
    for path, detect in ((WHO, sayings.asks_who_answers), (MINOR, sayings.says_under_18))
    for language in json.loads(path.read_text("utf-8"))["languages"]
]
HOSTILE = [
    "are you really really a real ",
    "im only just like about ",
    "im 15 ",
    "are you a kind of ",
    "she said: im 15, ",
    "“„«im 15 ",
]


@pytest.mark.parametrize(("path", "detect", "language"), LANGUAGES)
def test_a_languages_examples_are_told_apart(
    path: Path, detect: Callable[[str], bool], language: dict[str, Any]
) -> None:
    examples = language["examples"]

    assert [text for text in examples["yes"] if not detect(text)] == []
    assert [text for text in examples["no"] if detect(text)] == []
    assert len(examples["yes"]) >= 2
    assert len(examples["no"]) >= 3


@pytest.mark.parametrize("path", [WHO, MINOR], ids=lambda path: path.stem)
def test_twenty_languages_are_heard_and_the_review_is_told(path: Path) -> None:
    source = json.loads(path.read_text("utf-8"))

    assert len({language["language"] for language in source["languages"]}) >= 18
    assert "not reviewed by a native speaker" in source["review"]


@pytest.mark.parametrize(
    "text",
    [
        "hey!! ARE YOU, like, human??",
        "Nothing helps. My mum shouts. Wait - are you a real person?",
        "are y\u200bou a b\u00f6t",
        "ａｒｅ ｙｏｕ ａ ｂｏｔ",
        "I’m asking: you’re a bot, aren’t you?",
    ],
)
def test_a_question_is_heard_in_any_dress(text: str) -> None:
    assert sayings.asks_who_answers(text)


@pytest.mark.parametrize(
    "text", ["I’m 15.", "i'm １５", "ok... im 15!!", "Idk why. i am 13, help"]
)
def test_an_age_is_heard_in_any_dress(text: str) -> None:
    assert sayings.says_under_18(text)


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ('She wrote: "I am lost. I\'m 15." What can I do?', False),
        ("My son texted: help me, I'm 15, please.", False),
        ("My son says, I'm 15. I'm 14.", True),
        ("My mum said: go. I'm 15.", True),
        ('"I\'m 15"', True),
        ("I told them (twice): I'm 15", True),
    ],
)
def test_what_somebody_else_says_is_not_of_the_writer(text: str, own: bool) -> None:
    assert sayings.says_under_18(text) == own


@pytest.mark.parametrize("age", range(1, 100))
def test_only_ages_under_18_count(age: int) -> None:
    assert sayings.says_under_18(f"I'm {age} years old") == (8 <= age < 18)


@pytest.mark.parametrize("seed", HOSTILE)
@pytest.mark.parametrize("detect", [sayings.asks_who_answers, sayings.says_under_18])
def test_a_hostile_text_costs_time_by_its_length_alone(
    seed: str, detect: Callable[[str], bool]
) -> None:
    def took(length: int) -> float:
        text = (seed * 1_000)[:length]
        return max(0.0005, min(repeat(lambda: detect(text), number=1, repeat=5)))

    assert grows_at_most(took, 2_000, 16_000, times=20, slack_s=0.0)


def test_no_expression_repeats_without_bound() -> None:
    read = [saying for path in (WHO, MINOR) for saying in sayings.read(path)]

    for expression in [
        one for saying in read for one in (saying.patterns, saying.unless, saying.told)
    ]:
        assert unbounded(_parser.parse(expression.pattern)) == [], expression.pattern[:80]


def test_a_pattern_that_is_none_is_refused(tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps({"languages": [{"needs": ["a"], "patterns": ["(a"]}]}))

    with pytest.raises(re.error):
        sayings.read(bad)


def unbounded(parsed: Any) -> list[Any]:
    found: list[Any] = []
    for op, value in parsed:
        if op in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
            _, high, inner = value
            found += [value] if high == _constants.MAXREPEAT else []
            found += unbounded(inner)
        elif op is _constants.SUBPATTERN:
            found += unbounded(value[3])
        elif op is _constants.BRANCH:
            found += [each for branch in value[1] for each in unbounded(branch)]
        elif op in (_constants.ASSERT, _constants.ASSERT_NOT):
            found += unbounded(value[1])
    return found
