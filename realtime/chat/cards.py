"""When a conversation shows a help card: at once, and then not again and again (safety.md P3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from realtime.agent.prompt import Risk
from realtime.chat import queries
from realtime.chat.found import Found, found_in
from realtime.chat.models import Message, Notice, Run, SafetyFlag, Thread
from realtime.safety.rules import Level
from realtime.safety.screen import rises

NAME = "kindline.help"
QUIET = timedelta(minutes=30)
QUIET_MESSAGES = 10

Card = dict[str, Any]


@dataclass(slots=True)
class Standing:
    """Where a conversation stands: its level, and the card that is still before the person.

    `of_run`: that card came with the run in question, or with another reply to its message.
    `message_level`: what was found in that message. `overdue`: no card has shown the rise to
    crisis.
    """

    level: Level = "none"
    card: Card | None = None
    of_run: bool = False
    message_level: Level = "none"
    overdue: bool = False

    def due(self, level: Level, *, reason: str) -> bool:
        """Whether a card of this level and reason is to be shown now.

        Not twice for the same rise; who waits in vain for a model is shown one all the same, if it
        did not come with this very run, and once.
        """
        if self.card is None or rises(level, above=self.card["level"]):
            return True
        failing = reason == "model_down" and self.card.get("reason") != "model_down"
        return failing and not self.of_run

    def show(self, card: Card) -> None:
        self.card, self.of_run = card, True

    @property
    def beside(self) -> Card | None:
        """The card that stands right beside the reply."""
        return self.card if self.of_run else None

    @property
    def told(self) -> Risk:
        """What a model is told of it, so that words and card agree."""
        found = None if self.card is None else found_in(self.card)
        lines = None if found is None else tuple(_in_words(found))
        return Risk(self.level, card=lines, just_now=self.of_run)


TOLD_LINES = 3  # what the page shows of a card before "more"


def _in_words(found: Found) -> Iterator[str]:
    for line in found.lines[:TOLD_LINES]:
        yield f"{line.name} ({', '.join(line.contacts)})"
    if found.emergency:
        yield f"emergency numbers: {', '.join(found.emergency)}"


def due(*, thread: Thread, card: Card | None) -> Card | None:
    """The card if it is to be shown with the message just written, else None.

    Not while one of its level was shown within the last messages or minutes. A card whose message
    was just edited away is replaced, under its own `cardId`.
    """
    if card is None:
        return None
    last = _last(thread.id)
    if last is None or rises(card["level"], above=last.value["level"]):
        return card
    if _edited_away(thread, last):
        return card | {"cardId": last.value["cardId"]}
    return None if _recent(thread.id, last) else card


def standing(*, thread_id: UUID, run_id: UUID, message_id: str | None) -> Standing:
    """As a run of the thread finds it, which answers this message."""
    level: Level = Thread.objects.values_list("level", flat=True).get(id=thread_id)  # type: ignore[assignment]
    found = SafetyFlag.objects.filter(thread=thread_id, message=message_id or "")
    levels = set(found.values_list("level", flat=True))
    last = _last(thread_id)
    beside = last is not None and (last.run_id == run_id or last.after_message == message_id)
    return Standing(
        level=level,
        card=last.value if last is not None and (beside or _recent(thread_id, last)) else None,
        of_run=beside,
        message_level="crisis" if "crisis" in levels else "concern" if levels else "none",
        overdue=level == "crisis" and (last is None or rises(level, above=last.value["level"])),
    )


def _last(thread_id: UUID) -> Notice | None:
    return Notice.objects.filter(thread=thread_id, name=NAME).order_by("id").last()


def _edited_away(thread: Thread, shown: Notice) -> bool:
    of_card = Message.objects.filter(thread=thread, client_msg_id=shown.after_message)
    return of_card.filter(superseded_by__isnull=False).exists()


def _recent(thread_id: UUID, shown: Notice) -> bool:
    run = Run.objects.get(id=shown.run_id)
    if run.created_at < queries.now() - QUIET:
        return False
    since = Message.objects.filter(thread=thread_id, superseded_by__isnull=True, ord__gt=run.ord)
    # The message in question is among them.
    return since.exclude(role="tool").count() <= QUIET_MESSAGES
