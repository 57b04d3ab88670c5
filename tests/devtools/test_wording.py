"""The check of words: it finds each kind, lets named denials pass, and is clean here."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.devtools import wording
from config.devtools.checkout import this_checkout
from config.devtools.wording import Allowed, read_allowed, wrong_words


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, "utf-8")


def test_nothing_here_calls_itself_what_it_is_not() -> None:
    assert wrong_words(this_checkout().root) == []


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("licensed", "Your AI therapist is here"),
        ("licensed", "Free online therapy"),
        ("licensed", "a new treatment for sadness"),
        ("licensed", "our licensed helpers"),
        ("licensed", "Counseling, day and night"),
        ("licensed", "dein Therapeut"),
        ("licensed", "tu terapeuta"),
        ("person", "I'm human, like you"),
        ("person", "I am a real person"),
        ("person", "A real person listens"),
        ("crime", "he committed suicide"),
        ("crime", "people who commit\n    suicide"),
        ("crime", "a successful attempt"),
        ("crime", "a failed suicide"),
        ("holds", "Please don't go yet"),
        ("holds", "Don\u2019t leave me"),
        ("holds", "I'll miss you"),
        ("holds", "Keep your streak"),
        ("holds", "Come back tomorrow!"),
    ],
)
@pytest.mark.parametrize(
    "place",
    [
        "realtime/chat/templates/chat/page.html",
        "realtime/agent/prompts/system-9.txt",
        "realtime/rehearsal/texts.py",
        "realtime/safety/disclosures.json",
        "frontend/src/views/App.svelte",
        "docs/safety.md",
    ],
)
def test_each_kind_is_found_wherever_people_read(
    tmp_path: Path, place: str, kind: str, words: str
) -> None:
    write(tmp_path, place, f"one\n{words}\n")

    [found] = wrong_words(tmp_path, allowed=[])

    assert found.startswith(f"{place}:2: ")
    assert kind in found


@pytest.mark.parametrize(
    "words",
    [
        "I don't go through this often",
        "don't leave it out",
        "died by suicide",
        "It was successful: the page is stored",
        "A human reads this later",
        "a streaky window",
        "You are not alone",
    ],
)
def test_ordinary_words_pass(tmp_path: Path, words: str) -> None:
    write(tmp_path, "docs/a.md", words)

    assert wrong_words(tmp_path, allowed=[]) == []


def test_what_people_say_and_what_others_are_called_is_not_ours(tmp_path: Path) -> None:
    write(tmp_path, "realtime/safety/patterns/en.json", '["are you a therapist"]')
    write(tmp_path, "realtime/hotlines/data/lines.py", "NAME = 'Family Counselling Line'")

    assert wrong_words(tmp_path, allowed=[]) == []


def test_a_denial_that_is_named_passes_there_alone(tmp_path: Path) -> None:
    denial = "This is not\n   a therapist. Ask a therapist."
    write(tmp_path, "docs/a.md", denial)
    write(tmp_path, "docs/b.md", denial)

    found = wrong_words(tmp_path, allowed=[Allowed("docs/a.md", "This is not a therapist")])

    assert [line.partition(": ")[0] for line in found] == [
        "docs/a.md:2",
        "docs/b.md:2",
        "docs/b.md:2",
    ]


def test_a_permission_that_nobody_needs_is_told(tmp_path: Path) -> None:
    found = wrong_words(tmp_path, allowed=[Allowed("docs/a.md", "no therapist")])

    assert found == [f"{wording.ALLOWED.name}: needless: docs/a.md | no therapist"]


def test_every_permission_names_a_place_and_words() -> None:
    assert len(read_allowed()) > 10
    assert all(one.where and one.words for one in read_allowed())
