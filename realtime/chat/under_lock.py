"""Threads and runs under lock, and what may be written to a run then.

Lock order: person, thread, then run. Threads are locked with NO KEY, because a terminal flush
holds its run while the foreign key of its messages takes a KEY SHARE lock on the thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import connection, transaction

from realtime.chat import agui, log, offers, queries, tallies
from realtime.chat.log import Logged
from realtime.chat.models import Run, Thread
from realtime.chat.protocol import Cursor
from realtime.chat.transcript import Transcript


def hold_person(*, user_id: int) -> bool:
    """Keep a person for this transaction: nobody deletes them, and they submit nothing else.

    False when they are gone, or nobody any more. The foreign keys of a thread and a run lock the
    person too, but only at the commit: after the thread, where a deletion may hold the person and
    wait for the thread. That lock (KEY SHARE) goes together with this one, so no run's owner waits
    for a submit.
    """
    with connection.cursor() as sql:
        sql.execute(
            "SELECT 1 FROM accounts_user WHERE id = %s AND is_active FOR NO KEY UPDATE", [user_id]
        )
        return sql.fetchone() is not None


def lock_all_of(*, owner_ids: Sequence[int]) -> None:
    """Lock all threads and runs of these people, so that they can be deleted."""
    threads = Thread.objects.select_for_update(no_key=True).filter(owner__in=owner_ids)
    locked = list(threads.order_by("id").values_list("id", flat=True))
    runs = Run.objects.select_for_update().filter(thread__in=locked).order_by("id")
    list(runs.values_list("id"))


def lock_thread(*, owner_id: int, thread_id: str) -> Thread | None:
    """The locked thread of this client's name; None when there is none."""
    threads = Thread.objects.select_for_update(no_key=True)
    return threads.filter(owner_id=owner_id, client_thread_id=thread_id).first()


def lock_run(*, run_id: UUID) -> Run | None:
    """The run with its thread, both locked; None when there is none."""
    threads = Thread.objects.select_for_update(no_key=True)
    threads.filter(id__in=Run.objects.filter(id=run_id).values("thread_id")).first()
    runs = Run.objects.select_for_update(no_key=True, of=("self",)).select_related("thread")
    return runs.filter(id=run_id).first()


def force_finish(
    run: Run,
    terminal: agui.RunFinished | agui.RunError,
    *,
    state: str,
    error_code: str | None = None,
) -> Logged:
    """End a locked run in its owner's stead; the epoch rises, so the owner writes nothing more.

    A failure leaves nobody in danger without help.
    """
    transcript = Transcript().apply_all(queries.log_of(run_id=run.id))
    failed = isinstance(terminal, agui.RunError)
    offer = offers.for_failure(run) if failed else offers.Offer()
    events = [*transcript.closing_events(), *offer.events, terminal]
    entries = log.number(events, after=run.last_seq)
    append = log.Append(
        run.id,
        run.thread_id,
        run.epoch,
        run.last_seq,
        run.state,
        entries,
        next_epoch=run.epoch + 1,
        state=state,
        error_code=error_code,
        messages=transcript.cut().rows(),
        ord=run.ord,
    )
    offer.add_to(append, seq=append.new_seq - 1, after_message=run.input.get("message"))
    write(append)
    here = Cursor(run.ord, run.last_seq)
    frames = log.frames(entries, ord=run.ord, prev=here)
    return Logged(run.id, run.owner_id, run.thread.client_thread_id, here, frames)


def write(append: log.Append) -> None:
    """The fenced append on Django's connection, for a run whose row this transaction holds."""
    with connection.cursor() as sql:
        sql.execute(log.APPEND, log.append_parameters([append], lease_s=0.0))
        outcomes = log.read_outcomes(sql.fetchall())
    if outcomes[append.run_id] is not log.Outcome.WROTE:
        raise RuntimeError(f"run {append.run_id} was {outcomes[append.run_id].value} under lock")
    transaction.on_commit(lambda: tallies.appended(append))
