"""When it is said again that an AI answers, and that everybody can read it."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from realtime.safety.disclosure import LANGUAGES, Intervals, Kind, Reason, Talk, due, wording

HOUR, DAY = 3_600.0, 86_400.0
LAW = Intervals(use_s=3 * HOUR, minor_use_s=HOUR, idle_s=7 * DAY)
NOW = 1_000 * DAY


def talk(
    disclosed_ago: float | None,
    spoken_ago: float | None = 60,
    *,
    minor: bool = False,
    asked: bool = False,
) -> Talk:
    return Talk(
        NOW,
        None if disclosed_ago is None else NOW - disclosed_ago,
        None if spoken_ago is None else NOW - spoken_ago,
        minor,
        asked,
    )


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (talk(None, None), "start"),
        (talk(None, 60), "start"),  # a conversation from before there was a clock
        (talk(None, None, asked=True), "start"),
        (talk(60), None),
        (talk(3 * HOUR - 1), None),
        (talk(3 * HOUR), "interval"),
        (talk(8 * DAY, 2 * DAY), "interval"),
        (talk(HOUR - 1, minor=True), None),
        (talk(HOUR, minor=True), "interval"),
        (talk(8 * DAY, 7 * DAY - 1), "interval"),
        (talk(8 * DAY, 7 * DAY), "idle"),
        (talk(8 * DAY, 7 * DAY, minor=True), "idle"),
        (talk(60, asked=True), "asked"),
        (talk(8 * DAY, 7 * DAY, asked=True), "asked"),
        (talk(-HOUR), None),  # the clock was set back
    ],
)
def test_it_is_due(now: Talk, reason: Reason | None) -> None:
    assert due(now, LAW) == reason


def test_who_just_said_to_be_under_18_is_told_by_the_shorter_interval() -> None:
    assert due(talk(2 * HOUR), LAW) is None
    assert due(talk(2 * HOUR, minor=True), LAW) == "interval"


@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize("reason", get_args(Reason))
def test_the_english_text_says_what_must_be_said_to_a_twelve_year_old(
    kind: Kind, reason: Reason
) -> None:
    text = wording(reason, kind=kind, locale=None)["text"]

    assert "AI" in text
    assert "not a person, a doctor or a therapist" in text
    assert "No one is watching this chat live" in text
    assert "may read it later" in text
    assert "can't send anyone" in text
    assert grade(text) <= 6


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text(language: str) -> None:
    for kind in get_args(Kind):
        told = {reason: wording(reason, kind=kind, locale=language) for reason in get_args(Reason)}

        assert {value["language"] for value in told.values()} == {language}
        assert len({value["text"] for value in told.values()}) == 4
        assert {value["wording"] for value in told.values()} == {
            f"{kind}.{r}" for r in get_args(Reason)
        }


@pytest.mark.parametrize(
    ("locale", "language"),
    [("de-AT", "de"), ("pt_BR", "pt"), ("ES", "es"), ("tlh", "en"), ("", "en"), (None, "en")],
)
def test_the_text_is_in_the_persons_language_or_in_english(
    locale: str | None, language: str
) -> None:
    assert wording("start", kind="ai", locale=locale)["language"] == language


def test_what_a_place_asks_for_follows_the_text() -> None:
    text = wording("start", kind="ai", locale="en", more=["This place says so."])["text"]

    assert text.endswith("emergency number. This place says so.")


def grade(text: str) -> float:
    """Flesch-Kincaid: school years that it takes."""
    words = re.findall(r"[A-Za-z']+", text)
    sentences = len(re.findall(r"[.!?](?:\s|$)", text))
    syllables = sum(
        max(1, len(re.findall(r"[aeiouy]+", word.lower().removesuffix("e")))) for word in words
    )
    return 0.39 * len(words) / sentences + 11.8 * syllables / len(words) - 15.59
