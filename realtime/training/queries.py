"""What is kept about fine-tuning jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from realtime.corpus.models import Import
from realtime.provider.tuning_facts import FIGURES, Metrics
from realtime.review.queries import usable
from realtime.training.figuring import Losses, losses
from realtime.training.models import Checkpoint, Figures, TunedModel, TuningJob


@dataclass(frozen=True, slots=True)
class Trained:
    """A model that a job gave: at its end, or at a checkpoint."""

    name: str
    job: TuningJob
    checkpoint: Checkpoint | None
    validation_loss: float | None
    better: Checkpoint | None  # of the same job, with less validation loss

    @property
    def source(self) -> str:
        if self.checkpoint is None:
            return f"fine-tuning job {self.job.pk}"
        return f"fine-tuning job {self.job.pk}, checkpoint at step {self.checkpoint.step}"


def due_jobs(now: datetime) -> QuerySet[TuningJob]:
    return TuningJob.objects.filter(next_sync_at__lte=now).order_by("next_sync_at", "id")


def next_look() -> datetime | None:
    """When the next job is due; None when none is awaited."""
    waiting = TuningJob.objects.filter(next_sync_at__isnull=False).order_by("next_sync_at")
    return waiting.values_list("next_sync_at", flat=True).first()


def job_named(name: str) -> TuningJob | None:
    """By our number or by the server's id."""
    if name.isascii() and name.isdigit() and len(name) < 18:
        return TuningJob.objects.filter(pk=int(name)).first()
    return TuningJob.objects.filter(remote_id=name).order_by("-id").first()


def metrics_of(row: Figures) -> Metrics:
    return Metrics(row.step, **{name: getattr(row, name) for name in FIGURES})


def losses_of(job: TuningJob) -> Losses:
    steps = [metrics_of(point) for point in job.points.all()]
    epochs = job.epochs_seen or job.n_epochs
    return losses(steps, epochs=epochs, over=job.status == "succeeded")


def best_checkpoint(job: TuningJob) -> Checkpoint | None:
    """The one with the least validation loss, of those that have the same kind of it."""
    checkpoints = list(job.checkpoints.all())
    for kind in ("full_valid_loss", "valid_loss"):
        told = [one for one in checkpoints if getattr(one, kind) is not None]
        if told:
            return min(told, key=lambda one: (getattr(one, kind), one.step))
    return None


def trained(name: str, *, base_url: str | None = None) -> Trained | None:
    """The model of a job, of a checkpoint's id, or of that name; None where nothing is known.

    `base_url` None: wherever it is.
    """
    if base_url is None and (job := job_named(name)) is not None:
        return _of_job(job)
    checkpoints = Checkpoint.objects.select_related("job").order_by("-id")
    if base_url is None and (found := checkpoints.filter(remote_id=name).first()):
        return _of_checkpoint(found)
    models = TunedModel.objects.filter(name=name).select_related("job", "checkpoint__job")
    if base_url is not None:
        models = models.filter(base_url=base_url)
    made = models.order_by("-id").first()
    if made is None:
        return None
    return _of_job(made.job) if made.checkpoint is None else _of_checkpoint(made.checkpoint)


def _of_job(job: TuningJob) -> Trained:
    """Its own model is that of its last checkpoint, where it has any."""
    last = job.checkpoints.filter(model=job.fine_tuned_model).last() or job.checkpoints.last()
    if last is not None:
        return Trained(job.fine_tuned_model, job, None, _loss_at(last), _better_than(last))
    told = losses_of(job)
    held = [v for m in told.steps if (v := told.validation_of(m)) is not None]
    return Trained(job.fine_tuned_model, job, None, held[-1] if held else None, None)


def _of_checkpoint(found: Checkpoint) -> Trained:
    return Trained(found.model, found.job, found, _loss_at(found), _better_than(found))


def _better_than(checkpoint: Checkpoint) -> Checkpoint | None:
    best = best_checkpoint(checkpoint.job)
    if best is None or best.pk == checkpoint.pk:
        return None
    kind = _kind_of(best)
    return best if getattr(checkpoint, kind) != getattr(best, kind) else None


def _kind_of(row: Figures) -> str:
    return "valid_loss" if row.full_valid_loss is None else "full_valid_loss"


def loss_of(row: Figures) -> float | None:
    """Its validation loss: on the whole of the file, else on a batch of it."""
    loss: float | None = getattr(row, _kind_of(row))
    return loss


def _loss_at(checkpoint: Checkpoint) -> float | None:
    """As the server says it of the checkpoint, else of its step."""
    loss = loss_of(checkpoint)
    point = checkpoint.job.points.filter(step=checkpoint.step).first()
    return loss_of(point) if loss is None and point is not None else loss


def models_to_ask_for(before: datetime) -> list[TunedModel]:
    """Models whose end nobody asked for since then."""
    asked_since = TunedModel.objects.filter(asked_at__gte=before).values("pk")
    models = TunedModel.objects.exclude(pk__in=asked_since)
    return list(models.select_related("job"))


def withdrawn(job: TuningJob) -> int:
    """How many of the reviewed replies that a job trains on may not be learnt from any more."""
    sources = job.manifest.get("sources", [])
    reviewed = {one["sha256"] for one in sources if one["origin"] == Import.Origin.REVIEWED}
    sides = job.manifest.get("exchanges", {}).values()
    rows = {one["row"] for side in sides for one in side if one["import_sha256"] in reviewed}
    return len(rows) - usable().filter(pk__in=rows).count()
