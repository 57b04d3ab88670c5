"""A guest becomes an account: what was said goes along, replies that are being written too.

Their owners go on writing. They tell the guest's followers, of whom there are none any more; those
of the account find the words by the hub's poll.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import QuerySet

from realtime.chat import under_lock
from realtime.chat.models import Run, Thread

ROOM_FOR_SUFFIX = 100  # of the 128 characters of an id


@transaction.atomic
def move_all(*, guest_id: int, account_id: int) -> None:
    """Give the guest's threads and runs to the account. The caller holds both people.

    All runs are locked before a thread is written: a change of its owner waits for the KEY SHARE
    that the messages of a terminal flush take, and that flush holds its run.
    """
    under_lock.lock_all_of(owner_ids=[guest_id])
    _move(Thread.objects.all(), "client_thread_id", guest_id, account_id)
    _move(Run.objects.all(), "client_run_id", guest_id, account_id)


def _move(rows: QuerySet[Any], name: str, guest_id: int, account_id: int) -> None:
    """An id that the account used itself gets a suffix: it means two things now."""
    theirs, taken = rows.filter(owner=guest_id), rows.filter(owner=account_id)
    for pk, client_id in _clashing(theirs, taken, name):
        renamed = f"{client_id[:ROOM_FOR_SUFFIX]}~{uuid4().hex[:12]}"
        rows.filter(pk=pk).update(**{name: renamed})
    theirs.update(owner=account_id)


def _clashing(
    theirs: QuerySet[Any], taken: QuerySet[Any], name: str
) -> Iterable[tuple[object, str]]:
    among = {f"{name}__in": taken.values(name)}
    return list(theirs.filter(**among).values_list("pk", name))
