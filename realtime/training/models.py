"""Fine-tuning jobs as they were asked for, and what their servers told of them.

Rules of writing are in `operations.py`. Servers' words (statuses, kinds, levels) are stored as
they came: none of them is a choice. No key is stored, and no row that was trained on.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

# Before the server has taken it, and when it never did or knows it no more: words of ours.
STARTING, NOT_TAKEN, GONE = "starting", "not taken", "gone"
SUCCEEDED, FAILED, CANCELLED = "succeeded", "failed", "cancelled"
FINAL = (SUCCEEDED, FAILED, CANCELLED)
OVER = (*FINAL, NOT_TAKEN, GONE)


class Figures(models.Model):
    """Losses and accuracies (0 to 1) of one step; null: not told."""

    step = models.IntegerField()
    train_loss = models.FloatField(null=True)
    valid_loss = models.FloatField(null=True)
    full_valid_loss = models.FloatField(null=True)
    train_accuracy = models.FloatField(null=True)
    valid_accuracy = models.FloatField(null=True)
    full_valid_accuracy = models.FloatField(null=True)

    class Meta:
        abstract = True


class TuningJob(models.Model):
    """One job: written down before the server hears of it, so that none is started twice."""

    id = models.BigAutoField(primary_key=True)
    # In the job's metadata on the server: finds it again when the answer was lost.
    key = models.UUIDField(unique=True, editable=False)
    # SHA-256 (hex) of where, what and how: two that are the same do not run side by side.
    fingerprint = models.CharField(max_length=64)
    base_url = models.TextField(blank=True)  # empty: OpenAI's own
    base_model = models.TextField()
    remote_id = models.TextField(null=True)
    status = models.TextField(default=STARTING)

    # What was asked for; null: the server chooses.
    n_epochs = models.IntegerField(null=True)
    batch_size = models.IntegerField(null=True)
    learning_rate_multiplier = models.FloatField(null=True)
    seed = models.IntegerField()
    suffix = models.TextField(blank=True)
    extra = models.JSONField(default=dict)
    old_hyperparameters = models.BooleanField(default=False)
    # Of the dataset: its manifest says sample, seeds, filters, licences and hashes.
    manifest = models.JSONField(default=dict)
    train_examples = models.IntegerField()
    validation_examples = models.IntegerField()
    training_file = models.TextField(blank=True)
    validation_file = models.TextField(blank=True)

    # What the server said last.
    fine_tuned_model = models.TextField(blank=True)
    trained_tokens = models.BigIntegerField(null=True)
    epochs_seen = models.IntegerField(null=True)
    error_code = models.TextField(blank=True)
    error_message = models.TextField(blank=True)
    seen = models.JSONField(default=dict)
    # Ours: what went wrong, in words, with the way out.
    trouble = models.TextField(blank=True)
    way_out = models.TextField(blank=True)

    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    # Until everything of a job that is over has been fetched: then null, and nobody asks again.
    next_sync_at = models.DateTimeField(null=True)
    synced_at = models.DateTimeField(null=True)
    sync_failures = models.IntegerField(default=0)

    class Meta:
        db_table = "tuning_job"
        verbose_name = "fine-tuning job"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=["base_url", "remote_id"], name="tuning_job_of_a_server_once"
            ),
            models.UniqueConstraint(
                fields=["fingerprint"], condition=~Q(status__in=OVER), name="tuning_job_runs_once"
            ),
        )
        indexes = (models.Index(fields=["next_sync_at"], name="tuning_job_due"),)

    def __str__(self) -> str:
        return f"job {self.pk}"

    @property
    def is_over(self) -> bool:
        return self.status in OVER


class TuningEvent(models.Model):
    """What a server told, once by its id."""

    id = models.BigAutoField(primary_key=True)
    job = models.ForeignKey(TuningJob, on_delete=models.CASCADE, related_name="events")
    remote_id = models.TextField()
    at = models.DateTimeField()
    level = models.TextField()
    kind = models.TextField()
    message = models.TextField(blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        db_table = "tuning_event"
        ordering = ("at", "id")
        constraints = (
            models.UniqueConstraint(fields=["job", "remote_id"], name="tuning_event_once"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.remote_id}"


class MetricPoint(Figures):
    """The figures of a step, from events and result files together."""

    job = models.ForeignKey(TuningJob, on_delete=models.CASCADE, related_name="points")

    class Meta:
        db_table = "tuning_point"
        ordering = ("step",)
        constraints = (models.UniqueConstraint(fields=["job", "step"], name="tuning_point_once"),)

    def __str__(self) -> str:
        return f"step {self.step}"


class Checkpoint(Figures):
    """A model as it was after a step, which can be asked like any other."""

    job = models.ForeignKey(TuningJob, on_delete=models.CASCADE, related_name="checkpoints")
    remote_id = models.TextField()
    model = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "tuning_checkpoint"
        ordering = ("step", "id")
        constraints = (
            models.UniqueConstraint(fields=["job", "remote_id"], name="tuning_checkpoint_once"),
        )

    def __str__(self) -> str:
        return self.model


class ResultFile(models.Model):
    """A table of steps as the server wrote it."""

    job = models.ForeignKey(TuningJob, on_delete=models.CASCADE, related_name="results")
    remote_id = models.TextField()
    text = models.TextField()

    class Meta:
        db_table = "tuning_result"
        constraints = (
            models.UniqueConstraint(fields=["job", "remote_id"], name="tuning_result_once"),
        )

    def __str__(self) -> str:
        return self.remote_id


class TunedModel(models.Model):
    """A model that came out of a job, at its end or at a checkpoint, and when it ends."""

    id = models.BigAutoField(primary_key=True)
    base_url = models.TextField(blank=True)
    name = models.TextField()
    job = models.ForeignKey(TuningJob, on_delete=models.CASCADE, related_name="models")
    # None: the job's last and own.
    checkpoint = models.ForeignKey(
        Checkpoint, on_delete=models.CASCADE, null=True, related_name="+"
    )
    # As the server says it; empty: it says nothing.
    shutdown_date = models.TextField(blank=True)
    asked_at = models.DateTimeField(null=True)  # when it was asked for that date
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "tuned_model"
        verbose_name = "fine-tuned model"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=["base_url", "name"], name="tuned_model_once"),
        )

    def __str__(self) -> str:
        return self.name
