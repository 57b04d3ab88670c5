"""The fenced append: the only writer of `run_event` and `notice`, and of a run's progress; with
them go the flags and the level of its thread.

One statement for any number of runs. A run is written only if nobody holds its row, and its
epoch, last_seq and state are still what the writer believes (the fence): an owner that lost its
run to a stop writes nothing. The flusher runs it on its own connections, `under_lock` on Django's.
A level rises only where nobody holds the thread: locks are taken without waiting, so their order
is nobody's trouble; held, the run counts as busy.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString, NamedTuple
from uuid import UUID, uuid4

import orjson

from realtime.chat import agui
from realtime.chat.protocol import Cursor, Frame
from realtime.chat.transcript import FoldedMessage
from realtime.safety.rules import Level


class Entry(NamedTuple):
    """One event of the log, encoded."""

    seq: int
    kind: str
    payload: str


@dataclass(slots=True)
class Append:
    """What is to be written for one run: `was` is the fence, `state` is None to leave it."""

    run_id: UUID
    thread_id: UUID
    epoch: int
    old_seq: int
    was: str
    entries: list[Entry] = field(default_factory=list)
    next_epoch: int | None = None
    state: str | None = None
    error_code: str | None = None
    usage: dict[str, int] | None = None
    notices: list[NoticeRow] = field(default_factory=list)
    flags: list[FlagRow] = field(default_factory=list)
    level: str | None = None  # to which the thread is to rise, if it is below
    messages: list[FoldedMessage] = field(default_factory=list)
    ord: int = 0
    country: str | None = None  # only counted; the card says where it was shown

    @property
    def new_seq(self) -> int:
        return self.entries[-1].seq if self.entries else self.old_seq


class NoticeRow(NamedTuple):
    seq: int
    after_message: str | None
    name: str
    value: dict[str, Any]


class FlagRow(NamedTuple):
    """What a reviewer is to look at; see `SafetyFlag`. The same twice is written once."""

    message: str
    level: str
    category: str
    detector: str
    span: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Logged:
    """A run of a thread and the frames just logged for it; `start` is the cursor before it.

    `ended` is a run that was ended to make room for this one: its frames come before. `level` is
    the thread's, where the writer has read it.
    """

    run_id: UUID
    owner_id: int
    thread_id: str
    start: Cursor
    frames: list[Frame]
    ended: Logged | None = None
    level: Level = "none"


LEVELS = ["none", "concern", "crisis"]


class Outcome(enum.Enum):
    WROTE = "wrote"
    BUSY = "busy"  # somebody holds the row: keep the events and try again
    FENCED = "fenced"  # the run is no longer ours
    GONE = "gone"  # the run was deleted


# SKIP LOCKED: with it one locked row delays only its own run (measured: the others flow in 2 ms).
APPEND: LiteralString = """
WITH b AS (
  SELECT * FROM unnest(%(run)s::uuid[], %(epoch)s::int[], %(next_epoch)s::int[],
    %(old)s::bigint[], %(new)s::bigint[], %(was)s::text[], %(state)s::text[],
    %(error)s::text[], %(usage)s::text[], %(thread)s::uuid[], %(level)s::text[])
    AS b(id, epoch, next_epoch, old_seq, new_seq, was, state, error_code, usage, thread_id, level)
), lck AS MATERIALIZED (
  SELECT id, epoch, last_seq, state FROM run WHERE id = ANY(%(run)s::uuid[])
  ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
), tlck AS MATERIALIZED (
  SELECT id FROM thread WHERE id = ANY(%(rising)s::uuid[])
  ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
), upd AS (
  UPDATE run r SET
    last_seq = b.new_seq, epoch = b.next_epoch, state = coalesce(b.state, r.state),
    error_code = coalesce(b.error_code, r.error_code),
    usage = coalesce(b.usage::jsonb, r.usage),
    lease_until = CASE WHEN coalesce(b.state, r.state) = 'running'
      THEN clock_timestamp() + make_interval(secs => %(lease)s::float8) END,
    finished_at = CASE WHEN b.state IN ('completed', 'cancelled', 'failed')
      THEN clock_timestamp() ELSE r.finished_at END
  FROM b JOIN lck USING (id)
  WHERE r.id = b.id AND lck.epoch = b.epoch AND lck.last_seq = b.old_seq AND lck.state = b.was
    AND (b.level IS NULL OR b.thread_id IN (SELECT id FROM tlck))
  RETURNING r.id, r.epoch
), rise AS (
  UPDATE thread t SET level = b.level FROM b JOIN upd USING (id)
  WHERE t.id = b.thread_id AND array_position(%(levels)s::text[], b.level)
    > array_position(%(levels)s::text[], t.level)
), fl AS (
  INSERT INTO safety_flag (thread_id, run_id, message, level, category, detector, span_start,
    span_end)
  SELECT f.thread_id, f.run_id, f.message, f.level, f.category, f.detector, f.span_start,
    f.span_end
  FROM unnest(%(f_thread)s::uuid[], %(f_run)s::uuid[], %(f_message)s::text[], %(f_level)s::text[],
    %(f_category)s::text[], %(f_detector)s::text[], %(f_start)s::int[], %(f_end)s::int[])
    AS f(thread_id, run_id, message, level, category, detector, span_start, span_end)
    JOIN upd ON upd.id = f.run_id
  ON CONFLICT DO NOTHING
), ev AS (
  INSERT INTO run_event (run_id, seq, epoch, kind, payload)
  SELECT e.run_id, e.seq, upd.epoch, e.kind, e.payload
  FROM unnest(%(e_run)s::uuid[], %(e_seq)s::bigint[], %(e_kind)s::text[], %(e_payload)s::text[])
    AS e(run_id, seq, kind, payload) JOIN upd ON upd.id = e.run_id
), nt AS (
  INSERT INTO notice (thread_id, run_id, seq, after_message, name, value)
  SELECT n.thread_id, n.run_id, n.seq, n.after_message, n.name, n.value::jsonb
  FROM unnest(%(n_thread)s::uuid[], %(n_run)s::uuid[], %(n_seq)s::bigint[], %(n_after)s::text[],
    %(n_name)s::text[], %(n_value)s::text[])
    AS n(thread_id, run_id, seq, after_message, name, value) JOIN upd ON upd.id = n.run_id
), msg AS (
  INSERT INTO message (id, thread_id, client_msg_id, run_id, role, ord, idx, content, status)
  SELECT m.id, m.thread_id, m.client_msg_id, m.run_id, m.role, m.ord, m.idx, m.content::jsonb,
    m.status
  FROM unnest(%(m_id)s::uuid[], %(m_thread)s::uuid[], %(m_client)s::text[], %(m_run)s::uuid[],
    %(m_role)s::text[], %(m_ord)s::int[], %(m_idx)s::int[], %(m_content)s::text[],
    %(m_status)s::text[])
    AS m(id, thread_id, client_msg_id, run_id, role, ord, idx, content, status)
    JOIN upd ON upd.id = m.run_id
)
SELECT b.id, CASE WHEN upd.id IS NOT NULL THEN 'wrote'
  WHEN lck.id IS NOT NULL AND (b.level IS NULL OR b.thread_id IN (SELECT id FROM tlck))
    THEN 'fenced'
  WHEN EXISTS (SELECT 1 FROM run WHERE run.id = b.id) THEN 'busy' ELSE 'gone' END
