"""Writes of the demo: what only synthetic threads need; the rest are the room's own writers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from realtime.accounts.models import User
from realtime.accounts.operations import create_guest
from realtime.agent.prompt import PROMPT_VERSION
from realtime.chat import agui, leases, log, operations, under_lock
from realtime.chat.leases import Claim
from realtime.chat.models import Message, Run, RunEvent, Thread
from realtime.chat.operations import Submission

MODEL = "demo-script"  # what the admin names as the model of these replies


@dataclass(frozen=True, slots=True)
class Removed:
    """How many rows are gone."""

    threads: int
    guests: int
    messages: int
    runs: int
    events: int
    notices: int


@transaction.atomic
def make_thread(*, client_thread_id: str) -> Thread:
    """An empty synthetic thread, with a guest of its own who can never come in."""
    return Thread.objects.create(
        owner=create_guest(), client_thread_id=client_thread_id, synthetic=True
    )


@transaction.atomic
def open_run(*, submission: Submission, card: dict[str, Any] | None = None) -> Claim:
    """Submit, show a help card at once if there is one, and claim, before anybody else sees it."""
    run_id = operations.submit(submission=submission).run_id
    if card is not None:
        _show(run_id, submission.message_id, card)
    # No lease: the demo may end a run as lost without waiting for one to run out.
    [claim] = leases.claim(me="demo", lease_s=0, limit=1, run_id=run_id)
    answered = leases.Answered(MODEL, PROMPT_VERSION)
    leases.record(run_id=run_id, epoch=claim.epoch, answered=answered)
    return claim


@transaction.atomic
def set_times(
    *, run_id: UUID, asked_at: datetime, started_at: datetime, ended_at: datetime
) -> None:
    """Move a finished run to where it belongs; the thread begins with its first run."""
    run = Run.objects.get(id=run_id)
    Run.objects.filter(id=run_id).update(
        created_at=asked_at, started_at=started_at, finished_at=ended_at
    )
    messages = Message.objects.filter(thread_id=run.thread_id, run_id=run_id)
    messages.filter(role="user").update(created_at=asked_at)
    messages.exclude(role="user").update(created_at=ended_at)
    if run.ord == 1:
        Thread.objects.filter(id=run.thread_id).update(created_at=asked_at)


@transaction.atomic
def remove() -> Removed:
    """Delete all synthetic threads with all that is in them, and the guests made for them."""
    threads = Thread.objects.filter(synthetic=True)
    owners = set(threads.values_list("owner_id", flat=True))
    runs = Run.objects.filter(thread__in=threads).values("id")
    events = RunEvent.objects.filter(run_id__in=runs).count()
    _, rows = threads.delete()  # with messages, runs, notices, and by signal the log
    guests = User.objects.filter(pk__in=owners, kind=User.Kind.GUEST, threads=None)
    _, people = guests.delete()
    return Removed(
        threads=rows.get("chat.Thread", 0),
        guests=people.get("accounts.User", 0),
        messages=rows.get("chat.Message", 0),
        runs=rows.get("chat.Run", 0),
        events=events,
        notices=rows.get("chat.Notice", 0),
    )


def _show(run_id: UUID, after_message: str, card: dict[str, Any]) -> None:
    run = under_lock.lock_run(run_id=run_id)
    assert run is not None
    [entry] = log.number([agui.Custom(name="kindline.help", value=card)], after=run.last_seq)
    shown = log.NoticeRow(entry.seq, after_message, "kindline.help", card)
    under_lock.write(
        log.Append(
            run.id,
            run.thread_id,
            run.epoch,
            run.last_seq,
            run.state,
            [entry],
            notices=[shown],
        )
    )
