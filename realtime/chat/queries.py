"""Reads of the room. Sync: async callers cross `bridge` once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from realtime.accounts import queries as accounts
from realtime.accounts.models import User
from realtime.agent.model import ChatMessage
from realtime.chat import agui, transcript
from realtime.chat.missed import (
    PAGE_BYTES,
    PAGE_FRAMES,
    PAGE_ROWS,
    SNAPSHOT_CHARACTERS,
    Catchup,
    LastRun,
    Snapshot,
    coalesce,
    within,
)
from realtime.chat.models import Message, Notice, Run, RunEvent, Thread
from realtime.chat.protocol import START, Cursor, Frame
from realtime.chat.transcript import for_model
from realtime.safety.rules import Level


def thread_snapshot(*, owner_id: int, thread_id: str) -> tuple[Snapshot, str | None]:
    """What is finished in a thread, and the run that goes on; an unknown one is empty."""
    with _one_moment():
        thread = Thread.objects.filter(owner_id=owner_id, client_thread_id=thread_id).first()
        if thread is None:
            return Snapshot(START, [], []), None
        runs = _runs_of(thread)
        return _snapshot(thread, runs), _active_of(runs)


@dataclass(frozen=True, slots=True)
class RunPlace:
    """Where a run stands in its thread: after `start`, to `end` so far."""

    thread_id: str
    state: str
    start: Cursor
    end: Cursor

    @property
    def over(self) -> bool:
        return self.state not in Run.ACTIVE

    def after(self, offset: str) -> Cursor | None:
        """Where a client goes on that says so: `-1` from the start; None: that is not of it."""
        cursor = self.start if offset == "-1" else Cursor.parse(offset)
        if cursor is None or cursor == self.start:
            return cursor
        return cursor if cursor.ord == self.end.ord and 1 <= cursor.seq <= self.end.seq else None


def run_place(*, owner_id: int, run_id: str) -> RunPlace | None:
    """A run of this person."""
    run = (
        Run.objects.select_related("thread")
        .defer("input", "usage")
        .filter(owner_id=owner_id, client_run_id=run_id)
        .first()
    )
    if run is None:
        return None
    before = Run.objects.filter(thread=run.thread, ord=run.ord - 1).only("ord", "last_seq").first()
    start = START if before is None else Cursor(before.ord, before.last_seq)
    end = Cursor(run.ord, run.last_seq)
    return RunPlace(run.thread.client_thread_id, run.state, start, end)


def catch_up(*, owner_id: int, thread_id: str, cursor: Cursor | None) -> Catchup:
    """A page of all after `cursor`; a snapshot first when the cursor is null or unknown."""
    with _one_moment():
        thread = Thread.objects.filter(owner_id=owner_id, client_thread_id=thread_id).first()
        if thread is None:
            return Catchup(Snapshot(START, [], []), START, [], None)
        runs = _runs_of(thread)
        active = _active_of(runs)
        snapshot = None
        if cursor is None or not _known(cursor, runs):
            snapshot = _snapshot(thread, runs, most=SNAPSHOT_CHARACTERS)
            cursor = snapshot.cursor
        frames = _page_after(thread, cursor)
        more = bool(frames) and frames[-1].id < Cursor(runs[-1].ord, runs[-1].last_seq)
        return Catchup(snapshot, cursor, frames, active, more)


def last_runs(*, watched: Sequence[tuple[int, str]]) -> dict[tuple[int, str], LastRun]:
    """The last run of each watched (owner id, client thread id) that exists."""
    if not watched:
        return {}
    owners, threads = zip(*watched, strict=True)
    with connection.cursor() as sql:
        sql.execute(
            "SELECT t.owner_id, t.client_thread_id, r.ord, r.last_seq, r.state"
            " FROM unnest(%s::bigint[], %s::text[]) AS w(owner_id, client_thread_id)"
            " JOIN thread t USING (owner_id, client_thread_id)"
            " JOIN run r ON r.thread_id = t.id AND r.ord = t.last_ord",
            [list(owners), list(threads)],
        )
        return {
            (owner, thread): LastRun(Cursor(ord_, seq), state in Run.ACTIVE)
            for owner, thread, ord_, seq, state in sql.fetchall()
        }


def level_of(*, owner_id: int, thread_id: str) -> Level:
    """How grave a person's conversation has been found; an unknown one is none."""
    found = Thread.objects.filter(owner_id=owner_id, client_thread_id=thread_id)
    return cast("Level", found.values_list("level", flat=True).first() or "none")


def history(*, thread_id: UUID, up_to_ord: int) -> list[ChatMessage]:
    """What the model reads: the active branch up to and with the question of run `up_to_ord`."""
    rows = Message.objects.filter(
        thread_id=thread_id, ord__lte=up_to_ord, superseded_by__isnull=True
    ).order_by("ord", "idx")
    return [for_model(role=row.role, parts=row.content) for row in rows]


def now() -> datetime:
    """Postgres' clock, which the rows carry; a server's own may be off by days."""
    with connection.cursor() as sql:
        sql.execute("SELECT clock_timestamp()")
        told: datetime = sql.fetchone()[0]
        return told


