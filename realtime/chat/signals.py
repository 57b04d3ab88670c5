"""What a deletion, or a claim of a guest, elsewhere needs of the room.

The log has no foreign key: whatever deletes a run, a person's deletion too, deletes its log.
Sockets end with what was shown for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver

from realtime.accounts.identity import person_name
from realtime.accounts.signals import access_ended, deleting_people, guest_claimed
from realtime.chat import claiming, engine, under_lock
from realtime.chat.codes import CloseCode
from realtime.chat.models import Run, RunEvent


@receiver(post_delete, sender=Run, dispatch_uid="chat.log_of_deleted_run")
def delete_log(sender: type[Run], instance: Run, **kwargs: Any) -> None:
    RunEvent.objects.filter(run_id=instance.id).delete()


@receiver(guest_claimed, dispatch_uid="chat.threads_of_claimed_guest")
def move_threads(sender: type[Any], guest_id: int, account_id: int, **kwargs: Any) -> None:
    """The guest's sockets connect again, as the account."""
    claiming.move_all(guest_id=guest_id, account_id=account_id)
    names = [person_name(guest_id)]
    transaction.on_commit(lambda: _end_sockets(names, CloseCode.RESTART), robust=True)


@receiver(access_ended, dispatch_uid="chat.sockets_of_ended_access")
def close_sockets(sender: type[Any], names: Sequence[str], **kwargs: Any) -> None:
    _end_sockets(names, CloseCode.UNAUTHENTICATED)


@receiver(deleting_people, dispatch_uid="chat.threads_of_deleted_people")
def lock_threads(sender: type[Any], user_ids: Sequence[int], **kwargs: Any) -> None:
    under_lock.lock_all_of(owner_ids=user_ids)


def _end_sockets(names: Sequence[str], code: CloseCode) -> None:
    running = engine.installed()
    if running is not None:
        running.end_sockets(names, code)
