"""Replies that a reviewer picked as examples: redacted, corrected, and only while consent stands.

Rules of writing are in `operations.py`. What has ended holds no words any more: it only says who
picked what, when, and why it ended.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from realtime.chat.models import Thread


class ReviewedReply(models.Model):
    """One question and the reply to it, as they may be learnt from.

    `message` and `reply` are the client's ids of what they were made of.
    """

    class Ending(models.TextChoices):
        REMOVED = "removed", "taken out by a reviewer"
        NOT_ALLOWED = "not_allowed", "no longer allowed by its person"
        RISK = "risk", "its conversation tells of danger"

    id = models.BigAutoField(primary_key=True)
    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="reviewed_replies")
    message = models.TextField(editable=False)
    reply = models.TextField(editable=False)
    question = models.TextField(blank=True)
    answer = models.TextField(blank=True)
    # What was said before the question: [{"role": "user"|"assistant", "content": str}].
    history = models.JSONField(default=list, editable=False)
    topics = models.JSONField(default=list, blank=True)
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, editable=False)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        editable=False,
    )
    ending = models.TextField(choices=Ending.choices, default="", editable=False)

    class Meta:
        db_table = "reviewed_reply"
        ordering = ("id",)
        verbose_name_plural = "reviewed replies"
        constraints = (
            models.UniqueConstraint(
                fields=["thread", "reply"],
                condition=Q(ended_at__isnull=True),
                name="reply_reviewed_once",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ending="")
                | (Q(ended_at__isnull=False, question="", answer="") & ~Q(ending="")),
                name="reviewed_ended_without_words",
            ),
        )

    def __str__(self) -> str:
        return f"reviewed reply {self.pk}"


class ReviewedEdit(models.Model):
    """What it said after an edit, and whose that was; goes when the reply ends."""

    id = models.BigAutoField(primary_key=True)
    reviewed = models.ForeignKey(ReviewedReply, on_delete=models.CASCADE, related_name="edits")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField(db_default=Now())
    question = models.TextField()
    answer = models.TextField()

    class Meta:
        db_table = "reviewed_edit"
        ordering = ("id",)

    def __str__(self) -> str:
        return f"edit {self.pk}"
