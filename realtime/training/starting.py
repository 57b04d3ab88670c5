"""Starts a job: writes it down, sends its rows, and is sure of having started one, not two."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from django.utils import timezone

from realtime.provider.config import ProviderConfig
from realtime.provider.tuning import KEY, JobOrder, Tuner
from realtime.provider.tuning_errors import Passing, TuningError
from realtime.provider.tuning_facts import JobSeen
from realtime.training import operations, syncing
from realtime.training.dataset import Dataset
from realtime.training.exporting import jsonl
from realtime.training.models import SUCCEEDED, TuningJob
from realtime.training.operations import Fetched

_OURS = ("model", "training_file", "validation_file")
# After an answer was lost: how long its job may take to show up in the server's list.
LOOK_AGAIN_S = (1.0, 2.0, 4.0)


class ExtraRefused(ValueError):
    """`--extra` is no JSON object, or says what has an option of its own."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How the server shall train. None: it chooses."""

    n_epochs: int | None = 3
    batch_size: int | None = None
    learning_rate_multiplier: float | None = None
    seed: int = 0
    suffix: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    old_hyperparameters: bool = False


@dataclass(frozen=True, slots=True)
class Started:
    job: TuningJob
    new: bool  # False: it ran already
    error: TuningError | None = None  # why it is not known to run


def extra_of(text: str) -> dict[str, Any]:
    """Read `--extra`. Raises ExtraRefused."""
    if not text:
        return {}
    try:
        extra = json.loads(text)
    except ValueError as error:
        raise ExtraRefused(f"--extra is no JSON: {error}.") from None
    if not isinstance(extra, dict):
        raise ExtraRefused('--extra is a JSON object: {"field": value}.')
    if taken := sorted(set(_OURS) & set(extra)):
        raise ExtraRefused(f"--extra: {', '.join(taken)} is said by the command's own options.")
    return extra


def fingerprint(config: ProviderConfig, dataset: Dataset, asked: Asked) -> str:
    """The same for the same rows, trained in the same way at the same place."""
    rows = sha256(jsonl.render(dataset.train) + b"\0" + jsonl.render(dataset.validation))
    how = [getattr(asked, name) for name in Asked.__slots__]
    where = [config.resolved_base_url, config.resolved_model]
    told = json.dumps([where, how, rows.hexdigest()], sort_keys=True)
    return sha256(told.encode()).hexdigest()


def same_before(mark: str) -> TuningJob | None:
    """A job that did the very same and succeeded."""
    return TuningJob.objects.filter(fingerprint=mark, status=SUCCEEDED).last()


def start(config: ProviderConfig, dataset: Dataset, asked: Asked, *, tuner: Tuner) -> Started:
    """Have it trained. A job that is the very same and not over is gone on with, not doubled."""
    job, new = operations.begin(
        fingerprint=fingerprint(config, dataset, asked),
        base_url=config.base_url,
        base_model=config.resolved_model,
        manifest=dataset.manifest,
        train_examples=len(dataset.train),
        validation_examples=len(dataset.validation),
        **{name: getattr(asked, name) for name in Asked.__slots__},
    )
    with syncing.alone(job) as free:
        job.refresh_from_db()
        if not free or job.remote_id is not None:
            return Started(job, new=False)
        error = _bring(job, dataset, asked, tuner, new=new)
    job.refresh_from_db()
    return Started(job, new=True, error=error)


def _bring(
    job: TuningJob, dataset: Dataset, asked: Asked, tuner: Tuner, *, new: bool
) -> TuningError | None:
    """Find the job on the server, else create it there."""
    try:
        seen = None if new else syncing.find_lost(job, tuner)
        if seen is None:
            _send_files(job, dataset, tuner)
            seen = _create(job, asked, tuner)
        operations.record(
            job_id=job.pk, fetched=Fetched(job=seen, whole=False), now=timezone.now()
        )
    except TuningError as error:
        if isinstance(error, Passing):
            now = timezone.now()
            operations.sync_failed(job_id=job.pk, error=error, gone=False, now=now)
        else:
            operations.not_taken(
                job_id=job.pk, cause=error.cause, way_out=error.cure, said=error.said
            )
        return error
    return None


def _send_files(job: TuningJob, dataset: Dataset, tuner: Tuner) -> None:
    if not job.training_file:
        job.training_file = tuner.upload("train.jsonl", jsonl.render(dataset.train))
        operations.note_files(job_id=job.pk, training_file=job.training_file)
    if dataset.validation and not job.validation_file:
        content = jsonl.render(dataset.validation)
        job.validation_file = tuner.upload("validation.jsonl", content)
        operations.note_files(job_id=job.pk, validation_file=job.validation_file)


def _create(job: TuningJob, asked: Asked, tuner: Tuner) -> JobSeen:
    order = JobOrder(
        model=job.base_model,
        training_file=job.training_file,
        validation_file=job.validation_file,
        metadata={KEY: str(job.key)},
        **{name: getattr(asked, name) for name in Asked.__slots__},
    )
    try:
        return tuner.create(order)
    except Passing as error:
        if error.status == 429:
            raise
        return _look_for(job, tuner, error)


def _look_for(job: TuningJob, tuner: Tuner, lost: Passing) -> JobSeen:
    """Its answer was lost, not necessarily the job. Raises `lost` where it is not to be found."""
    for wait_s in LOOK_AGAIN_S:
        time.sleep(wait_s)
        try:
            seen = syncing.find_lost(job, tuner)
        except TuningError:
            continue
        if seen is not None:
            return seen
    raise lost
