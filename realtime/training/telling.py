"""Jobs in plain lines, for the terminal and for the admin."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.timezone import localtime

from realtime.provider.config import ProviderConfig
from realtime.training import queries
from realtime.training.figuring import in_words
from realtime.training.models import GONE, NOT_TAKEN, STARTING, Checkpoint, TunedModel, TuningJob

_STATUSES = {
    STARTING: "being started, or its answer was lost",
    NOT_TAKEN: "not taken by the server",
    GONE: "gone from the server",
    "validating_files": "its files are being checked",
    "queued": "waiting for its turn",
    "running": "running",
    "pausing": "pausing",
    "paused": "paused",
    "succeeded": "succeeded",
    "failed": "failed",
    "cancelled": "cancelled",
}


def status_of(job: TuningJob) -> str:
    """In words; a status nobody here knows is shown as the server says it."""
    return _STATUSES.get(job.status, job.status)


def host_of(base_url: str) -> str:
    return ProviderConfig(api_key="", base_url=base_url).host


def settings_of(job: TuningJob) -> str:
    """How it was asked to be trained, on one line."""
    chosen = {
        "epochs": job.n_epochs,
        "batch size": job.batch_size,
        "learning rate multiplier": job.learning_rate_multiplier,
    }
    told = [f"{n} {'as the server likes' if v is None else f'{v:g}'}" for n, v in chosen.items()]
    return ", ".join([*told, f"seed {job.seed}"])


def line_of(job: TuningJob) -> str:
    held = f"{job.validation_examples:,}" if job.validation_examples else "none"
    said = (
        f"{job.pk:>4}  {status_of(job)}  {job.base_model} at {host_of(job.base_url)}, "
        f"{job.train_examples:,} rows, {held} held out"
    )
    return f"{said}  -> {job.fine_tuned_model}" if job.fine_tuned_model else said


def lines_of(job: TuningJob, *, events: int = 10) -> list[str]:
    """Everything about one job."""
    lines = [line_of(job).strip(), f"On the server: {job.remote_id or 'no id yet'}"]
    lines.append(f"Asked for: {settings_of(job)}")
    lines += in_words(queries.losses_of(job))
    lines += _checkpoints(job)
    if job.trouble:
        lines.append(f"Trouble: {job.trouble}.")
        lines += [f"Way out: {job.way_out}."] if job.way_out else []
    if job.error_message:
        lines.append(f"The server's words: {job.error_code} {job.error_message}".strip())
    lines += [
        f"  {minute(one.at)}  {one.level}  {one.message}"
        for one in reversed(job.events.exclude(kind="metrics").order_by("-at", "-id")[:events])
    ]
    return lines


def as_json(job: TuningJob) -> dict[str, Any]:
    """For programs; what is not there is null."""
    best = queries.best_checkpoint(job)
    return {
        "job": job.pk,
        "remote_id": job.remote_id,
        "status": job.status,
        "base_url": job.base_url,
        "base_model": job.base_model,
        "fine_tuned_model": job.fine_tuned_model or None,
        "train_examples": job.train_examples,
        "validation_examples": job.validation_examples,
        "trained_tokens": job.trained_tokens,
        "best_checkpoint": best.model if best else None,
        "validation_loss": queries.loss_of(best) if best else None,
        "trouble": job.trouble or None,
        "way_out": job.way_out or None,
    }


def minute(at: datetime) -> str:
    return f"{localtime(at):%Y-%m-%d %H:%M}"


def ends_of(model: TunedModel) -> str:
    """When a tuned model stops."""
    if model.shutdown_date:
        return model.shutdown_date
    if ProviderConfig(api_key="", base_url=model.base_url).is_openai:
        return "2027-01-14, as all models tuned at OpenAI"
    return "not announced" if model.asked_at else "not asked yet"


def _checkpoints(job: TuningJob) -> list[str]:
    best = queries.best_checkpoint(job)
    return [
        f"Checkpoint {one.remote_id}: step {one.step}, {_losses(one)}"
        f"{', the best' if best and one.pk == best.pk else ''}: {one.model}"
        for one in job.checkpoints.all()
    ]


def _losses(one: Checkpoint) -> str:
    loss, trained = queries.loss_of(one), one.train_loss
    held = "no validation loss" if loss is None else f"validation loss {loss:.3f}"
    return held if trained is None else f"{held}, training loss {trained:.3f}"
