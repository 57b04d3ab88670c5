"""Every change of what is kept about fine-tuning jobs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.utils import timezone

from realtime.provider.tuning_errors import TuningError
from realtime.provider.tuning_facts import FIGURES, CheckpointSeen, EventSeen, JobSeen, Metrics
from realtime.training.figuring import together
from realtime.training.models import (
    FINAL,
    GONE,
    NOT_TAKEN,
    OVER,
    Checkpoint,
    MetricPoint,
    ResultFile,
    TunedModel,
    TuningEvent,
    TuningJob,
)
from realtime.training.pace import PACE_S, after_failures


@dataclass(frozen=True, slots=True)
class Fetched:
    """All that one look at a server gave; `whole` False: some of it has to be asked for again."""

    job: JobSeen
    events: Sequence[EventSeen] = ()
    checkpoints: Sequence[CheckpointSeen] = ()
    results: Mapping[str, str] = field(default_factory=dict)  # text by file id
    points: Sequence[Metrics] = ()
    trouble: tuple[str, str] = ("", "")  # cause and way out
    whole: bool = True


@transaction.atomic
def begin(*, fingerprint: str, **asked: Any) -> tuple[TuningJob, bool]:
    """Write a job down before its server hears of it; False: the same one runs already."""
    try:
        with transaction.atomic():
            job = TuningJob.objects.create(
                key=uuid4(), fingerprint=fingerprint, next_sync_at=timezone.now(), **asked
            )
            return job, True
    except IntegrityError:
        running = TuningJob.objects.exclude(status__in=OVER)
        return running.get(fingerprint=fingerprint), False


@transaction.atomic
def note_files(*, job_id: int, training_file: str = "", validation_file: str = "") -> None:
    job = TuningJob.objects.select_for_update().get(id=job_id)
    job.training_file = training_file or job.training_file
    job.validation_file = validation_file or job.validation_file
    job.save(update_fields=["training_file", "validation_file"])


@transaction.atomic
def not_taken(*, job_id: int, cause: str, way_out: str, said: str = "") -> None:
    """The server did not take it: nothing runs, nothing is due."""
    TuningJob.objects.filter(id=job_id, remote_id__isnull=True).update(
        status=NOT_TAKEN,
        trouble=cause,
        way_out=way_out,
        error_message=said,
        next_sync_at=None,
        finished_at=timezone.now(),
    )


@transaction.atomic
def record(*, job_id: int, fetched: Fetched, now: datetime) -> TuningJob:
    """Write down what a look gave; what was known stays, and a job that is over stays over."""
    job = TuningJob.objects.select_for_update().get(id=job_id)
    _take_over(job, fetched.job, now)
    job.trouble, job.way_out = fetched.trouble
    job.synced_at, job.sync_failures = now, 0
    settled = job.status in FINAL and fetched.whole
    job.next_sync_at = None if settled else now + timedelta(seconds=PACE_S)
    job.save()
    _keep_events(job, fetched.events)
    _keep_points(job, fetched)
    _keep_checkpoints(job, fetched.checkpoints)
    _keep_results(job, fetched.results)
    _keep_models(job)
    return job


@transaction.atomic
def sync_failed(*, job_id: int, error: TuningError, gone: bool, now: datetime) -> TuningJob:
    """Keep the reason; ask again later, ever more rarely, unless the job is gone."""
    job = TuningJob.objects.select_for_update().get(id=job_id)
    job.trouble, job.way_out = error.cause, error.cure
    job.sync_failures += 1
    job.next_sync_at = now + after_failures(job.sync_failures, least_s=error.after_s)
    if gone:
        job.next_sync_at = None
        if not job.is_over:
            job.status, job.finished_at = GONE, now
    job.save(
        update_fields=[
            "trouble", "way_out", "sync_failures", "next_sync_at", "status", "finished_at",
        ]
    )  # fmt: skip
    return job


@transaction.atomic
def note_shutdown(*, model_id: int, date: str | None, now: datetime) -> None:
    """None: it could not be found out, and what was known stays."""
    changed: dict[str, Any] = {"asked_at": now}
    if date is not None:
        changed["shutdown_date"] = date
    TunedModel.objects.filter(id=model_id).update(**changed)


def _take_over(job: TuningJob, seen: JobSeen, now: datetime) -> None:
    was_final = job.status in FINAL
    job.remote_id = job.remote_id or seen.id
    if not was_final or seen.status in FINAL:
        job.status = seen.status
    job.fine_tuned_model = seen.fine_tuned_model or job.fine_tuned_model
    job.trained_tokens = job.trained_tokens if seen.trained_tokens is None else seen.trained_tokens
    job.epochs_seen = seen.epochs or job.epochs_seen
    job.error_code, job.error_message = seen.error_code, seen.error_message
    job.seen = dict(seen.raw)
    if job.status in FINAL:
        job.finished_at = seen.finished_at or job.finished_at or now
    else:
        job.finished_at = None


def _keep_events(job: TuningJob, events: Iterable[EventSeen]) -> None:
    TuningEvent.objects.bulk_create(
        [
            TuningEvent(
                job=job,
                remote_id=event.id,
                at=event.at,
                level=event.level,
                kind=event.kind,
                message=event.message,
                data=dict(event.data),
            )
            for event in reversed(list(events))  # the oldest first: ids follow the time
        ],
        ignore_conflicts=True,
    )


def _keep_points(job: TuningJob, fetched: Fetched) -> None:
    """Events, then checkpoints, then the result file, which knows best."""
    known = [_metrics(point) for point in job.points.all()]
    told = [m for event in reversed(list(fetched.events)) if (m := event.metrics)]
    marks = [one.metrics for one in fetched.checkpoints]
    points = together([*known, *told, *marks, *fetched.points])
    before = set(known)
    MetricPoint.objects.bulk_create(
        [MetricPoint(job=job, **asdict(point)) for point in points if point not in before],
        update_conflicts=True,
        unique_fields=["job", "step"],
        update_fields=FIGURES,
    )


def _keep_checkpoints(job: TuningJob, checkpoints: Iterable[CheckpointSeen]) -> None:
    Checkpoint.objects.bulk_create(
        [
            Checkpoint(
                job=job, remote_id=one.id, model=one.model, at=one.at, **asdict(one.metrics)
            )
            for one in checkpoints
        ],
        update_conflicts=True,
        unique_fields=["job", "remote_id"],
        update_fields=["model", "step", *FIGURES],
    )


def _keep_results(job: TuningJob, results: Mapping[str, str]) -> None:
    ResultFile.objects.bulk_create(
        [ResultFile(job=job, remote_id=id, text=text) for id, text in results.items()],
        ignore_conflicts=True,
    )


def _keep_models(job: TuningJob) -> None:
    made = [
        TunedModel(base_url=job.base_url, name=one.model, job=job, checkpoint=one)
        for one in job.checkpoints.all()
        if one.model != job.fine_tuned_model
    ]
    if job.fine_tuned_model:
        made.append(TunedModel(base_url=job.base_url, name=job.fine_tuned_model, job=job))
    TunedModel.objects.bulk_create(made, ignore_conflicts=True)
    # Its last checkpoint may have been told of before the model was known to be its own.
    own = TunedModel.objects.filter(base_url=job.base_url, name=job.fine_tuned_model)
    own.filter(job=job).update(checkpoint=None)


def _metrics(point: MetricPoint) -> Metrics:
    return Metrics(point.step, **{name: getattr(point, name) for name in FIGURES})
