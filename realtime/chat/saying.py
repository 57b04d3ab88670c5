"""What an agent says, on its way into the log: nothing is written there that nobody filtered.

The agent's events come in, its texts with the ids it gave them; what leaves is as AG-UI has it.
Each message has a filter of its own (`safety/reply.py`), emptied before the message ends, and so
before a call begins. What is to be taken back goes as at a takeover: the message is closed and a
MESSAGES_SNAPSHOT drops it, in one append; what stands of it begins a message with a new id.
A snapshot holds the whole conversation: after a few of them a message is shown when it has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from uuid import uuid4

from realtime.agent import events
from realtime.agent.model import AssistantMessage, ChatMessage
from realtime.agent.turn import OpenText
from realtime.chat import agui
from realtime.chat.nameable import of_card, of_result
from realtime.chat.raising import Finding, RunRisk
from realtime.chat.runlog import RunLog
from realtime.chat.takeover import without
from realtime.safety.allowed import Allowed
from realtime.safety.reply import Outcome, Passed, Replaced, ReplyFilter, Retracted

# A server may send a whole reply as one delta: it is read in pieces, with room for others between.
PIECE = 512
MOST_TAKEN_BACK = 8  # in one attempt, besides one at the end of each message
# Where a reply is wrong in one of these ways the person may need the card: the others say of
# themselves what they are.
_SHOWS_CARD = frozenset(("contact", "method", "encouragement", "alerting"))
_GRAVE = frozenset(("method", "encouragement"))


@dataclass(slots=True)
class _Message:
    """A message that is being written: its id with the agent, and the one on the wire.

    `waiting`: all of it as it is to stand, None unless it is shown at its end; of what was shown
    before, the first `keep` characters stand.
    """

    id: str
    shown_as: str
    filter: ReplyFilter
    raw: list[str] = field(default_factory=list)
    waiting: str | None = None
    keep: int = 0

    def wait(self, outcome: Outcome, shown: str) -> None:
        if self.waiting is None:
            self.waiting, self.keep = shown, len(shown)
        if isinstance(outcome, Retracted):
            self.waiting = self.waiting[: outcome.keep]
            self.keep = min(self.keep, outcome.keep)
        else:
            self.waiting += outcome.text


@dataclass(slots=True)
class Saying:
    """One attempt of a run; `branch` reads the conversation up to its question."""

    run: RunLog
    risk: RunRisk
    allowed: Allowed
    branch: Callable[[], Awaitable[Sequence[agui.Message]]]
    _open: dict[str, _Message] = field(default_factory=dict)
    _shown_as: dict[str, str] = field(default_factory=dict)  # where it is another id
    _said: list[tuple[str, str]] = field(default_factory=list)  # what was written, what was shown
    _taken_back: int = 0

    async def resume(self, text: OpenText | None) -> None:
        """Go on in a message of which this much is in the log already."""
        if text is not None:
            message = self._begin(text.message_id)
            message.raw.append(text.text)
            await self._tell(message, message.filter.resume(text.text))

    async def text_started(self, event: events.TextStarted) -> None:
        self._begin(event.message_id)
        await self.run.push(agui.TextMessageStart(message_id=event.message_id, role="assistant"))

    async def text(self, event: events.TextDelta) -> None:
        message = self._open[event.message_id]
        message.raw.append(event.text)
        for at in range(0, len(event.text), PIECE):
            if at:
                await asyncio.sleep(0)
            await self._tell(message, message.filter.feed(event.text[at : at + PIECE]))

    async def text_ended(self, event: events.TextEnded) -> None:
        message = self._open.pop(event.message_id)
        await self._tell(message, message.filter.flush())
        if message.waiting is not None:
            await self._tell_what_waited(message, message.waiting)
        self._said.append(("".join(message.raw), self._shown(message)))
        await self.run.push(agui.TextMessageEnd(message_id=message.shown_as))

    async def cut(self) -> None:
        """The turn ends here: what waits is decided."""
        for message_id in list(self._open):
            await self.text_ended(events.TextEnded(message_id))

    def found(self, event: events.ToolFinished) -> None:
        """What a tool has found may be named from now on."""
        self.allowed |= of_result(event.content)

    def parent(self, message_id: str) -> str:
        """The id on the wire of a message that makes a call."""
        return self._shown_as.get(message_id, message_id)

    def as_shown(self, messages: Iterable[ChatMessage]) -> list[ChatMessage]:
        """What the agent said in this turn, as the person has it: for the model's next round."""
        return [self._as_shown(m) if isinstance(m, AssistantMessage) else m for m in messages]

    def _as_shown(self, message: AssistantMessage) -> AssistantMessage:
        content = message.content
        for written, shown in self._said:
            if written and written != shown:
                content = content.replace(written, shown)
        return replace(message, content=content)

    def _begin(self, message_id: str) -> _Message:
        card = self.risk.standing.card
        allowed = self.allowed if card is None else self.allowed | of_card(card)
        message = self._open[message_id] = _Message(message_id, message_id, ReplyFilter(allowed))
        return message

    async def _tell(self, message: _Message, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            if self._taken_back >= MOST_TAKEN_BACK:
                message.wait(outcome, self._shown(message))
                continue
            match outcome:
                case Passed(text):
                    await self._push(message, text)
                case Replaced():
                    await self._replace(message, outcome)
                case Retracted(keep):
                    await self._take_back(message, keep)

    async def _tell_what_waited(self, message: _Message, text: str) -> None:
        at = message.keep
        if at < len(self._shown(message)):
            await self._take_back(message, at)
        for what in message.filter.replaced:
            if what.at >= at:
                await self._push(message, text[at : what.at])
                await self._replace(message, what)
                at = what.at + len(what.text)
        await self._push(message, text[at:])

    async def _replace(self, message: _Message, what: Replaced) -> None:
        await self._push(message, what.text, category=what.category)
        self._flag(message, what)

    def _shown(self, message: _Message) -> str:
        return self.run.said.open_texts.get(message.shown_as, "")

    async def _push(self, message: _Message, text: str, *, category: str | None = None) -> None:
        if not text:
            return
        told = {"replaced": {"category": category, "length": len(text)}}
        await self.run.push(
            agui.TextMessageContent(
                message_id=message.shown_as,
                delta=text,
                metadata=None if category is None else {"kindline": told},
            )
        )

    def _flag(self, message: _Message, what: Replaced) -> None:
        self.risk.found(
            Finding(
                level="crisis" if what.category in _GRAVE else "concern",
                category=what.category,
                detector="reply",
                message_id=message.shown_as,
                span=(what.at, what.at + len(what.text)),
                of_person=False,
            ),
            reason="reply",
            show="always" if what.category in _SHOWS_CARD else "never",
        )

    async def _take_back(self, message: _Message, keep: int) -> None:
        """Drop the message, and begin it again with what stands of it."""
        self._taken_back += 1
        branch = await self.branch()
        kept = self._shown(message)[:keep]
        self.run.restart(without(self.run.said, branch, message.shown_as))
        self._shown_as[message.id] = message.shown_as = str(uuid4())
        await self.run.push(agui.TextMessageStart(message_id=message.shown_as, role="assistant"))
        await self._push(message, kept)
        for what in message.filter.replaced:
            if what.at < keep:
                self._flag(message, what)