def quiet_threads(*, since: datetime) -> QuerySet[Thread]:
    """Threads in which nothing was written since then, and nothing is being written.

    Synthetic ones nobody said: they stay, with the guests made for them, until the demo removes
    both.
    """
    stir = Q(state__in=Run.ACTIVE) | Q(finished_at__gte=since)
    stirring = Run.objects.filter(stir, thread=OuterRef("pk"))
    return Thread.objects.filter(~Exists(stirring), synthetic=False, created_at__lt=since)


def forgotten_guests(*, since: datetime, now: datetime) -> QuerySet[User]:
    """Guests who were not here since then and left no thread."""
    threads = Thread.objects.filter(owner=OuterRef("pk"))
    return accounts.guests_away(since=since, now=now).filter(~Exists(threads))


def as_agui(message: Message) -> agui.Message:
    """A stored message as AG-UI has it."""
    return transcript.as_agui(
        message_id=message.client_msg_id,
        role=message.role,
        parts=message.content,
        partial=message.status == Message.Status.PARTIAL,
    )


def active_branch(*, thread_id: UUID) -> list[agui.Message]:
    """What stands in the conversation: nothing that a later run replaced."""
    branch = Message.objects.filter(thread_id=thread_id, superseded_by__isnull=True)
    return [as_agui(message) for message in branch.order_by("ord", "idx")]


@contextmanager
def _one_moment() -> Iterator[None]:
    """What is read inside belongs together, whatever is written meanwhile."""
    with transaction.atomic():
        with connection.cursor() as sql:
            sql.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def _runs_of(thread: Thread) -> list[Run]:
    return list(Run.objects.filter(thread=thread).defer("input", "usage").order_by("ord"))


def _active_of(runs: Iterable[Run]) -> str | None:
    return next((run.client_run_id for run in runs if run.state in Run.ACTIVE), None)


def _known(cursor: Cursor, runs: list[Run]) -> bool:
    if cursor == START:
        return True
    return any(run.ord == cursor.ord and 1 <= cursor.seq <= run.last_seq for run in runs)


def _snapshot(thread: Thread, runs: list[Run], *, most: int | None = None) -> Snapshot:
    """Finished runs only: the active one is replayed from its RUN_STARTED.

    Of `most` characters, if the log leads on from there: of so many runs only.
    """
    finished = [run for run in runs if run.state not in Run.ACTIVE]
    rows = _branch(thread, finished, Q(superseded_by__isnull=True))
    if most is not None and (count := _runs_within(rows, finished, most)) < len(finished):
        finished = finished[:count]
        then = Q(superseded_by__isnull=True) | ~Q(superseded_by__in=[r.id for r in finished])
        rows = _branch(thread, finished, then)
    ords = {run.id: run.ord for run in finished}
    notices = [
        {
            "id": f"{ords[notice.run_id]}-{notice.seq}",
            "afterMessageId": notice.after_message,
            "name": notice.name,
            "value": notice.value,
        }
        for notice in Notice.objects.filter(thread=thread).order_by("id")
        if notice.run_id in ords
    ]
    return Snapshot(_end_of(finished), [as_agui(message) for message in rows], notices)


def _branch(thread: Thread, runs: Sequence[Run], valid: Q) -> list[Message]:
    found = Message.objects.filter(valid, thread=thread, ord__lte=_end_of(runs).ord)
    return list(found.order_by("ord", "idx"))


def _end_of(runs: Sequence[Run]) -> Cursor:
    return Cursor(runs[-1].ord, runs[-1].last_seq) if runs else START


def _runs_within(rows: Iterable[Message], runs: Sequence[Run], most: int) -> int:
    """How many of the runs hold so many characters; all, if the log does not hold the others."""
    sizes = dict.fromkeys((run.ord for run in runs), 0)
    for row in rows:
        texts = (value for part in row.content for value in part.values())
        sizes[row.ord] += sum(len(text) for text in texts if isinstance(text, str))
    count = within(sizes.values(), most)
    if count < len(runs) and not RunEvent.objects.filter(run_id=runs[count].id, seq=1).exists():
        return len(runs)
    return count


def _page_after(thread: Thread, cursor: Cursor) -> list[Frame]:
    """Rows of PAGE_BYTES, or one that is larger; sizes are known without reading the rows."""
    with connection.cursor() as sql:
        sql.execute(
            "SELECT ord, seq, kind, payload FROM ("
            " SELECT ord, seq, kind, payload, octet_length(payload) AS size,"
            " sum(octet_length(payload)) OVER (ORDER BY ord, seq) AS total"
            " FROM (SELECT r.ord, e.seq, e.kind, e.payload"
            "  FROM run r JOIN run_event e ON e.run_id = r.id"
            "  WHERE r.thread_id = %s AND r.ord >= %s AND (r.ord, e.seq) > (%s, %s)"
            "  ORDER BY r.ord, e.seq LIMIT %s) AS next_rows) AS sized"
            " WHERE total <= %s OR total = size ORDER BY ord, seq",
            [thread.id, cursor.ord, cursor.ord, cursor.seq, PAGE_ROWS, PAGE_BYTES],
        )
        return coalesce(sql.fetchall(), after=cursor)[:PAGE_FRAMES]


def log_of(*, run_id: UUID) -> list[agui.AguiEvent]:
    """The events of a run in order."""
    payloads = (
        RunEvent.objects.filter(run_id=run_id).order_by("seq").values_list("payload", flat=True)
    )
    return [agui.decode(payload) for payload in payloads]
