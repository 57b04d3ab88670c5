"""What must outlive a process: threads, their messages, runs, the event log and notices.

Rules of writing are in `log.py` (events, notices, state of a run), `operations.py` (what a person
does) and `leases.py` (who works on a run).
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Level(models.TextChoices):
    """How grave it is; of a thread it only rises (a trigger of migration 0003 sees to it)."""

    NONE = "none"
    CONCERN = "concern"
    CRISIS = "crisis"


class Thread(models.Model):
    """A conversation. `client_thread_id` is the client's; it means something only to its owner."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="threads"
    )
    client_thread_id = models.TextField()
    last_ord = models.IntegerField(default=0, db_default=0)
    # Made by `./dev demo`: nobody said it, no supervisor answers it, no export may hold it.
    synthetic = models.BooleanField(default=False, db_default=False)
    # Its person once said that they are under 18; never taken back, for nobody can check it.
    minor = models.BooleanField(default=False, db_default=False)
    # The gravest that was ever found in it.
    level = models.TextField(choices=Level.choices, default=Level.NONE, db_default=Level.NONE)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "thread"
        constraints = (
            models.UniqueConstraint(fields=["owner", "client_thread_id"], name="thread_of_owner"),
            models.CheckConstraint(
                condition=Q(level__in=("none", "concern", "crisis")), name="thread_level_known"
            ),
        )

    def __str__(self) -> str:
        return f"thread {self.id}"


class Message(models.Model):
    """A finished message. `content` is a list of parts (see `transcript.py`)."""

    class Status(models.TextChoices):
        COMPLETE = "complete"
        PARTIAL = "partial"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="messages")
    client_msg_id = models.TextField()
    run_id = models.UUIDField(null=True)
    role = models.TextField()
    ord = models.IntegerField()
    idx = models.IntegerField()
    content = models.JSONField()
    status = models.TextField(choices=Status.choices)
    superseded_by = models.UUIDField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "message"
        ordering = (
            "ord",
            "idx",
        )
        constraints = (
            models.UniqueConstraint(fields=["thread", "client_msg_id"], name="message_of_thread"),
        )
        indexes = (models.Index(fields=["thread", "ord", "idx"], name="message_in_order"),)

    def __str__(self) -> str:
        return f"{self.role} message {self.id}"


class ActiveModel(models.Model):
    """Which model answers from now on: the newest row's; an empty name is the settings' model.

    Rows are only added (a trigger of migration 0005 sees to it). `previous` is what a roll-back
    goes to, None for the settings' model: so roll-backs go further back, not to and fro.
    No row holds a key: `answering.key_for` has it, by address.
    """

    class Wire(models.TextChoices):
        AUTO = "auto"
        RESPONSES = "responses"
        CHAT = "chat"

    id = models.BigAutoField(primary_key=True)
    name = models.TextField(blank=True)
    base_url = models.TextField(blank=True)  # empty: OpenAI's own
    wire = models.TextField(choices=Wire.choices, default=Wire.AUTO)
    # Where it comes from, in words: a job, a checkpoint, a server of one's own.
    source = models.TextField(blank=True)
    reason = models.TextField(blank=True)
    # Chosen although its checks failed, or there were none.
    forced = models.BooleanField(default=False)
    checks = models.JSONField(default=dict)
    previous = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    chosen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "active_model"
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                condition=Q(forced=False) | ~Q(reason=""), name="model_forced_with_reason"
            ),
        )

    def __str__(self) -> str:
        return self.name or "the settings' model"


