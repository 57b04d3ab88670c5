"""The exchanges nearest to what somebody says, for a turn of the chat."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """One exchange; `score` is the method's own, comparable with its floor only."""

    exchange_id: int
    score: float
    question: str
    answer: str
    attribution: str


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What an index gave: the best first, above the floor; may be empty."""

    version: str
    found: tuple[Found, ...]


def retrieve(text: str, *, limit: int = 3) -> Retrieval | None:
    """None: there is no index here (yet)."""
    return None


def keep_current() -> None:
    """See to it that the newest index serves."""
