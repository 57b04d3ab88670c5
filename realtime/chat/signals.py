"""What a deletion elsewhere needs of the room.

The log has no foreign key: whatever deletes a run, a person's deletion too, deletes its log.
Sockets end with what was shown for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models.signals import post_delete
from django.dispatch import receiver

from realtime.accounts.signals import access_ended, deleting_people
from realtime.chat import engine, under_lock
from realtime.chat.codes import CloseCode
from realtime.chat.models import Run, RunEvent


@receiver(post_delete, sender=Run, dispatch_uid="chat.log_of_deleted_run")
def delete_log(sender: type[Run], instance: Run, **kwargs: Any) -> None:
    RunEvent.objects.filter(run_id=instance.id).delete()


@receiver(access_ended, dispatch_uid="chat.sockets_of_ended_access")
def close_sockets(sender: type[Any], names: Sequence[str], **kwargs: Any) -> None:
    running = engine.installed()
    if running is not None:
        running.end_sockets(names, CloseCode.UNAUTHENTICATED)


@receiver(deleting_people, dispatch_uid="chat.threads_of_deleted_people")
def lock_threads(sender: type[Any], user_ids: Sequence[int], **kwargs: Any) -> None:
    under_lock.lock_all_of(owner_ids=user_ids)