class Run(models.Model):
    """One turn of the agent; protocol.md 1.3 draws its states."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        COMPLETED = "completed"
        CANCELLED = "cancelled"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="runs"
    )
    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="runs")
    client_run_id = models.TextField()
    ord = models.IntegerField()
    state = models.TextField(choices=State.choices)
    # The fencing token: one more with every claim and every forced finish.
    epoch = models.IntegerField(default=0, db_default=0)
    attempt = models.IntegerField(default=0, db_default=0)
    claimed_by = models.TextField(null=True)
    # No index: one on this column would end HOT updates, and every flush writes it.
    lease_until = models.DateTimeField(null=True)
    last_seq = models.BigIntegerField(default=0, db_default=0)
    input = models.JSONField()
    error_code = models.TextField(null=True)
    usage = models.JSONField(null=True)
    # What answered, and what it was told; `active_model` None: the settings' model did.
    model = models.TextField(null=True)
    base_url = models.TextField(null=True)
    active_model = models.ForeignKey(
        ActiveModel, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    prompt_version = models.TextField(null=True)
    grounding_version = models.TextField(null=True)
    # The exchanges that the model was shown, or why there were none (`grounding.py`).
    retrieved = models.JSONField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    ACTIVE = (State.QUEUED, State.RUNNING)

    class Meta:
        db_table = "run"
        ordering = ("ord",)
        constraints = (
            models.UniqueConstraint(fields=["owner", "client_run_id"], name="run_of_owner"),
            models.UniqueConstraint(fields=["thread", "ord"], name="run_ord_of_thread"),
            models.UniqueConstraint(
                fields=["thread"],
                condition=Q(state__in=("queued", "running")),
                name="one_active_run",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("queued", "running", "completed", "cancelled", "failed")),
                name="run_state_known",
            ),
        )
        indexes = (
            models.Index(
                fields=["created_at"],
                condition=Q(state__in=("queued", "running")),
                name="run_active",
            ),
        )

    def __str__(self) -> str:
        return f"run {self.id}"


class RunEvent(models.Model):
    """One line of the log: an AG-UI event, serialised once and sent verbatim.

    No foreign key: deletion is explicit, and an append must not lock the run's row twice.
    """

    pk = models.CompositePrimaryKey("run_id", "seq")
    run_id = models.UUIDField()
    seq = models.BigIntegerField()
    epoch = models.IntegerField()
    kind = models.TextField()
    payload = models.TextField()

    class Meta:
        db_table = "run_event"

    def __str__(self) -> str:
        return f"{self.kind} {self.run_id}-{self.seq}"


class Notice(models.Model):
    """What a CUSTOM event showed; it outlives the log and is no part of the messages."""

    id = models.BigAutoField(primary_key=True)
    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="notices")
    run_id = models.UUIDField()
    seq = models.BigIntegerField()
    after_message = models.TextField(null=True)
    name = models.TextField()
    value = models.JSONField()

    class Meta:
        db_table = "notice"
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=["run_id", "seq"], name="notice_of_event"),)

    def __str__(self) -> str:
        return f"{self.name} {self.run_id}-{self.seq}"


class SafetyFlag(models.Model):
    """That something in a thread is to be looked at by a reviewer; it holds no words.

    `message` is the client's id of the message it is about, `span_start` and `span_end` are places
    in its text (code points). Its level stays as it was found; closing it needs a note.
    """

    class Detector(models.TextChoices):
        SCREEN = "screen"
        MODERATION = "moderation"
        REPLY = "reply"
        PERSON = "person"

    id = models.BigAutoField(primary_key=True)
    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="flags")
    run_id = models.UUIDField()
    message = models.TextField()
    level = models.TextField(choices=Level.choices[1:])
    category = models.TextField()
    detector = models.TextField(choices=Detector.choices)
    span_start = models.IntegerField(null=True)
    span_end = models.IntegerField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True)
    note = models.TextField(default="", db_default="")

    class Meta:
        db_table = "safety_flag"
        ordering = ("id",)
        constraints = (
            # The same found again (another reply to the same message, a takeover) is no news.
            models.UniqueConstraint(
                fields=["thread", "message", "detector", "level", "category"],
                name="flag_found_once",
            ),
            models.CheckConstraint(
                condition=Q(level__in=("concern", "crisis")), name="flag_level_known"
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | ~Q(note=""), name="flag_closed_with_note"
            ),
        )
        indexes = (
            models.Index(
                fields=["level", "created_at"],
                condition=Q(closed_at__isnull=True),
                name="flag_open",
            ),
        )

    def __str__(self) -> str:
        return f"{self.level} flag {self.id}"


class CardFeedback(models.Model):
    """A person's last word on a help card: for reviewers, who read it beside the card."""

    class Verdict(models.TextChoices):
        DOES_NOT_FIT = "does_not_fit", "says that it does not fit"
        FITS = "fits", "says that it fits"

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="card_feedback")
    card_id = models.TextField()
    verdict = models.TextField(choices=Verdict.choices)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "card_feedback"
        constraints = (
            models.UniqueConstraint(fields=["thread", "card_id"], name="feedback_once_a_card"),
        )

    def __str__(self) -> str:
        return f"{self.verdict} {self.card_id}"
