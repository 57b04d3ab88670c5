"""The pattern files: their own examples, and that none of their expressions can run away."""

from __future__ import annotations

import json
import re
from pathlib import Path
from re import _constants, _parser  # type: ignore[attr-defined]  # no public way to the tree
from typing import Any, get_args

import pytest

from realtime.safety.message import LANGUAGES
from realtime.safety.phrases import compiled
from realtime.safety.rules import FOLDER, Level
from realtime.safety.screen import rises, screen

FILES = sorted(FOLDER.glob("*.json"))
SOURCES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in FILES}
RULES = [
    pytest.param(rule, id=f"{name}-{at}-{rule['category']}")
    for name, source in SOURCES.items()
    for at, rule in enumerate(source["rules"])
]


@pytest.mark.parametrize("rule", RULES)
def test_a_rules_examples_are_judged_as_it_says(rule: dict[str, Any]) -> None:
    """`yes` is judged at the rule's level, `no` below it; a sign as in a talk that is at crisis."""
    yes, no = rule["examples"]["yes"], rule["examples"]["no"]
    before, level = ("crisis", "crisis") if rule["level"] == "none" else ("none", rule["level"])

    assert yes
    assert no
    wrong = [text for text in yes if screen(text, before).level != level]
    wrong += [text for text in no if not rises(level, above=screen(text, before).level)]
    assert wrong == []


@pytest.mark.parametrize("name", SOURCES)
def test_a_files_examples_are_judged_as_it_says(name: str) -> None:
    examples = SOURCES[name].get("examples", {})

    judged = {
        level: {text: screen(text).level for text in texts} for level, texts in examples.items()
    }

    assert judged == {level: dict.fromkeys(texts, level) for level, texts in examples.items()}


@pytest.mark.parametrize("name", SOURCES)
def test_a_file_is_named_and_says_who_reviewed_it(name: str) -> None:
    assert SOURCES[name]["language"] == name
    assert "not reviewed" in SOURCES[name]["review"]


def test_levels_and_signs_are_ones_that_the_screen_knows() -> None:
    every = [rule for language in LANGUAGES for rule in language.rules]

    assert {rule.level for rule in every} <= set(get_args(Level))
    assert all(rule.sign for rule in every if rule.level == "none")


def test_no_expression_repeats_a_repetition_without_bound() -> None:
    every = [
        phrase for language in LANGUAGES for rule in language.rules for phrase in rule.phrases
    ]
    every += [phrase for language in LANGUAGES for cue in language.cues.values() for phrase in cue]

    assert len(every) > 300
    for phrase in every:
        assert _deepest(_parser.parse(phrase.expression.pattern)) <= 1, phrase.expression


def _deepest(tree: Any) -> int:
    """How many repetitions stand inside each other; one of at most five words counts as none."""
    deepest = 0
    for operation, argument in tree:
        inner = max((_deepest(each) for each in _trees(argument)), default=0)
        repeats = operation is _constants.MAX_REPEAT and argument[1] > 5
        deepest = max(deepest, inner + repeats)
    return deepest


def _trees(argument: Any) -> list[Any]:
    if isinstance(argument, _parser.SubPattern):
        return [argument]
    if isinstance(argument, (tuple, list)):
        return [tree for each in argument for tree in _trees(each)]
    return []


@pytest.mark.parametrize(
    "source", ["(perhaps)? (never)?", "_ sleep", "(perhaps)? __ sleep", "(!with) live"]
)
def test_a_pattern_that_could_match_nothing_or_begin_anywhere_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="nothing"):
        compiled(source, {})


def test_what_a_phrase_needs_stands_in_every_match() -> None:
    phrase = compiled("{want} _ (sleep|go to bed)", {"want": "want|{like}", "like": "wish"})

    match = phrase.expression.match("wish to really sleep ")

    assert match
    assert phrase.starts == {"want", "wish"}
    assert phrase.needs & set(match[0].split())


def test_a_gap_does_not_swallow_a_denial() -> None:
    phrase = compiled("want _ die", {}, frozenset({"not"}))

    assert phrase.expression.match("want to die ")
    assert not phrase.expression.match("want not die ")


def test_a_phrase_may_say_what_does_not_follow() -> None:
    phrase = compiled("live (!with|in {place}|at {place})", {"place": "rome"})

    assert phrase.expression.match("live ")
    assert phrase.expression.match("live in pain ")
    assert not phrase.expression.match("live with them ")
    assert not phrase.expression.match("live in rome ")


def test_a_word_may_be_given_by_its_beginning() -> None:
    phrase = compiled("(самоубийств*)", {})

    assert re.fullmatch(phrase.expression, "самоубиистве ")
