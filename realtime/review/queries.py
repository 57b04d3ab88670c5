"""What may be picked as an example, and what was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, QuerySet

from realtime.accounts.queries import standing_consents
from realtime.chat.models import Level, Message, Run, Thread
from realtime.chat.transcript import text_of
from realtime.hotlines.queries import directory_in_memory
from realtime.review.models import ReviewedReply
from realtime.safety.allowed import Allowed


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and the whole reply to it, as they were said; ids are the client's."""

    thread: Thread
    message: str
    reply: str
    question: str
    answer: str


def allowed_threads() -> QuerySet[Thread]:
    """Threads whose person allows it now, and never said that they are under 18.

    None that tells of danger, and none that nobody said.
    """
    consents = standing_consents().filter(user=OuterRef("owner"))
    minors = Thread.objects.filter(owner=OuterRef("owner"), minor=True)
    found = Thread.objects.filter(
        Exists(consents), ~Exists(minors), level=Level.NONE, synthetic=False
    )
    return found if settings.LEARN_FROM_CHATS else found.none()


def standing() -> QuerySet[ReviewedReply]:
    """What was picked and has not ended; whether it may be used is another question."""
    return ReviewedReply.objects.filter(ended_at=None)


def usable() -> QuerySet[ReviewedReply]:
    """What may be learnt from at this moment: allowed, and not replaced by other words since."""
    said = Message.objects.filter(thread=OuterRef("thread"), superseded_by=None)
    return standing().filter(
        Exists(said.filter(client_msg_id=OuterRef("message"))),
        Exists(said.filter(client_msg_id=OuterRef("reply"))),
        thread__in=allowed_threads(),
    )


def turns_of(thread: Thread) -> Iterator[tuple[UUID, Turn]]:
    """The turns of a thread that could be examples, by the row of the reply's last words.

    Whole ones that stand: nothing cut, stopped, failed or replaced by another reply.
    """
    rows = Message.objects.filter(thread=thread, superseded_by=None).order_by("ord", "idx")
    asked: Message | None = None
    said: dict[int, list[Message]] = {}
    questions: dict[int, Message | None] = {}
    for row in rows:
        if row.role == "user":
            asked = row
        elif row.role == "assistant":
            said.setdefault(row.ord, []).append(row)
            questions[row.ord] = asked
    done = Run.objects.filter(thread=thread, state=Run.State.COMPLETED).values_list("ord")
    for (ord_,) in done.filter(ord__in=said).order_by("ord"):
        turn = _turn(thread, questions[ord_], said[ord_])
        if turn is not None:
            last = next(row for row in said[ord_] if row.client_msg_id == turn.reply)
            yield last.id, turn


def turn_of(message_id: UUID) -> Turn | None:
    """The turn that ends with this message, if it may be an example now."""
    message = Message.objects.filter(id=message_id).first()
    thread = allowed_threads().filter(messages=message_id).first() if message else None
    return None if thread is None else dict(turns_of(thread)).get(message_id)


def help_numbers() -> frozenset[str]:
    """The digits of every number that the directory lists, in the forms people write them in."""
    lines = directory_in_memory().lines
    texts = (text for line in lines for one in line.contacts for text in (one.value, one.e164))
    emergency = (
        one.number for land in directory_in_memory().countries.values() for one in land.emergency
    )
    return Allowed.of([*filter(None, texts), *emergency]).numbers


def counts() -> dict[str, Any]:
    """How many stand, how many of these may be used now, and how the others ended."""
    endings = ReviewedReply.objects.exclude(ended_at=None).values_list("ending")
    ended = dict(endings.annotate(Count("id")).order_by("ending"))
    return {"standing": standing().count(), "usable": usable().count(), "ended": ended}


def _turn(thread: Thread, asked: Message | None, said: list[Message]) -> Turn | None:
    if asked is None or any(row.status != Message.Status.COMPLETE for row in said):
        return None
    answer = "\n\n".join(filter(None, (text_of(row.content).strip() for row in said)))
    question = text_of(asked.content).strip()
    if not question or not answer:
        return None
    last = [row for row in said if text_of(row.content).strip()][-1]
    return Turn(thread, asked.client_msg_id, last.client_msg_id, question, answer)
