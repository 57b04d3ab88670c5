"""When a conversation shows a help card: at once, and then not again and again (safety.md P3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from realtime.chat import queries
from realtime.chat.models import Message, Notice, Run, Thread
from realtime.safety.screen import rises

NAME = "kindline.help"
QUIET = timedelta(minutes=30)
QUIET_MESSAGES = 10


def due(*, thread: Thread, card: dict[str, Any] | None) -> dict[str, Any] | None:
    """The card if it is to be shown with the message just written, else None.

    Not while one of its level was shown within the last messages or minutes. A card whose message
    was just edited away is replaced, under its own `cardId`.
    """
    if card is None:
        return None
    last = Notice.objects.filter(thread=thread, name=NAME).order_by("id").last()
    if last is None or rises(card["level"], above=last.value["level"]):
        return card
    if _edited_away(thread, last):
        return card | {"cardId": last.value["cardId"]}
    return None if _recent(thread, last) else card


def _edited_away(thread: Thread, shown: Notice) -> bool:
    of_card = Message.objects.filter(thread=thread, client_msg_id=shown.after_message)
    return of_card.filter(superseded_by__isnull=False).exists()


def _recent(thread: Thread, shown: Notice) -> bool:
    run = Run.objects.get(id=shown.run_id)
    if run.created_at < queries.now() - QUIET:
        return False
    since = Message.objects.filter(thread=thread, superseded_by__isnull=True, ord__gt=run.ord)
    # The message in question is among them.
    return since.exclude(role="tool").count() <= QUIET_MESSAGES
