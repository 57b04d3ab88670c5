"""Synthetic threads of replies that did not simply end, or did not stay."""

from __future__ import annotations

from realtime.chat.demo.script import (
    Ending,
    Exchange,
    Talk,
    answered,
    held,
    spoken,
    unavailable,
)


def stopped() -> Talk:
    return Talk(
        name="stopped",
        days_ago=2.6,
        exchanges=(
            Exchange(
                asked="How do I calm down before my driving test tomorrow?",
                ending=Ending.STOPPED,
                replies=(
                    held(
                        "Tests have a way of moving in the evening before. There are quite a few "
                        "things people do.\n\nFirst, you could lay out what you need for the "
                        "morning. Second, a short walk. Third, you might write down"
                    ),
                ),
            ),
            answered(
                "Too much for tonight. One thing, please.",
                "Fair. One thing: lay your documents by the door, and then the evening is yours.",
                after_min=1,
            ),
        ),
    )


def interrupted() -> Talk:
    return Talk(
        name="interrupted",
        days_ago=3.3,
        exchanges=(
            Exchange(
                asked="I can't sleep. My head keeps rehearsing tomorrow's meeting.",
                ending=Ending.INTERRUPTED,
                replies=(
                    held(
                        "Lying awake while tomorrow already runs is exhausting. Something that "
                        "helps a few people is to write the three sentences that matter on"
                    ),
                ),
            ),
        ),
    )


def superseded() -> Talk:
    asked = "I snapped at my best friend on Sunday and don't know how to write to her now."
    return Talk(
        name="superseded",
        days_ago=4.1,
        exchanges=(
            Exchange(
                asked=asked,
                replies=(
                    spoken(
                        "Here are five tips for a good apology: be specific, be brief, name what "
                        "you did, offer to make up for it, and give her time."
                    ),
                ),
            ),
            Exchange(
                asked=asked,
                again=True,
                after_min=1,
                replies=(
                    spoken(
                        "That sounds uncomfortable: you care about her, and the silence since "
                        "Sunday grows heavier every day. If you could send only one sentence, "
                        "what would it be?"
                    ),
                ),
            ),
            answered(
                "That I was tired and she didn't deserve it.",
                "That is already a whole message, and a kind one. You could send it just "
                "like that.",
            ),
        ),
    )


def failed_before_a_word() -> Talk:
    return Talk(
        name="failed-before-a-word",
        days_ago=6.1,
        exchanges=(
            Exchange(
                asked="Hello? I'd like to talk about my week, if somebody is there.",
                replies=(unavailable(), unavailable(), unavailable(), unavailable()),
            ),
        ),
    )
