"""A small corpus that a test fills by hand, where the chat asks the real one."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from realtime.corpus.grounding import Found, Retrieval

WORRY = Found(
    exchange_id=7,
    score=0.5,
    question="I lie awake and worry about my exams. What can I do?",
    answer="It sounds as if nights are the hardest. Some people write their worries down at a "
    "fixed hour, so that the night is not the place for them.",
    attribution="example written for this project",
)


@dataclass(eq=False)
class Shelf:
    """Gives what stands on it, whatever is asked; `opened` unset makes it slow."""

    found: tuple[Found, ...] = (WORRY,)
    missing: bool = False
    error: Exception | None = None
    asked: list[str] = field(default_factory=list)
    kept: int = 0
    reached: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.opened.set()

    def retrieve(self, text: str, *, limit: int = 3) -> Retrieval | None:
        self.asked.append(text)
        self.reached.set()
        self.opened.wait(10)
        if self.error is not None:
            raise self.error
        return None if self.missing else Retrieval("0123456789ab", self.found[:limit])

    def keep_current(self) -> None:
        self.kept += 1
        if self.error is not None:
            raise self.error
