"""The pattern files: their own examples, and that none of their expressions can run away."""

from __future__ import annotations

import json
import re
from pathlib import Path
from re import _constants, _parser  # type: ignore[attr-defined]  # no public way to the tree
from typing import Any

import pytest

from realtime.safety.phrases import compiled
from realtime.safety.rules import FOLDER
from realtime.safety.screen import LANGUAGES, screen

FILES = sorted(FOLDER.glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_files_examples_are_judged_as_it_says(path: Path) -> None:
    examples = json.loads(path.read_text(encoding="utf-8"))["examples"]

    judged = {
        level: {text: screen(text).level for text in texts} for level, texts in examples.items()
    }

    assert judged == {level: dict.fromkeys(texts, level) for level, texts in examples.items()}
    assert {"crisis", "none"} <= {level for level, texts in examples.items() if texts}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_says_who_reviewed_it(path: Path) -> None:
    assert "not reviewed" in json.loads(path.read_text(encoding="utf-8"))["review"]


def test_no_expression_repeats_a_repetition() -> None:
    every: list[re.Pattern[str]] = []
    for language in LANGUAGES:
        every += [phrase.expression for rule in language.rules for phrase in rule.phrases]
        every += [
            value
            for name in language.__dataclass_fields__
            if isinstance(value := getattr(language, name), re.Pattern)
        ]

    assert len(every) > 300
    for expression in every:
        assert _deepest(_parser.parse(expression.pattern)) <= 1, expression.pattern


def _deepest(tree: Any) -> int:
    """How many repetitions (of more than one) stand inside each other."""
    deepest = 0
    for operation, argument in tree:
        inner = max((_deepest(each) for each in _trees(argument)), default=0)
        repeats = operation is _constants.MAX_REPEAT and argument[1] > 1
        deepest = max(deepest, inner + repeats)
    return deepest


def _trees(argument: Any) -> list[Any]:
    if isinstance(argument, _parser.SubPattern):
        return [argument]
    if isinstance(argument, (tuple, list)):
        return [tree for each in argument for tree in _trees(each)]
    return []


def test_a_pattern_that_could_match_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing"):
        compiled("(perhaps)? _", {})


def test_an_anchor_stands_in_every_match() -> None:
    phrase = compiled("{want} _ (sleep|go to bed)", {"want": "want|wish"})

    assert phrase.expression.search(" i want to really sleep ")
    assert phrase.anchors <= {"want", "wish", "sleep", "bed", "go", "to"}
