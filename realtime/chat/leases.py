"""Who works on a run: a process claims it, and when that one is gone another goes on with it.

Each write is one transaction; async callers give the frames to the hub after the commit.
Synthetic threads are their maker's alone: no sweep sees them, and a claim only by name.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, LiteralString
from uuid import UUID

from django.db import connection, transaction

from realtime.chat import agui, under_lock
from realtime.chat.log import Logged
from realtime.chat.models import Run
from realtime.chat.runlog import RunLog

MAX_ATTEMPTS = 3  # owners one after the other, and replies that broke off


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
    attempt: int
    place: dict[str, str | None] = field(kw_only=True)
    message_id: str | None = field(kw_only=True, default=None)  # of the question

    @property
    def is_takeover(self) -> bool:
        """Somebody claimed it before: its log may hold more than what was submitted."""
        return self.epoch > 1

    def run_log(self, *, renewed_at: float) -> RunLog:
        """An empty log that goes on where the run stands; `renewed_at` is the loop's time."""
        return RunLog(
            run_id=self.run_id,
            thread_pk=self.thread_pk,
            owner_id=self.owner_id,
            thread_id=self.thread_id,
            client_run_id=self.client_run_id,
            ord=self.ord,
            epoch=self.epoch,
            seq=self.last_seq,
            renewed_at=renewed_at,
        )


CLAIM: LiteralString = """
UPDATE run SET state = 'running', epoch = epoch + 1, attempt = attempt + 1, claimed_by = %(me)s,
  lease_until = clock_timestamp() + make_interval(secs => %(lease)s::float8),
  started_at = coalesce(started_at, clock_timestamp())
FROM thread t
WHERE t.id = run.thread_id AND run.id IN (
  SELECT r.id FROM run r JOIN thread ON thread.id = r.thread_id
  WHERE (r.state = 'queued' OR %(steal)s AND r.state = 'running'
      AND r.lease_until < clock_timestamp() AND r.attempt < %(attempts)s)
    AND r.id <> ALL(%(mine)s::uuid[])
    AND (r.id = %(run)s OR %(run)s::uuid IS NULL AND NOT thread.synthetic)
  ORDER BY r.created_at LIMIT %(limit)s FOR UPDATE OF r SKIP LOCKED)
RETURNING run.id, run.thread_id, run.owner_id, t.client_thread_id, run.client_run_id, run.ord,
  run.epoch, run.last_seq, run.attempt, run.input
"""


@transaction.atomic
def claim(
    *,
    me: str,
    lease_s: float,
    limit: int,
    run_id: UUID | None = None,
    steal: bool = False,
    mine: Collection[UUID] = (),
) -> list[Claim]:
    """Take queued runs, the oldest first, or just `run_id`.

    `steal`: also those whose owner has not been heard of for a lease, by the database's clock,
    unless they are `mine` (then the owner lives) or were tried often enough.
    """
    with connection.cursor() as sql:
        sql.execute(
            CLAIM,
            {
                "me": me,
                "lease": lease_s,
                "limit": limit,
                "run": run_id,
                "steal": steal,
                "attempts": MAX_ATTEMPTS,
                "mine": list(mine),
            },
        )
        rows = sql.fetchall()
    return [Claim(*row[:-1], **_asked(row[-1])) for row in rows]


@dataclass(frozen=True, slots=True)
class Answered:
    """What answers a run, and what it was told: as the columns of the same names have it."""

    model: str
    prompt_version: str
    base_url: str = ""
    active_model_id: int | None = None
    grounding_version: str | None = None
    retrieved: list[dict[str, Any]] | str | None = None


@transaction.atomic
def record(*, run_id: UUID, epoch: int, answered: Answered) -> str | None:
    """Keep on the run what answers it from here on, unless it is somebody else's by now.

    Give the level of its conversation then: another process may have raised it meanwhile.
    """
    ours = Run.objects.filter(id=run_id, epoch=epoch, state=Run.State.RUNNING)
    ours.update(**asdict(answered))
    return Run.objects.filter(id=run_id).values_list("thread__level", flat=True).first()


@transaction.atomic
def charge(*, run_id: UUID, epoch: int, attempt: int) -> bool:
    """Count the next attempt of a run that goes on with its owner; False when none is left.

    `attempt` is the one that broke off: asked again, because the answer was lost, it counts once.
    """
    if attempt >= MAX_ATTEMPTS:
        return False
    runs = Run.objects.filter(id=run_id, epoch=epoch, state=Run.State.RUNNING)
    return bool(runs.filter(attempt__in=(attempt, attempt + 1)).update(attempt=attempt + 1))


