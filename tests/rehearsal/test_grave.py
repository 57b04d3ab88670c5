from __future__ import annotations

import pytest

from realtime.rehearsal.grave import is_grave


@pytest.mark.parametrize(
    "text",
    [
        "I want to die",
        "i WANT\n to   die!!",
        "I don\u2019t want to live any more",
        "I'm suicidal",
        "thinking about self-harm again",
        "Find me a suicide helpline",
        "ich will mich umbringen",
        "Je veux mourir.",
        "quiero  morir",
        "QUERO MORRER",
        "pensieri suicidi",
        "chcę umrzeć",
        "хочу умереть",
        "أريد أن أموت",
        "死にたい",
        "我想死",
        "죽고 싶어요",
        "मैं मरना चाहता हूँ",
    ],
)
def test_grave_words_are_seen(text: str) -> None:
    assert is_grave(text)


@pytest.mark.parametrize(
    "text",
    ["", "hello", "How does streaming look?", "Drop my connection", "I feel low", "my diet", "😀"],
)
def test_ordinary_words_are_not_grave(text: str) -> None:
    assert not is_grave(text)
