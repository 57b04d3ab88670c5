"""The log has no foreign key: whatever deletes a run, a person's deletion too, deletes its log."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete
from django.dispatch import receiver

from realtime.chat.models import Run, RunEvent


@receiver(post_delete, sender=Run, dispatch_uid="chat.log_of_deleted_run")
def delete_log(sender: type[Run], instance: Run, **kwargs: Any) -> None:
    RunEvent.objects.filter(run_id=instance.id).delete()
