"""An upstream nobody reaches is left alone: most who ask are told so at once. Pure.

A connection that hangs costs ten seconds each time, and a server that comes back does not need
two hundred callers in its first one. Those turned away ask again as after any failure, so a short
outage costs a reply nothing but its pauses.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Breaker:
    """Open after `after` failures in a row: then one caller each `rest_s` may try."""

    after: int = 8  # two replies with all their tries
    rest_s: float = 2.0
    _failures: int = 0
    _next_at: float = 0.0

    @property
    def open(self) -> bool:
        return self._failures >= self.after

    def admits(self, *, now: float) -> bool:
        """Whether this caller may try; one that may, by an open breaker, tries for all."""
        if not self.open:
            return True
        if now < self._next_at:
            return False
        self._next_at = now + self.rest_s
        return True

    def failed(self, *, now: float) -> None:
        self._failures += 1
        self._next_at = now + self.rest_s

    def reached(self) -> None:
        """It answered, if only to refuse."""
        self._failures = 0
