"""The pattern files: their own examples, and that none of their expressions can run away."""

from __future__ import annotations

import json
from itertools import chain
from typing import Any, get_args

import pytest

from realtime.safety.message import Message, tables
from realtime.safety.reader import compiled
from realtime.safety.rules import FOLDER, Level
from realtime.safety.screen import rises, ruled

FILES = sorted(FOLDER.glob("*.json"))
SOURCES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in FILES}
RULES = [
    pytest.param(rule, id=f"{name}-{at}-{rule['category']}")
    for name, source in SOURCES.items()
    for at, rule in enumerate(source["rules"])
]


@pytest.mark.parametrize("rule", RULES)
def test_a_rules_examples_are_judged_as_it_says(rule: dict[str, Any]) -> None:
    """`yes` is judged at the rule's level, `no` below it; a sign as where all is at crisis."""
    yes, no = rule["examples"]["yes"], rule["examples"]["no"]
    alone = rule["level"] != "none"
    before: Level = "none" if alone else "crisis"
    level: Level = rule["level"] if alone else "crisis"

    assert yes
    assert no
    wrong = [text for text in yes if ruled(Message(text), before).level != level]
    wrong += [text for text in no if not rises(level, above=ruled(Message(text), before).level)]
    assert wrong == []


@pytest.mark.parametrize("name", SOURCES)
def test_a_files_examples_are_judged_as_it_says(name: str) -> None:
    examples = SOURCES[name].get("examples", {})

    judged = {
        level: {text: ruled(Message(text), "none").level for text in texts}
        for level, texts in examples.items()
    }

    assert judged == {level: dict.fromkeys(texts, level) for level, texts in examples.items()}


@pytest.mark.parametrize("name", SOURCES)
def test_a_file_is_named_and_says_who_reviewed_it(name: str) -> None:
    assert SOURCES[name]["language"] == name
    assert "not reviewed" in SOURCES[name]["review"]


def test_every_phrase_can_be_read_to_its_end() -> None:
    """Most of a phrase is read when its first word is seen: a mistake must not wait for that."""
    for language in tables().languages:
        of_rules = (phrase for rule in language.rules for phrase in rule.phrases)
        for phrase in (*of_rules, *chain.from_iterable(language.cues.values())):
            assert phrase.reach() > 0
            assert phrase.needs
            assert phrase.elements[0].ways
            assert phrase.elements[0].ways.firsts <= phrase.starts


def test_levels_and_signs_are_ones_that_the_screen_knows() -> None:
    every = [rule for language in tables().languages for rule in language.rules]

    assert {rule.level for rule in every} <= set(get_args(Level))
    assert all(rule.sign for rule in every if rule.level == "none")


@pytest.mark.parametrize(
    "source", ["(perhaps)? (never)?", "_ sleep", "(perhaps)? __ sleep", "(!with) live"]
)
def test_a_pattern_that_could_match_nothing_or_begin_anywhere_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="nothing"):
        compiled(source, {})


def test_what_a_phrase_needs_stands_in_every_match() -> None:
    phrase = compiled("{want} _ (sleep|go to bed)", {"want": "want|{like}", "like": "wish"})

    words = ("wish", "to", "really", "sleep", "now")

    assert phrase.match(words) == 4
    assert phrase.starts == {"want", "wish"}
    assert phrase.needs & set(words[:4])


def test_a_gap_does_not_swallow_a_denial() -> None:
    phrase = compiled("want _ die", {}, frozenset({"not"}))

    assert phrase.match(("want", "to", "die")) == 3
    assert phrase.match(("want", "not", "die")) is None


def test_a_phrase_may_say_what_does_not_follow() -> None:
    phrase = compiled("live (!with|in {place}|at {place})", {"place": "rome"})

    assert phrase.match(("live",)) == phrase.match(("live", "in", "pain")) == 1
    assert phrase.match(("live", "with", "them")) is None
    assert phrase.match(("live", "in", "rome")) is None


def test_an_optional_element_is_left_out_when_what_follows_needs_its_words() -> None:
    phrase = compiled("(go|go to)? to bed", {})

    assert phrase.match(("go", "to", "bed")) == 3
    assert phrase.match(("to", "bed", "now")) == 2


def test_a_word_may_be_given_by_its_beginning() -> None:
    phrase = compiled("(самоубийств*|конец свет*)", {})

    assert phrase.match(("самоубииство",)) == 1
    assert phrase.match(("конец", "света")) == 2
    assert phrase.match(("самоубеждение",)) is None
