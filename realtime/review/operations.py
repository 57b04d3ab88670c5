"""What reviewers do with examples, and what becomes of these when they may not be used any more.

Every write ends in `join`: what the corpus holds of reviewed conversations is always made anew
from what may be used at that moment, so nothing that was missed once stays missed.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from realtime.accounts.models import User
from realtime.chat import under_lock
from realtime.chat.models import Level, Thread
from realtime.corpus.reviewed import ReviewedRow, take_reviewed
from realtime.review import queries
from realtime.review.models import ReviewedEdit, ReviewedReply

logger = logging.getLogger(__name__)
Ending = ReviewedReply.Ending
_JOINING = 0x6B6C_7265  # of the advisory lock: one at a time, each with what is newest


class NotAllowed(Exception):
    """This reply may not be used, or not any more: its person, its thread or the reply changed."""


@dataclass(frozen=True, slots=True)
class Words:
    """An example as the reviewer left it."""

    question: str
    answer: str
    topics: tuple[str, ...] = ()


@transaction.atomic
def pick(*, message_id: UUID, words: Words, by: User) -> ReviewedReply:
    """Keep a reply as an example. Raises NotAllowed, also when it was picked already."""
    _hold_thread(message_id)  # from here on nobody deletes it, nor writes in it
    turn = queries.turn_of(message_id)
    if turn is None:
        raise NotAllowed
    try:
        with transaction.atomic():
            kept = ReviewedReply.objects.create(
                thread=turn.thread,
                message=turn.message,
                reply=turn.reply,
                question=words.question,
                answer=words.answer,
                topics=list(words.topics),
                reviewer=by,
            )
    except IntegrityError:
        raise NotAllowed from None
    _note_edit(kept, by)
    _join_later()
    return kept


@transaction.atomic
def change(*, reviewed_id: int, words: Words, by: User) -> bool:
    """Change the words of one that stands; False when it has ended meanwhile."""
    kept = _held(reviewed_id)
    if kept is None:
        return False
    kept.question, kept.answer, kept.topics = words.question, words.answer, list(words.topics)
    kept.save(update_fields=["question", "answer", "topics"])
    _note_edit(kept, by)
    _join_later()
    return True


@transaction.atomic
def remove(*, reviewed_id: int, by: User) -> bool:
    """Take one out again, with its words; False when it has ended already."""
    kept = _held(reviewed_id)
    if kept is None:
        return False
    _end(ReviewedReply.objects.filter(pk=kept.pk), Ending.REMOVED, by=by)
    _join_later()
    return True


@transaction.atomic
def let_go_of(*, user_id: int) -> int:
    """Erase what was picked of a person who does not allow it any more; says how many."""
    theirs = queries.standing().filter(thread__owner=user_id)
    gone = _end(theirs, Ending.NOT_ALLOWED)
    if gone:
        _join_later()
    return gone


@transaction.atomic
def join() -> int:
    """Give the corpus exactly what may be used now, and erase what may not; says how many are in.

    Every build of a data set calls it first: a consent that was taken back, a level that rose or a
    person who turned out to be under 18 is seen here even if nothing told of it.
    """
    with connection.cursor() as sql:
        sql.execute("SELECT pg_advisory_xact_lock(%s)", [_JOINING])
    if settings.LEARN_FROM_CHATS:
        _erase_what_may_not_stay()
    rows = [_row(each) for each in queries.usable().order_by("id")]
    take_reviewed(rows=rows)
    return len(rows)


def joined() -> None:
    """`join` after a commit, which stands whatever becomes of this: the next build asks again."""
    try:
        join()
    except Exception as error:
        logger.error("reviewed replies could not be joined: %s", type(error).__name__)


def _erase_what_may_not_stay() -> None:
    lost = queries.standing().exclude(pk__in=queries.usable().values("pk"))
    risky = Q(thread__level__in=(Level.CONCERN, Level.CRISIS))
    _end(lost.filter(risky), Ending.RISK)
    _end(lost.exclude(risky), Ending.NOT_ALLOWED)


def _row(kept: ReviewedReply) -> ReviewedRow:
    return ReviewedRow(
        row=kept.pk,
        question=kept.question,
        answer=kept.answer,
        history=tuple(kept.history),
        topics=tuple(kept.topics),
    )


def _end(rows: QuerySet[ReviewedReply], ending: str, *, by: User | None = None) -> int:
    """End these: no words are left of them."""
    ids: Sequence[int] = list(rows.values_list("pk", flat=True))
    ReviewedEdit.objects.filter(reviewed__in=ids).delete()
    return ReviewedReply.objects.filter(pk__in=ids, ended_at=None).update(
        question="",
        answer="",
        history=[],
        topics=[],
        ended_at=timezone.now(),
        ended_by=by,
        ending=ending,
    )


def _note_edit(kept: ReviewedReply, by: User) -> None:
    ReviewedEdit.objects.create(reviewed=kept, by=by, question=kept.question, answer=kept.answer)


def _held(reviewed_id: int) -> ReviewedReply | None:
    """One that stands, with its thread locked before it: the order in which deletions lock."""
    threads = Thread.objects.select_for_update(no_key=True)
    if threads.filter(reviewed_replies=reviewed_id).first() is None:
        return None
    return queries.standing().select_for_update().filter(pk=reviewed_id).first()


def _hold_thread(message_id: UUID) -> None:
    """Lock the thread of a message, and its person first: what they allow stays as it is."""
    thread = Thread.objects.filter(messages=message_id).first()
    if thread is None or not under_lock.hold_person(user_id=thread.owner_id):
        raise NotAllowed
    list(Thread.objects.select_for_update(no_key=True).filter(pk=thread.pk))


def _join_later() -> None:
    transaction.on_commit(joined)
