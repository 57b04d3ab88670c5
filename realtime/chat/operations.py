"""What a person does: each is one transaction and returns the frames it logged.

The locks are those of `under_lock`. Async callers give the frames to the hub after the commit.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from realtime.chat import agui, allowance, log, queries, under_lock
from realtime.chat.log import Logged
from realtime.chat.models import Message, Run, Thread
from realtime.chat.protocol import START, Cursor
from realtime.chat.refusals import Refusal as Refusal


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


@transaction.atomic
def submit(*, submission: Submission) -> Logged:
    """Accept a message and queue its run; the same submission again gives the same answer.

    Raises Refusal (`thread_busy`, `invalid_input`, `unauthenticated`, `too_many_runs`,
    `rate_limited`).
    """
    if not under_lock.hold_person(user_id=submission.owner_id):
        raise Refusal("unauthenticated", "You are not known here any more.")
    thread = _locked_thread(submission.owner_id, submission.thread_id)
    known = Run.objects.filter(
        owner_id=submission.owner_id, client_run_id=submission.run_id
    ).first()
    if known is not None:
        return _repeated(known, thread, submission)
    allowance.check(owner_id=submission.owner_id, thread_id=thread.id)
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
    locked = under_lock.lock_run(run_id=run.id)
    if locked is None or locked.state not in Run.ACTIVE:
        return None
    finished = agui.RunFinished(
        thread_id=locked.thread.client_thread_id,
        run_id=locked.client_run_id,
        outcome={"type": "cancelled"},
    )
    return under_lock.force_finish(locked, finished, state=Run.State.CANCELLED)


@transaction.atomic
def delete_thread(*, owner_id: int, thread_id: str) -> list[UUID]:
    """Delete a conversation with everything in it; gives the runs that were still going on.

    An unknown thread and somebody else's look the same: nothing happens.
    """
    thread = under_lock.lock_thread(owner_id=owner_id, thread_id=thread_id)
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
    under_lock.write(log.Append(run.id, thread.id, 0, 0, Run.State.QUEUED, entries))
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


def _locked_thread(owner_id: int, client_thread_id: str) -> Thread:
    """The thread, made if need be. A deletion may fall between the two steps: try again."""
    for _ in range(3):
        Thread.objects.bulk_create(
            [Thread(owner_id=owner_id, client_thread_id=client_thread_id)], ignore_conflicts=True
        )
        thread = under_lock.lock_thread(owner_id=owner_id, thread_id=client_thread_id)
        if thread is not None:
            return thread
    raise Refusal("invalid_input", "This conversation is being deleted.")


def _end_of(thread: Thread) -> Cursor:
    last = Run.objects.filter(thread=thread, ord=thread.last_ord).first()
    return START if last is None else Cursor(last.ord, last.last_seq)
