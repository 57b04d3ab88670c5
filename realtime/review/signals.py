"""Words that were picked go when their person takes their agreement back, or deletes them."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver

from realtime.accounts.signals import learning_withdrawn
from realtime.review import operations
from realtime.review.models import ReviewedReply


@receiver(learning_withdrawn, dispatch_uid="review.consent_withdrawn")
def erase(sender: type[Any], user_id: int, **kwargs: Any) -> None:
    """In the transaction that takes it back: it is not back before the words are gone."""
    operations.let_go_of(user_id=user_id)


@receiver(post_delete, sender=ReviewedReply, dispatch_uid="review.thread_deleted")
def leave_the_corpus(sender: type[Any], instance: ReviewedReply, **kwargs: Any) -> None:
    if instance.ended_at is None:
        transaction.on_commit(operations.joined)
