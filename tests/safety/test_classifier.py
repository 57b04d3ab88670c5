from __future__ import annotations

import json

import pytest

from benchmarks.linear import digest, trained
from benchmarks.linear import example as read
from benchmarks.screen import Row, load
from realtime.safety.classifier import WEIGHTS, likeness, score
from realtime.safety.message import Message
from realtime.safety.screen import judged, ruled, screen

TRICKY = {"hyperbole", "idiom", "negation", "quoting", "medical", "gaming", "tech"}
# What a model was trained on says little: this only says that it learnt.
DEVELOPMENT = [row for name, rows in load().items() if name.startswith("dev") for row in rows]


def share(rows: list[Row], level: str) -> float:
    return sum(screen(row["text"]).level == level for row in rows) / len(rows)


def test_the_weights_were_trained_on_the_messages_that_are_here() -> None:
    kept = json.loads(WEIGHTS.read_text(encoding="utf-8"))

    assert kept["trained on"] == digest(), "say: python -m benchmarks.linear --train"


def test_the_development_set_is_learnt() -> None:
    crisis = [row for row in DEVELOPMENT if row["label"] == "crisis"]
    none = [row for row in DEVELOPMENT if row["label"] == "none"]
    tricky = [row for row in none if row["category"] in TRICKY]

    assert share(crisis, "crisis") >= 0.95
    assert share(tricky, "crisis") <= 0.05
    assert share(none, "crisis") <= 0.025


def test_a_message_may_be_like_those_in_danger_without_a_rule() -> None:
    text = "The weather is fine. After tonight nobody has to carry me any more."

    found = screen(text)

    assert ruled(Message(text), "none").level == "none"
    assert found.level != "none"
    assert found.span is not None
    assert "After tonight" in text[slice(*found.span)]


def test_a_score_far_below_lowers_what_a_rule_found_and_never_to_nothing() -> None:
    message = Message("I want to die")

    assert judged(message) == "crisis"
    assert judged(message, weights={"want to": -9.0, "die": -9.0}) == "concern"


@pytest.mark.parametrize("text", ["", " ", "...", "\u200b", "🙂"])
def test_a_message_without_words_is_like_nothing(text: str) -> None:
    assert likeness(Message(text), "none").sentence is None
    assert screen(text).level == "none"


def test_longer_messages_do_not_score_higher_by_length_alone() -> None:
    assert score([1.0] * 100) < 20 * score([1.0])


def test_training_learns_what_tells_messages_apart() -> None:
    rows: list[Row] = [
        {"text": f"{word} {tail}", "label": label}
        for word, label in (("zork", "crisis"), ("blip", "none"))
        for tail in ("one", "two", "three", "four")
    ]

    weights = trained([read(row) for row in rows])

    assert weights["zork"] > 0 > weights["blip"]
