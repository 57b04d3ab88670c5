"""What the texts point at is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.support.documents import ROOT, markdown_files, name_of, quoted, text

# Pages whose rows name files short: the rooms of realtime/ without their common folder.
MAPS = ["docs/mission.md", "docs/architecture.md", "CONTRIBUTING.md", "SECURITY.md", "README.md"]
# [what it shows](../tests/room/test_file.py): the words are the test's name.
A_TEST = re.compile(r"\[([\w ]+)\]\((?:\.\./)?(tests/[\w/]+\.py)\)")
A_PATH = re.compile(
    r"\.?[\w*-]+(?:/[\w.*-]+)+/?|[\w-]+\.(?:py|ts|md|toml|yml|txt|lock|yaml|svelte)"
)


def broken_links(path: Path) -> list[str]:
    links = re.findall(r"(?:\]\(|src=\")([^)\s\"]+)", path.read_text("utf-8"))
    return [link for link in links if not link.startswith("http") and not leads(path, link)]


def leads(page: Path, link: str) -> bool:
    target, _, heading = link.partition("#")
    found = page.parent / target if target else page
    return found.exists() and (not heading or heading in headings(found))


def headings(page: Path) -> set[str]:
    """Anchors as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def name_in(sentence: str) -> str:
    return "test_" + sentence.replace(" ", "_")


@cache
def functions_of(name: str) -> set[str]:
    tree = ast.parse(text(name)) if (ROOT / name).is_file() else ast.Module([], [])
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def is_there(name: str) -> bool:
    """From the top or from realtime/; a name without a folder stands anywhere of ours."""
    inside = name.rstrip("/") if "/" in name else f"**/{name}"
    places = [ROOT / "config", ROOT / "realtime", ROOT / "frontend" / "src"]
    return bool(next(ROOT.glob(name.rstrip("/")), None)) or any(
        next(place.glob(inside), None) for place in places
    )


@pytest.mark.parametrize("path", markdown_files(), ids=name_of)
def test_every_link_leads_somewhere(path: Path) -> None:
    assert broken_links(path) == []


def test_every_picture_of_the_readme_says_what_it_shows() -> None:
    pictures = re.findall(r"<img [^>]*>", text("README.md"))

    assert pictures
    assert [each for each in pictures if not re.search(r'alt="[^"]{20,}"', each)] == []


@pytest.mark.parametrize("page", ["docs/mission.md", "docs/architecture.md", "SECURITY.md"])
def test_every_test_that_is_quoted_exists(page: str) -> None:
    named = A_TEST.findall(text(page))

    assert named
    assert [each for each in named if name_in(each[0]) not in functions_of(each[1])] == []


@pytest.mark.parametrize("page", MAPS)
def test_every_file_that_is_quoted_exists(page: str) -> None:
    words = {word.partition("::")[0] for word in quoted(text(page))}
    paths = {word for word in words if A_PATH.fullmatch(word)}

    assert sorted(path for path in paths if not is_there(path)) == []


def test_the_mission_shows_a_test_for_what_is_built() -> None:
    rows = [line for line in text("docs/mission.md").splitlines() if line.startswith("| ")]

    unproven = [row for row in rows[1:] if not A_TEST.search(row) and "planned" not in row]

    assert len(rows) > 10
    assert unproven == []


def test_the_index_of_decisions_is_complete() -> None:
    index = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", text("docs/adr/README.md"))

    assert index == sorted(path.name for path in (ROOT / "docs" / "adr").glob("[0-9]*.md"))
