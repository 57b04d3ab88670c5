"""What is found when its run is over: flags and level at once, the card in a run of its own.

A *notice run* is inserted already completed, under the lock of the thread (protocol.md 1.10).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import transaction

from realtime.chat import agui, cards, log, queries, under_lock
from realtime.chat.helping import Card
from realtime.chat.log import Logged
from realtime.chat.models import Run, SafetyFlag, Thread
from realtime.chat.protocol import Cursor
from realtime.safety.rules import Level
from realtime.safety.screen import rises


class StillWriting(Exception):
    """A run of this thread is going on: a notice run has to wait until it is over."""


@dataclass(frozen=True, slots=True)
class Late:
    """What a run was to say and could not; `card` None: nothing is to be shown."""

    run_id: UUID
    flags: Sequence[log.FlagRow]
    level: Level | None
    card: Card | None


@transaction.atomic
def flag(*, late: Late) -> bool:
    """Write the flags and let the thread rise; the same again changes nothing.

    False where the thread is gone.
    """
    run = under_lock.lock_run(run_id=late.run_id)
    if run is None:
        return False
    # Not by an append: the run may have another owner by now, whose lease it would touch.
    SafetyFlag.objects.bulk_create([_row(run, flag) for flag in late.flags], ignore_conflicts=True)
    if late.level is not None and rises(late.level, above=cast("Level", run.thread.level)):
        run.thread.level = late.level
        run.thread.save(update_fields=["level"])
    return True


@transaction.atomic
def show(*, late: Late) -> Logged | None:
    """Show the card in a notice run; None where the thread is gone or has shown one meanwhile.

    Raises StillWriting.
    """
    run = under_lock.lock_run(run_id=late.run_id)
    if run is None or late.card is None:
        return None
    message_id = run.input.get("message")
    there = cards.standing(thread_id=run.thread_id, run_id=run.id, message_id=message_id)
    if not there.due(late.card["level"], reason=late.card["reason"]):
        return None
    if Run.objects.filter(thread=run.thread_id, state__in=Run.ACTIVE).exists():
        raise StillWriting
    return _notice_run(run, late.card, message_id)


def _row(run: Run, flag: log.FlagRow) -> SafetyFlag:
    start, end = flag.span or (None, None)
    return SafetyFlag(
        thread=run.thread,
        run_id=run.id,
        message=flag.message,
        level=flag.level,
        category=flag.category,
        detector=flag.detector,
        span_start=start,
        span_end=end,
    )


def _notice_run(about: Run, card: Card, message_id: str | None) -> Logged:
    thread: Thread = about.thread
    last = Run.objects.get(thread=thread, ord=thread.last_ord)
    thread.last_ord += 1
    thread.save(update_fields=["last_ord"])
    run = Run.objects.create(
        owner_id=about.owner_id,
        thread=thread,
        client_run_id=str(uuid5(NAMESPACE_URL, f"{about.id}/{card['reason']}/{card['level']}")),
        ord=thread.last_ord,
        state=Run.State.COMPLETED,
        input={"digest": "", "place": about.input.get("place", {}), "notice": True},
        finished_at=queries.now(),
    )
    entries = log.number(_events(thread, run, card), after=0)
    append = log.Append(run.id, thread.id, 0, 0, run.state, entries)
    append.notices.append(log.NoticeRow(2, message_id, cards.NAME, card))
    under_lock.write(append)
    start = Cursor(last.ord, last.last_seq)
    frames = log.frames(entries, ord=run.ord, prev=start)
    return Logged(run.id, run.owner_id, thread.client_thread_id, start, frames)


def _events(thread: Thread, run: Run, card: Card) -> list[agui.AguiEvent]:
    thread_id, run_id = thread.client_thread_id, run.client_run_id
    return [
        agui.run_started(thread_id=thread_id, run_id=run_id, messages=[]),
        agui.Custom(name=cards.NAME, value=card),
        agui.RunFinished(thread_id=thread_id, run_id=run_id),
    ]
