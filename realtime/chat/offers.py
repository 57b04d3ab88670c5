"""What is appended besides the words where somebody may be in danger: a card, flags, a level.

Read and decided under the lock of the thread; who holds it writes it in the same append.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from realtime.chat import agui, cards, helping, log
from realtime.chat.cards import Standing
from realtime.chat.helping import Aid, Card, Place
from realtime.chat.models import Message, Run, SafetyFlag, Thread
from realtime.safety.rules import Level


@dataclass(frozen=True, slots=True)
class Offer:
    """`card` is the value of a card to be shown, None for none; the thread rises to `level`."""

    card: Card | None = None
    flags: Sequence[log.FlagRow] = ()
    level: Level | None = None

    @property
    def events(self) -> list[agui.AguiEvent]:
        return [] if self.card is None else [agui.Custom(name=cards.NAME, value=self.card)]

    def add_to(self, append: log.Append, *, seq: int, after_message: str | None) -> None:
        """Put the rest into the append whose event `seq` is the card."""
        if self.card is not None:
            append.notices.append(log.NoticeRow(seq, after_message, cards.NAME, self.card))
        append.flags.extend(self.flags)
        append.level = self.level


def for_message(
    *, thread: Thread, run: Run, message_id: str, aid: Aid, place: Place, edit: bool
) -> Offer:
    """For a message just written: its own card, or in a crisis one again after a while."""
    found = aid.found
    if found.level == "none":
        return Offer(cards.due(thread=thread, card=aid.card))
    card = aid.card
    if card is None and thread.level == "crisis":
        card = helping.offer(card_id=run.client_run_id, place=place, found=found, level="crisis")
    elif card is not None and thread.minor and not card.get("audiences"):
        card = helping.offer(card_id=card["cardId"], place=place, found=found)
    row = log.FlagRow(message_id, found.level, found.category or "", "screen", found.span)
    known = edit and _replaces_flagged(thread, row)
    return Offer(
        card=cards.due(thread=thread, card=card),
        flags=() if known else (row,),
        level=found.level,
    )


def for_failure(run: Run) -> Offer:
    """For a run that ends without an answer, where somebody may be in danger."""
    place, message_id = run.input.get("place", {}), run.input.get("message")
    there = cards.standing(thread_id=run.thread_id, run_id=run.id, message_id=message_id)
    if there.level == "none" or not there.due(there.level, reason="model_down"):
        return Offer()
    return Offer(in_vain(level=there.level, run_id=run.client_run_id, place=place))


def overdue(there: Standing, *, run_id: str, place: Place) -> Card | None:
    """For what was found when its run was over, while other replies were being written."""
    if not there.overdue:
        return None
    return helping.offer(card_id=run_id, place=place, level=there.level, reason="moderation")


def in_vain(*, level: Level, run_id: str, place: Place) -> Card:
    """Help for who waits for an answer that does not come, or whose message is not taken."""
    return helping.offer(card_id=run_id, place=place, level=level, reason="model_down")


def _replaces_flagged(thread: Thread, row: log.FlagRow) -> bool:
    """Whether an open flag says the same of words that were edited away: no news for reviewers."""
    gone = Message.objects.filter(thread=thread, superseded_by__isnull=False)
    return SafetyFlag.objects.filter(
        thread=thread,
        message__in=gone.values("client_msg_id"),
        level=row.level,
        category=row.category,
        detector=row.detector,
        closed_at__isnull=True,
    ).exists()
