"""What this process remembers of the levels of conversations, for when storage cannot be asked."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from realtime.safety.rules import Level
from realtime.safety.screen import rises

MOST = 10_000


@dataclass(slots=True)
class KnownLevels:
    """The newest conversations at concern or above that were written in here."""

    _levels: OrderedDict[tuple[int, str], Level] = field(default_factory=OrderedDict)

    def learn(self, *, owner_id: int, thread_id: str, level: Level) -> None:
        """As Postgres had it a moment ago, or will have it soon: it only rises."""
        known = self._levels.pop((owner_id, thread_id), "none")
        risen = level if rises(level, above=known) else known
        if risen != "none":
            self._levels[owner_id, thread_id] = risen
        if len(self._levels) > MOST:
            self._levels.popitem(last=False)

    def forget(self, *, owner_id: int, thread_id: str) -> None:
        """The conversation was deleted."""
        self._levels.pop((owner_id, thread_id), None)

    def of(self, *, owner_id: int, thread_id: str) -> Level:
        return self._levels.get((owner_id, thread_id), "none")