@transaction.atomic
def hand_over(*, claims: Sequence[Claim]) -> int:
    """Let others take these runs at once, and not count what was no failure; says how many."""
    with connection.cursor() as sql:
        sql.execute(
            "WITH mine AS (SELECT * FROM unnest(%s::uuid[], %s::int[]) AS mine(id, epoch)),"
            " held AS (SELECT run.id FROM run JOIN mine USING (id, epoch)"
            " WHERE run.state = 'running' ORDER BY run.id FOR NO KEY UPDATE OF run SKIP LOCKED)"
            " UPDATE run SET lease_until = clock_timestamp(), attempt = greatest(attempt - 1, 0)"
            " FROM held WHERE run.id = held.id",
            [[claim.run_id for claim in claims], [claim.epoch for claim in claims]],
        )
        count: int = sql.rowcount
        return count


def lost_runs(*, abandoned_s: float, limit: int = 50) -> list[UUID]:
    """Runs to be ended as interrupted: tried often enough, or taken up by nobody for so long."""
    with connection.cursor() as sql:
        sql.execute(
            "SELECT r.id FROM run r JOIN thread t ON t.id = r.thread_id AND NOT t.synthetic"
            " WHERE r.state = 'running' AND r.lease_until < clock_timestamp()"
            " AND (r.attempt >= %s"
            "  OR r.lease_until < clock_timestamp() - make_interval(secs => %s::float8))"
            " ORDER BY r.created_at LIMIT %s",
            [MAX_ATTEMPTS, abandoned_s, limit],
        )
        return [row[0] for row in sql.fetchall()]


@transaction.atomic
def interrupt(*, run_id: UUID) -> Logged | None:
    """End a run whose lease is over as failed, with what was written kept as partial."""
    run = under_lock.lock_run(run_id=run_id)
    if run is None or not _lease_is_over(run):
        return None
    error = agui.RunError(
        message="The reply was interrupted. What was written so far is kept.",
        code="interrupted",
        metadata={"kindline": {"retryable": True}},
    )
    return under_lock.force_finish(run, error, state=Run.State.FAILED, error_code="interrupted")


@transaction.atomic
def condemn(*, run_id: UUID, epoch: int) -> Logged | None:
    """End a run that its owner cannot write: what the log holds of it is kept."""
    run = under_lock.lock_run(run_id=run_id)
    if run is None or run.epoch != epoch or run.state != Run.State.RUNNING:
        return None
    error = agui.RunError(
        message="Something went wrong here. Please try again.",
        code="internal",
        metadata={"kindline": {"retryable": True}},
    )
    return under_lock.force_finish(run, error, state=Run.State.FAILED, error_code="internal")


def unclaimed_runs(*, queue_s: float, limit: int = 50) -> list[UUID]:
    """Runs that nobody took up within `queue_s`, by the database's clock."""
    with connection.cursor() as sql:
        sql.execute(
            "SELECT r.id FROM run r JOIN thread t ON t.id = r.thread_id AND NOT t.synthetic"
            " WHERE r.state = 'queued'"
            " AND r.created_at < clock_timestamp() - make_interval(secs => %s::float8)"
            " ORDER BY r.created_at LIMIT %s",
            [queue_s, limit],
        )
        return [row[0] for row in sql.fetchall()]


@transaction.atomic
def give_up(*, run_id: UUID) -> Logged | None:
    """End a run that nobody took up as failed, so that its thread is free again."""
    run = under_lock.lock_run(run_id=run_id)
    if run is None or run.state != Run.State.QUEUED:
        return None
    error = agui.RunError(
        message="No model is free to answer right now. Please try again.",
        code="upstream_unavailable",
        metadata={"kindline": {"retryable": True}},
    )
    return under_lock.force_finish(
        run, error, state=Run.State.FAILED, error_code="upstream_unavailable"
    )


def _lease_is_over(run: Run) -> bool:
    with connection.cursor() as sql:
        sql.execute(
            "SELECT 1 FROM run WHERE id = %s AND state = 'running'"
            " AND lease_until < clock_timestamp()",
            [run.id],
        )
        return sql.fetchone() is not None


def _asked(raw: str) -> dict[str, Any]:
    """What a claim has of a run's input, which raw SQL through Django gives as text."""
    told = json.loads(raw)
    return {"place": told["place"], "message_id": told.get("message")}
