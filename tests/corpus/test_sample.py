"""The exchanges that come with Kindline: what every line of them must keep to."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path

import pytest

from realtime import corpus
from realtime.safety.allowed import Allowed
from realtime.safety.reply import Passed, ReplyFilter
from realtime.safety.screen import screen

FOLDER = Path(corpus.__file__).with_name("sample")
FIELDS = {"questionTitle", "questionText", "answerText", "topics"}
LINES = (FOLDER / "exchanges.jsonl").read_text("utf-8").splitlines()
EXCHANGES: list[dict[str, str]] = [json.loads(line) for line in LINES]
QUESTIONS = {(each["questionTitle"], each["questionText"]) for each in EXCHANGES}
ANSWERS = [each["answerText"] for each in EXCHANGES]

PHONE = re.compile(r"\d(?:[\s().-]*\d){4,}|\b\d{3}\b")
CONTACT = re.compile(r"https?:|www\.|@|\b[a-z0-9-]+\.(?:com|org|net|co|uk|info)\b", re.IGNORECASE)
CLAIMS = re.compile(
    r"\b(?:as a|I'm a|I am a) (?:\w+ )?(?:therapist|counsellor|counselor|psychologist|doctor|"
    r"human|person)\b|\bmy (?:clients?|patients?|practice)\b",
    re.IGNORECASE,
)
WORN = re.compile(
    r"it gets better|you(?:'re| are) not alone|completely normal|everything happens for a reason|"
    r"I promise|\u2014",
    re.IGNORECASE,
)


def word_count(text: str) -> int:
    return len(text.split())


def test_there_is_enough_to_search() -> None:
    assert len(EXCHANGES) >= 60
    assert len(QUESTIONS) >= 50


def test_every_line_has_the_four_texts_and_nothing_else() -> None:
    for each in EXCHANGES:
        assert each.keys() == FIELDS
        assert all(text and text == text.strip() for text in each.values()), each


def test_a_title_is_one_line_and_belongs_to_one_question() -> None:
    titles = [title for title, _ in QUESTIONS]

    assert len(set(titles)) == len(titles) == len({text for _, text in QUESTIONS})
    assert all("\n" not in title and len(title) <= 80 for title in titles)


def test_topics_are_plain_labels() -> None:
    for each in EXCHANGES:
        labels = each["topics"].split(", ")
        assert len(set(labels)) == len(labels) <= 3
        assert all(re.fullmatch(r"[A-Za-z -]+", label) for label in labels), labels


def test_answers_to_one_question_share_its_topics() -> None:
    topics = defaultdict(set)
    for each in EXCHANGES:
        topics[each["questionTitle"]].add(each["topics"])

    assert all(len(found) == 1 for found in topics.values())


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_has_the_length_of_a_letter(answer: str) -> None:
    assert 120 <= word_count(answer) <= 260


def test_answers_differ_from_their_first_words_on() -> None:
    openings = [" ".join(answer.split()[:4]).lower() for answer in ANSWERS]

    assert len(set(ANSWERS)) == len(ANSWERS)
    assert len(set(openings)) == len(openings)
    assert sum("it sounds like" in answer.lower() for answer in ANSWERS) <= 8


def test_not_every_answer_ends_with_a_question() -> None:
    asking = sum(answer.endswith("?") for answer in ANSWERS)

    assert len(ANSWERS) / 3 < asking < len(ANSWERS) * 3 / 4


@pytest.mark.parametrize("each", EXCHANGES, ids=lambda each: each["questionTitle"])
def test_the_screen_finds_no_danger(each: dict[str, str]) -> None:
    asked = f"{each['questionTitle']}\n{each['questionText']}"

    for text in (each["questionTitle"], each["questionText"], asked, each["answerText"]):
        found = screen(text)
        assert found.level == "none", (found, text)


@pytest.mark.parametrize("answer", ANSWERS)
def test_the_reply_filter_lets_an_answer_pass_as_it_is(answer: str) -> None:
    reply = ReplyFilter(Allowed.of([]))

    outcomes = [*reply.feed(answer), *reply.flush()]

    assert outcomes == [Passed(each.text) for each in outcomes if isinstance(each, Passed)]
    assert "".join(each.text for each in outcomes if isinstance(each, Passed)) == answer


@pytest.mark.parametrize("pattern", [PHONE, CONTACT, CLAIMS, WORN])
def test_no_answer_has_a_number_a_link_a_claim_or_a_worn_phrase(pattern: re.Pattern[str]) -> None:
    assert [answer for answer in ANSWERS if pattern.search(answer)] == []


def test_no_question_has_a_number_or_a_link() -> None:
    texts = [f"{title} {text}" for title, text in QUESTIONS]

    assert [text for text in texts if PHONE.search(text) or CONTACT.search(text)] == []


def test_the_licence_stands_beside_it() -> None:
    licence = (FOLDER / "LICENSE-CC0.txt").read_text("utf-8")

    assert "SPDX-License-Identifier: CC0-1.0" in licence
    assert "https://creativecommons.org/publicdomain/zero/1.0/" in licence
