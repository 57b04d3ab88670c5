"""What the worker does for fine-tuning jobs: asks on until each is over."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from realtime.training import queries
from realtime.training.pace import LONGEST_REST_S

FOLLOW = "follow_tuning"


# By the clock too: a chain that broke, with a worker or with Postgres, goes on within minutes.
@app.periodic(cron="*/15 * * * *")
@app.task(name=FOLLOW, queueing_lock=FOLLOW)
def follow_tuning(timestamp: int) -> None:
    """Look at the jobs that are due, and come back when the next one is."""
    from realtime.training import syncing  # here: only the worker pays for the SDK

    syncing.sync_due()
    follow()


def follow(*, at_once: bool = False) -> None:
    """Have the worker look when the next job is due; nothing where none is awaited."""
    at = queries.next_look()
    if at is None:
        return
    at = min(at, timezone.now() + timedelta(seconds=LONGEST_REST_S))
    # A lock of its own: one that waits for a server out of reach must not keep a new job waiting.
    lock = f"{FOLLOW}_at_once" if at_once else FOLLOW
    with suppress(AlreadyEnqueued), transaction.atomic():
        app.configure_task(FOLLOW, queueing_lock=lock, schedule_at=at).defer(timestamp=0)
