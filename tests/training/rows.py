"""Self-made exchanges to learn from."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from realtime.corpus.models import Exchange, Import
from realtime.training.choosing import Pair


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def pair(number: int, *, question: int | None = None, **more: Any) -> Pair:
    asked = f"How do I sleep again, after week {number if question is None else question}?"
    facts: dict[str, Any] = {
        "id": number,
        "source": 1,
        "row": number,
        "turn": 0,
        "question_key": digest(asked),
        "asked": asked,
        "answer": f"That sounds tiring. What is on your mind at night? ({number})",
    }
    return Pair(**{**facts, **more})


def imported(name: str = "own.jsonl", **more: Any) -> Import:
    facts: dict[str, Any] = {
        "origin": "file",
        "sha256": digest(name),
        "shape": "A",
        "attribution": "example written for this project",
        "licence": "CC0-1.0",
        "licence_text": "Made free for all.",
        "rows_read": 0,
    }
    return Import.objects.create(name=name, **{**facts, **more})


def exchange(source: Import, number: int, **more: Any) -> Exchange:
    question = f"How do I sleep again, after week {number}?"
    answer = f"That sounds tiring. What is on your mind at night? ({number})"
    facts: dict[str, Any] = {
        "row": number,
        "question": question,
        "answer": answer,
        "question_key": digest(question),
        "text_key": digest(question + answer),
    }
    return Exchange.objects.create(source=source, **{**facts, **more})


def exchanges(source: Import, count: int) -> list[Exchange]:
    return [exchange(source, number) for number in range(1, count + 1)]
