"""What the owner of a run does about danger: raise the level, write a flag, show a card.

It goes out with the run while that lasts. What a run could not write any more (it was stopped, or
taken over) is written afterwards, by a task of the process.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal

from realtime.chat import afterwards, agui, bridge, cards, helping, log, offers
from realtime.chat.afterwards import Late
from realtime.chat.cards import Standing
from realtime.chat.failures import log_failure
from realtime.chat.helping import Card, Reason
from realtime.chat.leases import Claim
from realtime.chat.levels import KnownLevels
from realtime.chat.log import Logged
from realtime.chat.runlog import RunLog
from realtime.chat.timings import Timings
from realtime.safety.rules import Level
from realtime.safety.screen import Screening, rises

logger = logging.getLogger(__name__)

Detector = Literal["screen", "moderation", "reply", "person"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found in a message: its client's id, and where in its text, never the words.

    `of_person`: it says something of the person's danger, so that the thread rises to `level`;
    False where only the reply was wrong. `category` is a short word of the detector's.
    """

    level: Level
    category: str
    detector: Detector
    message_id: str
    span: tuple[int, int] | None = None
    of_person: bool = True


@dataclass(slots=True, eq=False)
class Later:
    """The tasks of a process that outlive their runs; each ends by itself in bounded time."""

    timings: Timings
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Let them end for as long as an answer may take, no longer."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=self.timings.moderation_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log_failure("what came after a run", task.exception())


@dataclass(slots=True, eq=False)
class RunRisk:
    """One claimed run, seen from its danger; `standing` is what Postgres had when it began.

    `levels` are what the process remembers for refusals.
    """

    claim: Claim
    run: RunLog
    standing: Standing
    deliver: Callable[[Logged], None]
    later: Later
    levels: KnownLevels

    @property
    def level(self) -> Level:
        """Of the thread, as far as it is known here."""
        return self.standing.level

    def found(
        self, finding: Finding, *, reason: Reason, show: Literal["due", "always", "never"] = "due"
    ) -> None:
        """Raise the thread to what was found, flag it, show a card; returns at once.

        In one append, in its place among the run's events. The card only where one is `due`: not
        again for the same rise; `always`: unless this run has shown one.
        """
        if finding.of_person and rises(finding.level, above=self.standing.level):
            self.standing.level = finding.level
            self.levels.learn(
                owner_id=self.run.owner_id, thread_id=self.run.thread_id, level=finding.level
            )
        row = log.FlagRow(
            finding.message_id, finding.level, finding.category, finding.detector, finding.span
        )
        self._write(
            self._card(finding, reason, show),
            flags=(row,),
            level=finding.level if finding.of_person else None,
        )

    def show(self, card: Card) -> None:
        self._write(card)

    def model_down(self) -> None:
        """Show help to who may be in danger and waits in vain; nothing for anybody else."""
        if self.level != "none" and self.standing.due(self.level, reason="model_down"):
            self._write(
                offers.in_vain(
                    level=self.level, run_id=self.claim.client_run_id, place=self.claim.place
                )
            )

    def watch(self, patience_s: float) -> None:
        """Do so as well if no word has come within this time."""
        asyncio.get_running_loop().call_later(patience_s, self._look)

    def _look(self) -> None:
        spoken = any(message.role == "assistant" for message in self.run.said.messages)
        if not spoken and not self.run.ending and not self.run.closed.is_set():
            self.model_down()

    def _card(
        self, finding: Finding, reason: Reason, show: Literal["due", "always", "never"]
    ) -> Card | None:
        level = self.level if rises(self.level, above=finding.level) else finding.level
        due = self.standing.due(level, reason=reason)
        if show == "never" or not (due or (show == "always" and not self.standing.of_run)):
            return None
        return helping.offer(
            card_id=self.claim.client_run_id,
            place=self.claim.place,
            found=Screening(finding.level, finding.category),
            level=level,
            reason=reason,
        )

    def _write(
        self,
        card: Card | None,
        *,
        flags: tuple[log.FlagRow, ...] = (),
        level: Level | None = None,
    ) -> None:
        event = None if card is None else agui.Custom(name=cards.NAME, value=card)
        if card is not None:
            self.standing.show(card)
        durable = self.run.note(
            event, after_message=self.claim.message_id, flags=flags, level=level
        )
        late = Late(self.claim.run_id, flags, level, card)
        self.later.spawn(self._see_to_it(durable, late))

    async def _see_to_it(self, durable: asyncio.Future[bool], late: Late) -> None:
        """What the run did not write is written now that it is over."""
        if await durable:
            return
        timings = self.later.timings
        until = asyncio.get_running_loop().time() + timings.turn_s
        while True:
            try:
                if not await bridge.run(afterwards.flag, late=late):
                    self.levels.forget(owner_id=self.run.owner_id, thread_id=self.run.thread_id)
                logged = await bridge.run(afterwards.show, late=late)
                break
            except (bridge.StorageUnavailable, afterwards.StillWriting) as error:
                if asyncio.get_running_loop().time() > until:
                    logger.warning("a notice was not written: %s", type(error).__name__)
                    return
                await asyncio.sleep(timings.notice_retry_s)
        if logged is not None:
            self.deliver(logged)
