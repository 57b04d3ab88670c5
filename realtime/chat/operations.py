"""What a person does: each is one transaction and returns the frames it logged.

The locks are those of `under_lock`. Async callers give the frames to the hub after the commit.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Literal, cast
from uuid import UUID

from django.db import transaction

from realtime.accounts import consenting
from realtime.chat import agui, allowance, disclosing, log, offers, queries, under_lock
from realtime.chat.disclosing import Heard
from realtime.chat.helping import NO_AID, Aid, Card, Place
from realtime.chat.log import Logged
from realtime.chat.models import Message, Run, Thread
from realtime.chat.protocol import START, Cursor
from realtime.chat.refusals import Refusal as Refusal
from realtime.chat.toolbox import YOUNG
from realtime.chat.transcript import text_of
from realtime.safety.rules import Level
from realtime.safety.screen import rises


@dataclass(frozen=True, slots=True)
class Submission:
    """What a person sends: ids are the client's, `place` is what help needs to know.

    `if_busy` says what becomes of a reply that is being written; `replaces` is the id of the
    message that this one is an edit of.
    """

    owner_id: int
    thread_id: str
    run_id: str
    message_id: str
    text: str
    place: dict[str, str | None]
    if_busy: Literal["reject", "stop"] = "reject"
    replaces: str | None = None
    aid: Aid = NO_AID  # what the text calls for

    @property
    def digest(self) -> str:
        payload = f"{self.thread_id}\0{self.message_id}\0{self.replaces or ''}\0{self.text}"
        return hashlib.sha256(payload.encode()).hexdigest()


@transaction.atomic
def submit(*, submission: Submission) -> Logged:
    """Accept a message and queue its run; the same submission again gives the same answer.

    A known message with a new run asks for another reply to it (regenerate); one that `replaces`
    another is an edit. Both end a reply that is being written, and what followed is superseded.
    Raises Refusal (`thread_busy`, `invalid_input`, `unauthenticated`, `too_many_runs`,
    `rate_limited`), with the help that text or thread call for.
    """
    heard = disclosing.hear(submission.text, submission.place)
    if not under_lock.hold_person(user_id=submission.owner_id):
        raise Refusal("unauthenticated", "You are not known here any more.")
    thread = _locked_thread(submission.owner_id, submission.thread_id)
    try:
        return _submit(thread, submission, heard)
    except Refusal as refusal:
        refusal.help = _help_with_refusal(thread, submission)
        raise


def _submit(thread: Thread, submission: Submission, heard: Heard) -> Logged:
    known = Run.objects.filter(
        owner_id=submission.owner_id, client_run_id=submission.run_id
    ).first()
    if known is not None:
        return _repeated(known, thread, submission)
    allowance.check(owner_id=submission.owner_id, thread_id=thread.id)
    turned_back = _turned_back_to(thread, submission)
    ended = _make_room(thread, force=turned_back is not None or submission.if_busy == "stop")
    return replace(_accept(thread, submission, turned_back, heard), ended=ended)


@transaction.atomic
def stop(*, owner_id: int, run_id: str) -> Logged | None:
    """End a run wherever its owner is; None when there is none of that name to end."""
    run = Run.objects.filter(owner_id=owner_id, client_run_id=run_id).first()
    if run is None:
        return None
    locked = under_lock.lock_run(run_id=run.id)
    if locked is None or locked.state not in Run.ACTIVE:
        return None
    return _cancel(locked)


@transaction.atomic
def delete_thread(*, owner_id: int, thread_id: str) -> list[UUID]:
    """Delete a conversation with everything in it; gives the runs that were still going on.

    An unknown thread and somebody else's look the same: nothing happens.
    """
    thread = under_lock.lock_thread(owner_id=owner_id, thread_id=thread_id)
    if thread is None:
        return []
    runs = list(Run.objects.select_for_update().filter(thread=thread))
    thread.delete()  # with messages, runs, notices, flags, by signal the log
    return [run.id for run in runs if run.state in Run.ACTIVE]


def _turned_back_to(thread: Thread, submission: Submission) -> Message | None:
    """The question from which the conversation goes another way; None when it just goes on."""
    messages = Message.objects.filter(thread=thread)
    asked = messages.filter(client_msg_id=submission.message_id).first()
    if submission.replaces is None:
        if asked is not None and _text_differs(asked, submission):
            raise Refusal("invalid_input", "That message id stands for another message.")
        return _still_standing(asked) if asked is not None else None
    if asked is not None:
        raise Refusal("invalid_input", "An edited message needs an id of its own.")
    replaced = messages.filter(client_msg_id=submission.replaces, role="user").first()
    if replaced is None:
        raise Refusal("invalid_input", "There is no message of yours to replace.")
    return _still_standing(replaced)


def _text_differs(asked: Message, submission: Submission) -> bool:
    return asked.role != "user" or text_of(asked.content) != submission.text


def _still_standing(message: Message) -> Message:
    if message.superseded_by is not None:
        raise Refusal("invalid_input", "That message is no longer part of the conversation.")
    return message


def _make_room(thread: Thread, *, force: bool) -> Logged | None:
    """One reply at a time: end the one that is being written, or refuse."""
    active = Run.objects.filter(thread=thread, state__in=Run.ACTIVE).first()
    if active is None:
        return None
    if not force:
        raise Refusal(
            "thread_busy",
            "A reply is still being written in this conversation.",
            active_run_id=active.client_run_id,
        )
    # Not None and not over: the thread is locked, and an owner that ends it now waits or has.
    locked = under_lock.lock_run(run_id=active.id)
    return _cancel(locked) if locked is not None and locked.state in Run.ACTIVE else None


def _cancel(run: Run) -> Logged:
    finished = agui.RunFinished(
        thread_id=run.thread.client_thread_id,
        run_id=run.client_run_id,
        outcome={"type": "cancelled"},
    )
    return under_lock.force_finish(run, finished, state=Run.State.CANCELLED)


def _accept(
    thread: Thread, submission: Submission, turned_back: Message | None, heard: Heard
) -> Logged:
    start = _end_of(thread)
    thread.last_ord += 1
    if heard.minor and not thread.minor:
        consenting.withdraw(user_id=submission.owner_id)  # nobody under 18 is learnt from
    thread.minor = thread.minor or heard.minor
    submission = replace(submission, place=_place(thread, submission))
    thread.save(update_fields=["last_ord", "minor"])
    run = Run.objects.create(
        owner_id=submission.owner_id,
        thread=thread,
        client_run_id=submission.run_id,
        ord=thread.last_ord,
        state=Run.State.QUEUED,
        input={
            "digest": submission.digest,
            "place": submission.place,
            "message": submission.message_id,
        },
    )
    if turned_back is not None:
        _supersede(run, turned_back, itself=submission.replaces is not None)
    new = turned_back is None or submission.replaces is not None
    if new:
        _ask(thread, run, submission)
    events: list[agui.AguiEvent] = [_run_started(submission)]
    if turned_back is not None:
        branch = queries.active_branch(thread_id=thread.id)
        events.append(agui.MessagesSnapshot(messages=branch))
    offer = offers.for_message(
        thread=thread,
        run=run,
        message_id=submission.message_id,
        aid=submission.aid,
        place=submission.place,
        edit=submission.replaces is not None,
    )
    told = disclosing.due(thread=thread, run=run, heard=heard, place=submission.place, new=new)
    events.extend([*offer.events, *told.events])  # help goes first
    entries = log.number(events, after=0)
    append = log.Append(run.id, thread.id, 0, 0, Run.State.QUEUED, entries)
    append.country = heard.country
    help_seq = append.new_seq - len(told.events)
    offer.add_to(append, seq=help_seq, after_message=submission.message_id)
    told.add_to(append, seq=append.new_seq, after=submission.message_id)
    under_lock.write(append)
    frames = log.frames(entries, ord=run.ord, prev=start)
    level = offer.level if offer.level and rises(offer.level, above=_level(thread)) else None
    return Logged(
        run.id,
        submission.owner_id,
        submission.thread_id,
        start,
        frames,
        level=level or _level(thread),
    )


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


def _supersede(run: Run, question: Message, *, itself: bool) -> None:
    """What followed the question is replaced by this run, and kept for review."""
    later = Message.objects.filter(
        thread=question.thread_id, superseded_by__isnull=True, ord__gte=question.ord
    )
    if not itself:
        later = later.exclude(id=question.id)
    later.update(superseded_by=run.id)


def _run_started(submission: Submission) -> agui.RunStarted:
    question = agui.Message(id=submission.message_id, role="user", content=submission.text)
    return agui.run_started(
        thread_id=submission.thread_id, run_id=submission.run_id, messages=[question]
    )


def _repeated(run: Run, thread: Thread, submission: Submission) -> Logged:
    if run.thread_id != thread.id or run.input["digest"] != submission.digest:
        raise Refusal("invalid_input", "That runId stands for another message.")
    before = Run.objects.filter(thread=thread, ord=run.ord - 1).first()
    start = START if before is None else Cursor(before.ord, before.last_seq)
    return Logged(
        run.id, submission.owner_id, submission.thread_id, start, [], level=_level(thread)
    )


def _help_with_refusal(thread: Thread, submission: Submission) -> Card | None:
    """For the text, or because an answer does not come where somebody may be in danger."""
    if submission.aid.card is not None or thread.level == "none":
        return submission.aid.card
    place = _place(thread, submission)
    return offers.in_vain(level=_level(thread), run_id=submission.run_id, place=place)


def _place(thread: Thread, submission: Submission) -> Place:
    return submission.place | (YOUNG if thread.minor else {})


def _level(thread: Thread) -> Level:
    return cast("Level", thread.level)


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
