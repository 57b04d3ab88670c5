"""Asks servers how their jobs go on, and has it written down; the worker's and the command's."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from realtime.provider import tuning_results
from realtime.provider.tuning import Tuner
from realtime.provider.tuning_errors import (
    JobGone,
    NoTuningHere,
    OddAnswer,
    Passing,
    TuningError,
    UnknownModel,
)
from realtime.provider.tuning_facts import JobSeen, Metrics
from realtime.provider.tuning_faults import of_failed_job
from realtime.training import operations, queries
from realtime.training.addresses import tuning_config
from realtime.training.models import FAILED, SUCCEEDED, TunedModel, TuningJob
from realtime.training.operations import Fetched
from realtime.training.pace import DATES_S, LATE_RESULTS_S, LOST_S

logger = logging.getLogger(__name__)
_LOCKS = 0x6B746A  # of advisory locks: a job of fine-tuning
_ABSENT = "the server never took this job: its answer was lost, and it knows nothing of it"
MakeTuner = Callable[[TuningJob], Tuner]


def tuner_of(job: TuningJob) -> Tuner:
    return Tuner(tuning_config(base_url=job.base_url, model=job.base_model))


def sync_due(*, make_tuner: MakeTuner = tuner_of) -> int:
    """Look at every job that is due; how many were looked at."""
    jobs = list(queries.due_jobs(timezone.now()))
    for job in jobs:
        try:
            sync(job, make_tuner=make_tuner)
        except Exception as error:
            _put_off(job, error)
    _ask_for_dates(make_tuner)
    return len(jobs)


def _put_off(job: TuningJob, error: Exception) -> None:
    """A fault of ours about one job must not keep the others waiting."""
    kind = type(error).__name__
    logger.error("fine-tuning job %s could not be looked at: %s", job.pk, kind)
    ours = Passing(f"something is wrong here ({kind})", "tell those who make Kindline")
    operations.sync_failed(job_id=job.pk, error=ours, gone=False, now=timezone.now())


def sync(job: TuningJob, *, make_tuner: MakeTuner = tuner_of) -> TuningError | None:
    """Look at one job now; gives back why it could not, which is written down too."""
    with alone(job) as free:
        if not free:
            return None  # somebody else asks at this moment
        job.refresh_from_db()
        with make_tuner(job) as tuner:
            try:
                _look(job, tuner)
            except TuningError as error:
                gone = isinstance(error, JobGone)
                operations.sync_failed(job_id=job.pk, error=error, gone=gone, now=timezone.now())
                logger.warning("fine-tuning job %s: %s", job.pk, error.kind)
                return error
    return None


@contextmanager
def alone(job: TuningJob) -> Iterator[bool]:
    """Whether nobody else starts or asks about this job meanwhile."""
    with connection.cursor() as sql:
        sql.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCKS, job.pk])
        free = bool(sql.fetchone()[0])
    try:
        yield free
    finally:
        if free:
            with connection.cursor() as sql:
                sql.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCKS, job.pk])


def find_lost(job: TuningJob, tuner: Tuner) -> JobSeen | None:
    """The job on the server, if its server took it although we never heard."""
    return tuner.find(key=str(job.key), training_file=job.training_file)


def ask_for_date(model: TunedModel, tuner: Tuner) -> None:
    """When the model ends; who knows nothing of models keeps what is known."""
    date: str | None = None
    try:
        date = tuner.shutdown_date(model.name)
    except TuningError as error:
        logger.info("shutdown date of a tuned model: %s", error.kind)
        if isinstance(error, Passing):
            return
    operations.note_shutdown(model_id=model.pk, date=date, now=timezone.now())


def _look(job: TuningJob, tuner: Tuner) -> None:
    now = timezone.now()
    if job.remote_id is None:
        seen = find_lost(job, tuner)
        if seen is None:
            _still_lost(job, now)
            return
    else:
        seen = tuner.job(job.remote_id)
    operations.record(job_id=job.pk, fetched=_fetch(job, seen, tuner, now), now=now)


def _still_lost(job: TuningJob, now: datetime) -> None:
    if now - job.created_at > timedelta(seconds=LOST_S):
        operations.not_taken(
            job_id=job.pk, cause=job.trouble or _ABSENT, way_out=job.way_out or "start it again"
        )


def _fetch(job: TuningJob, seen: JobSeen, tuner: Tuner, now: datetime) -> Fetched:
    known = set(job.events.values_list("remote_id", flat=True))
    events = tuner.events(seen.id, known=known)
    checkpoints = tuner.checkpoints(seen.id)
    results, points, unread = _results(job, seen, tuner)
    trouble = ("", "")
    if seen.status == FAILED:
        host = tuner.config.host
        failed = of_failed_job(host, code=seen.error_code, message=seen.error_message)
        trouble = (failed.cause, failed.cure)
    elif unread:
        trouble = (unread, "the curves show what its events and checkpoints tell")
    return Fetched(
        job=seen,
        events=events,
        checkpoints=checkpoints,
        results=results,
        points=points,
        trouble=trouble,
        whole=not _more_to_come(job, seen, now),
    )


def _results(
    job: TuningJob, seen: JobSeen, tuner: Tuner
) -> tuple[dict[str, str], list[Metrics], str]:
    """Texts by file id, their steps, and what is wrong with one that nobody can read."""
    known = set(job.results.values_list("remote_id", flat=True))
    texts: dict[str, str] = {}
    points: list[Metrics] = []
    unread = ""
    for file in seen.result_files:
        if file in known:
            continue
        try:
            texts[file] = tuner.result(file)
            points += tuning_results.points_of(texts[file])
        except OddAnswer:
            unread = f"the result file {file} is no table of steps"
        except (JobGone, NoTuningHere, UnknownModel):
            unread = f"the result file {file} is not there"
    return texts, points, unread


def _more_to_come(job: TuningJob, seen: JobSeen, now: datetime) -> bool:
    """Whether a job that is over may still get its model's name or its result file."""
    if seen.status != SUCCEEDED:
        return False
    ended = job.finished_at or now
    late = now - ended > timedelta(seconds=LATE_RESULTS_S)
    return not late and not (seen.fine_tuned_model and seen.result_files)


def _ask_for_dates(make_tuner: MakeTuner) -> None:
    before = timezone.now() - timedelta(seconds=DATES_S)
    for model in queries.models_to_ask_for(before):
        with make_tuner(model.job) as tuner:
            ask_for_date(model, tuner)
