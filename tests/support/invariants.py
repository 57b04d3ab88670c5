"""What must hold of the stored log at any moment, whoever wrote it (protocol.md 1.18).

For tests that stop, kill and race: `assert_log_invariants()` after the drive, or while it goes on.
It reads all in one transaction. Its complaints name ids and numbers, never words.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from realtime.chat.models import Message, Notice, Run, RunEvent, Thread
from tests.support.agui_check import check_event
from tests.support.agui_grammar import NOTICES, TERMINAL, BadStream, check_stream
from tests.support.folding import Folded, FoldedMessage

ACTIVE = ("queued", "running")


@dataclass
class StoredEvent:
    seq: int
    epoch: int
    kind: str
    payload: str

    @property
    def event(self) -> dict[str, Any]:
        return _decoded(self.payload)


@dataclass
class StoredRun:
    """A run with all that was written for it; `messages` are those of the agent and its tools."""

    name: str
    ord: int
    state: str
    epoch: int
    last_seq: int
    events: list[StoredEvent] = field(default_factory=list)
    messages: list[tuple[FoldedMessage, str]] = field(default_factory=list)  # with their status
    notices: list[tuple[int, str, Any]] = field(default_factory=list)

    @property
    def active(self) -> bool:
        return self.state in ACTIVE


@dataclass
class StoredThread:
    name: str
    last_ord: int
    runs: list[StoredRun] = field(default_factory=list)
    questions: set[str] = field(default_factory=set)


def assert_log_invariants(threads: Collection[UUID] | None = None) -> None:
    """I2, I3, I4, I5, I12, I13 of each run's log, and that transcript and notices are its fold.

    `threads` are primary keys; None means all there are.
    """
    wrong = [
        f"{thread.name}: {what}" for thread in stored_threads(threads) for what in faults(thread)
    ]
    assert not wrong, "\n".join(wrong)


def assert_all_runs_ended(threads: Collection[UUID] | None = None) -> None:
    """I8, once the time for it is over."""
    going_on = [r.name for thread in stored_threads(threads) for r in thread.runs if r.active]
    assert not going_on, f"runs that did not end: {going_on}"


def faults(thread: StoredThread) -> Iterator[str]:
    """What is wrong with a thread, in words."""
    active = [run.ord for run in thread.runs if run.active]
    if len(active) > 1:
        yield f"I5: active runs {active}"
    if active and active[-1] != thread.last_ord:
        yield f"I5: run {active[-1]} is active, but {thread.last_ord} came after it"
    if [run.ord for run in thread.runs] != list(range(1, thread.last_ord + 1)):
        yield f"runs {[run.ord for run in thread.runs]}, last {thread.last_ord}"
    answered = [e["toolCallId"] for e in _events(thread) if e["type"] == "TOOL_CALL_RESULT"]
    if len(answered) != len(set(answered)):
        yield f"I12: results {answered}"
    for event in _events(thread):
        if event["type"] == "RUN_STARTED":
            asked = {message["id"] for message in event["input"]["messages"]}
            if not asked <= thread.questions:
                yield f"question {asked - thread.questions} is not stored"
    for run in thread.runs:
        for what in faults_of_run(run):
            yield f"run {run.ord} ({run.name}): {what}"


def faults_of_run(run: StoredRun) -> Iterator[str]:
    seqs = [event.seq for event in run.events]
    if seqs != list(range(1, run.last_seq + 1)):
        yield f"I2: seqs {seqs}, last {run.last_seq}"
    ends = [event.seq for event in run.events if event.kind in TERMINAL]
    if ends != ([] if run.active else [run.last_seq]):
        yield f"I3: ends at {ends} of {run.last_seq}, state {run.state}"
    epochs = [event.epoch for event in run.events]
    if any(later < earlier for earlier, later in pairwise(epochs)):
        yield f"I4: epochs {epochs}"
    if epochs and (epochs[-1] > run.epoch or (not run.active and epochs[-1] != run.epoch)):
        yield f"I4: last event of epoch {epochs[-1]}, run of {run.epoch}, state {run.state}"
    yield from _faults_of_stream(run)
    yield from _faults_of_fold(run)


def _faults_of_stream(run: StoredRun) -> Iterator[str]:
    if any(stored.event["type"] != stored.kind for stored in run.events):
        yield "a kind that is not its event's"
    try:
        for stored in run.events:
            _is_ag_ui(stored.payload)
        check_stream([stored.event for stored in run.events])
    except BadStream as error:
        yield f"I13: {error}"
    except (AssertionError, ValueError) as error:
        yield f"I13: not AG-UI ({type(error).__name__})"


@lru_cache(10_000)  # a machine asks after each of its steps
def _decoded(payload: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(payload)
    return event


@lru_cache(10_000)
def _is_ag_ui(payload: str) -> None:
    check_event(_decoded(payload))


def _faults_of_fold(run: StoredRun) -> Iterator[str]:
    events = [stored.event for stored in run.events]
    shown = [
        (stored.seq, event["name"], event["value"])
        for stored, event in zip(run.events, events, strict=True)
        if event["type"] == "CUSTOM" and event["name"] in NOTICES
    ]
    if shown != run.notices:
        yield f"notices at {[n[0] for n in run.notices]}, events at {[n[0] for n in shown]}"
    told = [] if run.active else Folded().apply_all(events).of_this_run()
    kept = [message for message, _ in run.messages]
    if told != kept:
        yield f"messages {[_outline(m) for m in kept]}, log {[_outline(m) for m in told]}"
    if run.state == "completed" and any(status != "complete" for _, status in run.messages):
        yield "a completed run with a partial message"


def _outline(message: FoldedMessage) -> str:
    calls = ",".join(call_id for call_id, _, _ in message.calls)
    return f"{message.role} {message.id} of {len(message.text)} [{calls}]"


def _events(thread: StoredThread) -> Iterator[dict[str, Any]]:
    for run in thread.runs:
        for stored in run.events:
            yield stored.event


def stored_threads(threads: Collection[UUID] | None = None) -> list[StoredThread]:
    """All threads, or these, as they are at one moment."""
    alone = not connection.in_atomic_block
    with transaction.atomic():
        if alone:
            with connection.cursor() as sql:
                sql.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        found = Thread.objects.order_by("created_at")
        return _read(found if threads is None else found.filter(id__in=list(threads)))


def _read(found: QuerySet[Thread]) -> list[StoredThread]:
    read = {thread.id: StoredThread(thread.client_thread_id, thread.last_ord) for thread in found}
    runs: dict[UUID, StoredRun] = {}
    for run in Run.objects.filter(thread__in=read).order_by("ord"):
        runs[run.id] = _run(run)
        read[run.thread_id].runs.append(runs[run.id])
    for event in RunEvent.objects.filter(run_id__in=runs).order_by("run_id", "seq"):
        row = StoredEvent(event.seq, event.epoch, event.kind, event.payload)
        runs[event.run_id].events.append(row)
    for message in Message.objects.filter(thread__in=read).order_by("ord", "idx"):
        if message.role == "user":
            read[message.thread_id].questions.add(message.client_msg_id)
        elif message.run_id is not None:
            runs[message.run_id].messages.append((_message(message), message.status))
    for notice in Notice.objects.filter(thread__in=read).order_by("run_id", "seq"):
        runs[notice.run_id].notices.append((notice.seq, notice.name, notice.value))
    return [*read.values()]


def _run(run: Run) -> StoredRun:
    return StoredRun(run.client_run_id, run.ord, run.state, run.epoch, run.last_seq)


def _message(message: Message) -> FoldedMessage:
    parts = message.content
    if message.role == "tool":
        [part] = parts
        return FoldedMessage(
            message.client_msg_id, "tool", part["content"], answers=part["toolCallId"]
        )
    text = "".join(part["text"] for part in parts if part["type"] == "text")
    calls = [(p["id"], p["name"], p["arguments"]) for p in parts if p["type"] == "tool_call"]
    return FoldedMessage(message.client_msg_id, message.role, text, calls)
