"""Writes of the room: each is one transaction and returns the frames it logged.

Lock order: thread, then run. Threads are locked with NO KEY, because a terminal flush holds its
run while the foreign key of its messages takes a KEY SHARE lock on the thread.
Its async callers give the frames to the hub after the commit.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import LiteralString
from uuid import UUID

from django.db import connection, transaction

from realtime.chat import agui, log, queries
from realtime.chat.log import Logged
from realtime.chat.models import Message, Run, Thread
from realtime.chat.protocol import START, Cursor
from realtime.chat.transcript import Transcript


class Refusal(Exception):
    """A submit that was not accepted; nothing was stored. `code` is one of protocol.md 1.7."""

    def __init__(self, code: str, message: str, *, active_run_id: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.active_run_id = active_run_id


@dataclass(frozen=True, slots=True)
class Submission:
    """What a person sends: ids are the client's, `place` is what help needs to know."""

    owner_id: int
    thread_id: str
    run_id: str
    message_id: str
    text: str
    place: dict[str, str | None]

    @property
    def digest(self) -> str:
        payload = f"{self.thread_id}\0{self.message_id}\0{self.text}"
        return hashlib.sha256(payload.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Claim:
    """A run that is now ours, with all its owner needs to go on; in the order of CLAIM."""

    run_id: UUID
    thread_pk: UUID
    owner_id: int
    thread_id: str
    client_run_id: str
    ord: int
    epoch: int
    last_seq: int
    place: dict[str, str | None] = field(kw_only=True)


@transaction.atomic
def submit(*, submission: Submission) -> Logged:
    """Accept a message and queue its run; the same submission again gives the same answer.

    Raises Refusal (`thread_busy`, `invalid_input`).
    """
    thread = _locked_thread(submission.owner_id, submission.thread_id)
    known = Run.objects.filter(
        owner_id=submission.owner_id, client_run_id=submission.run_id
    ).first()
    if known is not None:
        return _repeated(known, thread, submission)
    active = Run.objects.filter(thread=thread, state__in=Run.ACTIVE).first()
    if active is not None:
        raise Refusal(
            "thread_busy",
            "A reply is still being written in this conversation.",
            active_run_id=active.client_run_id,
        )
    return _accept(thread, submission)


@transaction.atomic
def stop(*, owner_id: int, run_id: str) -> Logged | None:
    """End a run wherever its owner is; None when there is none of that name to end."""
    run = Run.objects.filter(owner_id=owner_id, client_run_id=run_id).first()
    if run is None:
        return None
    locked = _locked_run(run)
    if locked is None or locked.state not in Run.ACTIVE:
        return None
    finished = agui.RunFinished(
        thread_id=locked.thread.client_thread_id,
        run_id=locked.client_run_id,
        outcome={"type": "cancelled"},
    )
    return _force_finish(locked, finished, state=Run.State.CANCELLED)


CLAIM: LiteralString = """
UPDATE run SET state = 'running', epoch = epoch + 1, attempt = attempt + 1, claimed_by = %(me)s,
  model = %(model)s, prompt_version = %(prompt)s,
  lease_until = clock_timestamp() + make_interval(secs => %(lease)s::float8),
  started_at = coalesce(started_at, clock_timestamp())
FROM thread t
WHERE t.id = run.thread_id AND run.id IN (
  SELECT id FROM run WHERE state = 'queued' AND (%(run)s::uuid IS NULL OR id = %(run)s)
  ORDER BY created_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
RETURNING run.id, run.thread_id, run.owner_id, t.client_thread_id, run.client_run_id, run.ord,
  run.epoch, run.last_seq, run.input
"""


@transaction.atomic
def claim(
    *,
    me: str,
    lease_s: float,
    limit: int,
    model: str | None,
    prompt_version: str,
    run_id: UUID | None = None,
) -> list[Claim]:
    """Take queued runs, the oldest first, or just `run_id`."""
    with connection.cursor() as sql:
        sql.execute(
            CLAIM,
            {
                "me": me,
                "lease": lease_s,
                "limit": limit,
                "run": run_id,
                "model": model,
                "prompt": prompt_version,
            },
        )
        rows = sql.fetchall()
    return [Claim(*row[:-1], place=_place_of(row[-1])) for row in rows]


def expired_runs(*, limit: int = 50) -> list[UUID]:
    """Runs whose owner has not been heard of for a lease, by the database's clock."""
    with connection.cursor() as sql:
        sql.execute(
            "SELECT id FROM run WHERE state = 'running' AND lease_until < clock_timestamp()"
            " ORDER BY created_at LIMIT %s",
            [limit],
        )
        return [row[0] for row in sql.fetchall()]


@transaction.atomic
def interrupt(*, run_id: UUID) -> Logged | None:
    """End a run whose lease is over as failed, with what was written kept as partial."""
    run = Run.objects.filter(id=run_id).first()
    locked = _locked_run(run) if run is not None else None
    if locked is None or not _lease_is_over(locked):
        return None
    error = agui.RunError(
        message="The reply was interrupted. What was written so far is kept.",
        code="interrupted",
        metadata={"kindline": {"retryable": True}},
    )
    return _force_finish(locked, error, state=Run.State.FAILED, error_code="interrupted")


def unclaimed_runs(*, queue_s: float, limit: int = 50) -> list[UUID]:
    """Runs that nobody took up within `queue_s`, by the database's clock."""
    with connection.cursor() as sql:
        sql.execute(
            "SELECT id FROM run WHERE state = 'queued'"
            " AND created_at < clock_timestamp() - make_interval(secs => %s::float8)"
            " ORDER BY created_at LIMIT %s",
            [queue_s, limit],
        )
        return [row[0] for row in sql.fetchall()]


@transaction.atomic
def give_up(*, run_id: UUID) -> Logged | None:
    """End a run that nobody took up as failed, so that its thread is free again."""
    run = Run.objects.filter(id=run_id).first()
    locked = _locked_run(run) if run is not None else None
    if locked is None or locked.state != Run.State.QUEUED:
        return None
    error = agui.RunError(
        message="No model is free to answer right now. Please try again.",
        code="upstream_unavailable",
        metadata={"kindline": {"retryable": True}},
    )
    return _force_finish(locked, error, state=Run.State.FAILED, error_code="upstream_unavailable")


@transaction.atomic
def delete_thread(*, owner_id: int, thread_id: str) -> list[UUID]:
    """Delete a conversation with everything in it; gives the runs that were still going on.

    An unknown thread and somebody else's look the same: nothing happens.
    """
    thread = _find_locked_thread(owner_id, thread_id)
    if thread is None:
        return []
    runs = list(Run.objects.select_for_update().filter(thread=thread))
    thread.delete()  # with messages, runs, notices, and by signal the log
    return [run.id for run in runs if run.state in Run.ACTIVE]


def _accept(thread: Thread, submission: Submission) -> Logged:
    asked = Message.objects.filter(thread=thread, client_msg_id=submission.message_id).first()
    start = _end_of(thread)
    thread.last_ord += 1
    thread.save(update_fields=["last_ord"])
    run = Run.objects.create(
        owner_id=submission.owner_id,
        thread=thread,
        client_run_id=submission.run_id,
        ord=thread.last_ord,
        state=Run.State.QUEUED,
        input={"digest": submission.digest, "place": submission.place},
    )
    events: list[agui.AguiEvent] = [_run_started(submission)]
    if asked is None:
        _ask(thread, run, submission)
    else:
        events.append(_again(thread, run, asked, submission))
    entries = log.number(events, after=0)
    _append(log.Append(run.id, thread.id, 0, 0, Run.State.QUEUED, entries))
    frames = log.frames(entries, ord=run.ord, prev=start)
    return Logged(run.id, submission.owner_id, submission.thread_id, start, frames)


def _ask(thread: Thread, run: Run, submission: Submission) -> None:
    Message.objects.create(
        thread=thread,
        client_msg_id=submission.message_id,
        run_id=run.id,
        role="user",
        ord=run.ord,
        idx=0,
        content=[{"type": "text", "text": submission.text}],
        status=Message.Status.COMPLETE,
    )


def _again(
    thread: Thread, run: Run, asked: Message, submission: Submission
) -> agui.MessagesSnapshot:
    """Regenerate: what followed the question is superseded by this run, and kept for review."""
    if asked.role != "user" or queries.text_of(asked.content) != submission.text:
        raise Refusal("invalid_input", "That message id stands for another message.")
    if asked.superseded_by is not None:
        raise Refusal("invalid_input", "That message is no longer part of the conversation.")
    later = Message.objects.filter(thread=thread, superseded_by__isnull=True, ord__gte=asked.ord)
    later.exclude(id=asked.id).update(superseded_by=run.id)
    branch = Message.objects.filter(thread=thread, superseded_by__isnull=True)
    return agui.MessagesSnapshot(
        messages=[queries.as_agui(message) for message in branch.order_by("ord", "idx")]
    )


def _run_started(submission: Submission) -> agui.RunStarted:
    question = agui.Message(id=submission.message_id, role="user", content=submission.text)
    return agui.RunStarted(
        thread_id=submission.thread_id,
        run_id=submission.run_id,
        protocol_version=agui.PROTOCOL_VERSION,
        input=agui.RunInput(
            thread_id=submission.thread_id,
            run_id=submission.run_id,
            messages=[question],
            state={},
            tools=[],
            context=[],
        ),
    )


def _repeated(run: Run, thread: Thread, submission: Submission) -> Logged:
    if run.thread_id != thread.id or run.input["digest"] != submission.digest:
        raise Refusal("invalid_input", "That runId stands for another message.")
    before = Run.objects.filter(thread=thread, ord=run.ord - 1).first()
    start = START if before is None else Cursor(before.ord, before.last_seq)
    return Logged(run.id, submission.owner_id, submission.thread_id, start, frames=[])


def _force_finish(
    run: Run,
    terminal: agui.RunFinished | agui.RunError,
    *,
    state: str,
    error_code: str | None = None,
) -> Logged:
    """End a locked run in its owner's stead; the epoch rises, so the owner writes nothing more."""
    transcript = Transcript().apply_all(queries.log_of(run_id=run.id))
    entries = log.number([*transcript.closing_events(), terminal], after=run.last_seq)
    _append(
        log.Append(
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
    )
    here = Cursor(run.ord, run.last_seq)
    frames = log.frames(entries, ord=run.ord, prev=here)
    return Logged(run.id, run.owner_id, run.thread.client_thread_id, here, frames)


def _append(append: log.Append) -> None:
    """The fenced append on Django's connection, for a run whose row this transaction holds."""
    with connection.cursor() as sql:
        sql.execute(log.APPEND, log.append_parameters([append], lease_s=0.0))
        outcomes = log.read_outcomes(sql.fetchall())
    if outcomes[append.run_id] is not log.Outcome.WROTE:
        raise RuntimeError(f"run {append.run_id} was {outcomes[append.run_id].value} under lock")


def _locked_thread(owner_id: int, client_thread_id: str) -> Thread:
    """The thread, made if need be. A deletion may fall between the two steps: try again."""
    for _ in range(3):
        Thread.objects.bulk_create(
            [Thread(owner_id=owner_id, client_thread_id=client_thread_id)], ignore_conflicts=True
        )
        thread = _find_locked_thread(owner_id, client_thread_id)
        if thread is not None:
            return thread
    raise Refusal("invalid_input", "This conversation is being deleted.")


def _find_locked_thread(owner_id: int, client_thread_id: str) -> Thread | None:
    threads = Thread.objects.select_for_update(no_key=True)
    return threads.filter(owner_id=owner_id, client_thread_id=client_thread_id).first()


def _locked_run(run: Run) -> Run | None:
    Thread.objects.select_for_update(no_key=True).filter(id=run.thread_id).first()
    runs = Run.objects.select_for_update(no_key=True, of=("self",)).select_related("thread")
    return runs.filter(id=run.id).first()


def _lease_is_over(run: Run) -> bool:
    with connection.cursor() as sql:
        sql.execute(
            "SELECT 1 FROM run WHERE id = %s AND state = 'running'"
            " AND lease_until < clock_timestamp()",
            [run.id],
        )
        return sql.fetchone() is not None


def _end_of(thread: Thread) -> Cursor:
    last = Run.objects.filter(thread=thread, ord=thread.last_ord).first()
    return START if last is None else Cursor(last.ord, last.last_seq)


def _place_of(raw: str) -> dict[str, str | None]:
    """Of a run's input, which raw SQL through Django gives as text."""
    place: dict[str, str | None] = json.loads(raw)["place"]
    return place
