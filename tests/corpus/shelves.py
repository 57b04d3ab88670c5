"""Exchanges for tests of the search, made up here."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from realtime.corpus.models import Exchange, Import
from realtime.corpus.searching.building import Row

# (title, question, answer): twelve worlds of words, so that the nearest is beyond doubt.
TALKS = (
    (
        "Cannot sleep",
        "I lie awake at night and worry about exams.",
        "Nights grow long when worry about exams keeps you awake. Write worries down by day.",
    ),
    (
        "Jealous of her friends",
        "I am jealous whenever my girlfriend meets her friends.",
        "Being jealous of friends of a girlfriend tells of fear to lose her. Say so to her.",
    ),
    (
        "My father drinks",
        "My father drinks whisky every evening and shouts.",
        "When a father drinks every evening, shouts hurt. You did not cause the whisky.",
    ),
    (
        "Panic in crowds",
        "My heart races and I panic in crowded shops.",
        "Panic in crowded shops passes. A heart that races is strong; breathe out slowly.",
    ),
    (
        "Grief for my sister",
        "My sister died in spring and grief comes in waves.",
        "Grief for a sister has no timetable; its waves come in spring and autumn alike.",
    ),
    (
        "Money and marriage",
        "We quarrel over money, and our marriage suffers.",
        "Many a marriage has its quarrel over money. Set an hour for the money each week.",
    ),
    (
        "New in town",
        "I moved to a new town and feel lonely on weekends.",
        "Weekends in a new town are lonely at first. Join something that meets each week.",
    ),
    (
        "Bullied at school",
        "Boys at school bully my son because he stutters.",
        "A son whom boys bully at school needs his teacher told. Stuttering is no fault.",
    ),
    (
        "Burnt out nurse",
        "I am a nurse, burnt out by double shifts.",
        "Burnt out nurses carry double shifts for all of us. Ask who could carry yours.",
    ),
    (
        "Mirror",
        "I hate my body when I look into the mirror.",
        "A mirror shows a body, not a person. Notice what your body lets you do.",
    ),
    (
        "Coming out",
        "I am afraid to tell my parents that I am gay.",
        "Telling parents that you are gay takes courage; choose the hour that is yours.",
    ),
    (
        "Angry driver",
        "I become angry in traffic and yell at drivers.",
        "Anger in traffic is often about other things than drivers. What came before it?",
    ),
)


def key_of(question: str) -> str:
    return sha256(question.encode()).hexdigest()


def rows(many: int = len(TALKS)) -> list[Row]:
    """Numbers from 100: a place in the index is no number of an exchange."""
    return [
        Row(100 + at, title, question, answer, key_of(question))
        for at, (title, question, answer) in enumerate(TALKS[:many])
    ]


def source(**changes: Any) -> Import:
    told = {
        "name": "talks.csv",
        "origin": Import.Origin.FILE,
        "sha256": "0" * 64,
        "shape": "columns",
        "attribution": "from talks, by a counsellor",
        "rows_read": len(TALKS),
    }
    return Import.objects.create(**told | changes)


def exchanges(its: Import | None = None, **changes: Any) -> list[Exchange]:
    """Every talk as an exchange of one import."""
    its = its or source()
    made = [
        Exchange(
            source=its,
            row=at,
            title=title,
            question=question,
            answer=answer,
            topics=[title.split()[0]],
            question_key=key_of(question),
            text_key=key_of(title + question + answer),
            **changes,
        )
        for at, (title, question, answer) in enumerate(TALKS, 1)
    ]
    return Exchange.objects.bulk_create(made)
