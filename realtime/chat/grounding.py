"""What a reply may lean on besides the conversation: how counsellors answered similar questions.

Never where somebody may be in danger, and never at the price of the reply: what does not come in
time is done without. What was shown to the model is kept on its run.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from django.conf import settings

from realtime.agent.examples import EXAMPLES_VERSION, Example
from realtime.agent.model import ChatMessage, UserMessage
from realtime.chat import bridge
from realtime.chat.cards import Standing
from realtime.chat.failures import log_failure
from realtime.corpus.grounding import Found, Retrieval

logger = logging.getLogger(__name__)

Why = Literal["off", "risk", "no index", "none above the floor", "late", "failed"]
LIMIT = 3
SHORT, LONGEST = 60, 4_000  # characters
PLACES = 2  # of the bridge's threads: searching must not keep everything else from Postgres


class Corpus(Protocol):
    """What is searched: `realtime.corpus.grounding`."""

    def retrieve(self, text: str, *, limit: int = 3) -> Retrieval | None: ...
    def keep_current(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Grounding:
    """What was found for a turn, or `why` there is nothing."""

    why: Why | None = None
    index: str | None = None
    found: tuple[Found, ...] = ()

    @property
    def version(self) -> str | None:
        """Of the note and of the index: replies are only comparable under the same two."""
        return f"{EXAMPLES_VERSION}/{self.index}" if self.index else None

    @property
    def examples(self) -> list[Example]:
        return [Example(f.question, f.answer, f.attribution) for f in self.found]

    @property
    def retrieved(self) -> list[dict[str, object]] | str | None:
        """As the run keeps it: what the model was really given, or why it was given nothing."""
        return self.why or [
            {
                "exchange": found.exchange_id,
                "score": found.score,
                "question": found.question,
                "answer": found.answer,
                "attribution": found.attribution,
            }
            for found in self.found
        ]


def query_of(history: Sequence[ChatMessage]) -> str:
    """What the person said last; with what they said before it, if that is few words."""
    said = [message.content for message in history if isinstance(message, UserMessage)]
    last = said[-1][:LONGEST] if said else ""
    return f"{said[-2][:LONGEST]}\n{last}" if len(last) < SHORT and len(said) > 1 else last


def in_danger(standing: Standing) -> bool:
    return standing.level != "none" or standing.message_level != "none"


@dataclass(slots=True)
class Grounder:
    """Asks the corpus, for at most `within_s`; None: there is none in this process."""

    corpus: Corpus | None
    within_s: float
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PLACES))

    async def ground(self, history: Sequence[ChatMessage], standing: Standing) -> Grounding:
        """Find what fits the end of this conversation; `standing` is looked at again then."""
        if not settings.GROUNDING:
            return Grounding("off")
        if in_danger(standing):
            return Grounding("risk")
        if self.corpus is None:
            return Grounding("no index")
        got = await self._asked(self.corpus, query_of(history))
        # The vendor's moderation may have raised the level meanwhile.
        return Grounding("risk") if in_danger(standing) else got

    async def _asked(self, corpus: Corpus, text: str) -> Grounding:
        try:
            async with asyncio.timeout(self.within_s):
                await self._places.acquire()
                task = asyncio.create_task(bridge.run(corpus.retrieve, text, limit=LIMIT))
                task.add_done_callback(self._ended)
                got = await asyncio.shield(task)  # its thread goes on, whoever waits
        except TimeoutError:
            logger.warning("grounding came too late, and the reply goes without")
            return Grounding("late")
        except bridge.StorageUnavailable:
            return Grounding("failed")
        except Exception as error:  # a reply is worth more than what it leans on
            log_failure("grounding", error)
            return Grounding("failed")
        if got is None:
            return Grounding("no index")
        return Grounding(None if got.found else "none above the floor", got.version, got.found)

    def _ended(self, task: asyncio.Task[Retrieval | None]) -> None:
        self._places.release()
        if not task.cancelled():
            task.exception()  # seen, also where nobody waits any more


async def keep_index(corpus: Corpus, *, every_s: float) -> None:
    """Have the newest index loaded; the corpus says itself how often it really looks."""
    while True:
        if settings.GROUNDING:
            try:
                await bridge.run(corpus.keep_current)
            except bridge.StorageUnavailable:
                pass
            except Exception as error:  # the last one serves, and this goes on asking
                log_failure("the index", error)
        await asyncio.sleep(every_s)
