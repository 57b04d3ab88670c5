"""The table of invariants is complete, and the tests it names exist."""

from __future__ import annotations

import os
import re

import pytest

from tests.docs.test_references import functions_of, name_in
from tests.support.documents import text

HERE = "tests/invariants"
A_TEST = re.compile(r"\[([\w ]+)\]\(([\w/.]+\.py)\)")
PAGE = text(f"{HERE}/README.md")
ROWS = re.findall(r"^\| (I\d+) \| (.+)$", PAGE, re.MULTILINE)


def test_there_is_a_row_for_every_invariant() -> None:
    assert [name for name, _ in ROWS] == [f"I{number}" for number in range(1, 17)]


@pytest.mark.parametrize(("name", "row"), ROWS)
def test_every_invariant_is_shown_by_a_test(name: str, row: str) -> None:
    assert A_TEST.search(row), name


def test_every_test_that_the_page_names_exists() -> None:
    named = [(words, os.path.normpath(f"{HERE}/{file}")) for words, file in A_TEST.findall(PAGE)]

    assert [each for each in named if name_in(each[0]) not in functions_of(each[1])] == []
