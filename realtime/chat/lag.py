"""How late this process's event loop runs: one that is behind takes no more clients."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass

LOOK_S = 0.25
REMEMBER_S = 2.0  # clients that were sent away come back; the loop shall have caught up by then


@dataclass(slots=True)
class Lag:
    most_s: float
    _due_at: float = math.inf
    _late_at: float = -math.inf

    async def watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._due_at = loop.time() + LOOK_S
            await asyncio.sleep(LOOK_S)
            self.note(loop.time())

    def note(self, now: float) -> None:
        if now - self._due_at > self.most_s:
            self._late_at = now

    def behind(self, now: float) -> bool:
        """It was late a moment ago, or the look that tells is late itself."""
        self.note(now)
        return now - self._late_at < REMEMBER_S
