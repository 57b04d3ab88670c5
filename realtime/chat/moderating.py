"""The vendor's own look at a message, beside the reply: it may only raise (safety.md 1.2).

Neither card nor stream waits for it. What it fails at is counted and otherwise nothing: the screen
has had its say before.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Protocol

from realtime.agent.errors import ModelError
from realtime.chat.raising import Finding, RunRisk

logger = logging.getLogger(__name__)


class Moderator(Protocol):
    """`realtime.provider.moderation` has one. Raises ModelError."""

    async def category_of(self, text: str) -> str | None: ...


@dataclass(slots=True)
class Moderating:
    """One per process; `moderator` is None where the vendor has none."""

    moderator: Moderator | None
    within_s: float
    failures: int = 0

    def look_at(self, text: str, risk: RunRisk) -> None:
        """Ask in a task of its own, unless there is nothing left to raise."""
        message_id = risk.claim.message_id
        if self.moderator is None or message_id is None or not text.strip():
            return
        if risk.standing.message_level != "crisis":
            risk.later.spawn(self._ask(self.moderator, text, message_id, risk))

    async def _ask(self, moderator: Moderator, text: str, message_id: str, risk: RunRisk) -> None:
        try:
            async with asyncio.timeout(self.within_s):
                category = await moderator.category_of(text)
        except (ModelError, TimeoutError) as error:
            self._count(error)
            return
        if category is not None:
            found = Finding("crisis", category, "moderation", message_id)
            risk.found(found, reason="moderation")

    def _count(self, error: Exception) -> None:
        """A line for the 1st, 2nd, 4th, 8th ...: one that is away must not fill the log."""
        self.failures += 1
        if self.failures & (self.failures - 1) == 0:
            kind = type(error).__name__
            logger.info("moderation did not answer, %d times so far (%s)", self.failures, kind)