FROM b LEFT JOIN lck USING (id) LEFT JOIN upd USING (id)
"""

# After a lost connection a commit is neither done nor undone until this has been asked; nor is it
# while it goes on behind the lost line, which is seen by the lock it holds.
POSITION: LiteralString = """
WITH free AS MATERIALIZED (
  SELECT id, epoch, last_seq, state FROM run WHERE id = ANY(%(run)s::uuid[])
  ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
)
SELECT run.id, free.epoch, free.last_seq, free.state FROM run LEFT JOIN free USING (id)
WHERE run.id = ANY(%(run)s::uuid[])
"""


def append_parameters(appends: Sequence[Append], *, lease_s: float) -> dict[str, Any]:
    """The arrays that APPEND takes."""
    entries = [(a.run_id, entry) for a in appends for entry in a.entries]
    notices = [(a, notice) for a in appends for notice in a.notices]
    flags = [(a, flag) for a in appends for flag in a.flags]
    messages = [(a, i, m) for a in appends for i, m in enumerate(a.messages, start=1)]
    return {
        "lease": lease_s,
        "run": [a.run_id for a in appends],
        "epoch": [a.epoch for a in appends],
        "next_epoch": [a.epoch if a.next_epoch is None else a.next_epoch for a in appends],
        "old": [a.old_seq for a in appends],
        "new": [a.new_seq for a in appends],
        "was": [a.was for a in appends],
        "state": [a.state for a in appends],
        "error": [a.error_code for a in appends],
        "usage": [None if a.usage is None else _json(a.usage) for a in appends],
        "thread": [a.thread_id for a in appends],
        "level": [a.level for a in appends],
        "levels": LEVELS,
        "rising": [a.thread_id for a in appends if a.level is not None],
        "e_run": [run for run, _ in entries],
        "e_seq": [entry.seq for _, entry in entries],
        "e_kind": [entry.kind for _, entry in entries],
        "e_payload": [entry.payload for _, entry in entries],
        "n_thread": [a.thread_id for a, _ in notices],
        "n_run": [a.run_id for a, _ in notices],
        "n_seq": [notice.seq for _, notice in notices],
        "n_after": [notice.after_message for _, notice in notices],
        "n_name": [notice.name for _, notice in notices],
        "n_value": [_json(notice.value) for _, notice in notices],
        "f_thread": [a.thread_id for a, _ in flags],
        "f_run": [a.run_id for a, _ in flags],
        "f_message": [flag.message for _, flag in flags],
        "f_level": [flag.level for _, flag in flags],
        "f_category": [flag.category for _, flag in flags],
        "f_detector": [flag.detector for _, flag in flags],
        "f_start": [flag.span[0] if flag.span else None for _, flag in flags],
        "f_end": [flag.span[1] if flag.span else None for _, flag in flags],
        "m_id": [uuid4() for _ in messages],
        "m_thread": [a.thread_id for a, _, _ in messages],
        "m_client": [m.client_msg_id for _, _, m in messages],
        "m_run": [a.run_id for a, _, _ in messages],
        "m_role": [m.role for _, _, m in messages],
        "m_ord": [a.ord for a, _, _ in messages],
        "m_idx": [i for _, i, _ in messages],
        "m_content": [_json(m.parts) for _, _, m in messages],
        "m_status": ["complete" if m.complete else "partial" for _, _, m in messages],
    }


def read_outcomes(rows: Iterable[tuple[UUID, str]]) -> dict[UUID, Outcome]:
    return {run_id: Outcome(word) for run_id, word in rows}


def number(events: Iterable[agui.AguiEvent], *, after: int) -> list[Entry]:
    """Encode events and give them the sequence numbers that follow `after`."""
    return [
        Entry(seq, event.kind, agui.encode(event)) for seq, event in enumerate(events, after + 1)
    ]


def frames(entries: Iterable[Entry], *, ord: int, prev: Cursor) -> list[Frame]:
    """The frames of entries of run `ord`; `prev` is the cursor before the first of them."""
    out = []
    for entry in entries:
        here = Cursor(ord, entry.seq)
        out.append(Frame(here, prev, entry.payload))
        prev = here
    return out


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
