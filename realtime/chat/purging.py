"""What is too old, and its end: handful by handful, so that no lock lasts.

Any number of processes may purge at once. A thread is looked at again under its lock, which every
submit takes first: one that has just woken up stays.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from realtime.accounts import operations as accounts
from realtime.accounts.queries import ended_links, ended_sessions, ended_tickets, ended_tokens
from realtime.accounts.sessions import UNKEPT_S, kept_s
from realtime.chat import queries
from realtime.chat.models import Thread

logger = logging.getLogger(__name__)

HANDFUL = 20  # in one transaction
ROUND = 1_000  # looked up at once

Id = TypeVar("Id")


@dataclass(frozen=True, slots=True)
class Purged:
    """How many of each."""

    conversations: int
    guests: int
    sessions: int
    tokens: int
    tickets: int
    links: int

    def __str__(self) -> str:
        return ", ".join(f"{count} {what}" for what, count in asdict(self).items())


def purge() -> Purged:
    """Remove conversations older than RETENTION_DAYS, and whatever opens nothing any more."""
    now = queries.now()
    # In this order: a guest whose last thread or token has just gone goes as well.
    tokens = _purge_ended(ended_tokens(now=now))
    conversations = _purge_threads(quiet_since(now))
    purged = Purged(
        conversations=conversations,
        guests=_purge_guests(queries.forgotten_guests(since=away_since(now), now=now)),
        sessions=_purge_ended(ended_sessions(now=now)),
        tokens=tokens,
        tickets=_purge_ended(ended_tickets(now=now)),
        links=_purge_ended(ended_links(now=now)),
    )
    logger.info("purged: %s", purged)
    return purged


def purgeable() -> Purged:
    """What a purge would find now; it may find more guests once their threads are gone."""
    now = queries.now()
    since = quiet_since(now)
    return Purged(
        conversations=0 if since is None else queries.quiet_threads(since=since).count(),
        guests=queries.forgotten_guests(since=away_since(now), now=now).count(),
        sessions=ended_sessions(now=now).count(),
        tokens=ended_tokens(now=now).count(),
        tickets=ended_tickets(now=now).count(),
        links=ended_links(now=now).count(),
    )


def quiet_since(now: datetime) -> datetime | None:
    """A conversation without a word since then is too old; None keeps all."""
    days = settings.RETENTION_DAYS
    return now - timedelta(days=days) if days else None


def away_since(now: datetime) -> datetime:
    """No cookie leads back to a guest who was not here since then."""
    return now - timedelta(seconds=max(kept_s(), UNKEPT_S))


@transaction.atomic
def delete_quiet_threads(*, ids: Sequence[UUID], since: datetime) -> int:
    """Delete those of these threads that are still quiet and that nobody else holds."""
    threads = Thread.objects.select_for_update(no_key=True, skip_locked=True).filter(id__in=ids)
    locked = list(threads.order_by("id").values_list("id", flat=True))
    # A statement of its own: the one that waited for the locks still reads what was before them.
    quiet = queries.quiet_threads(since=since).filter(id__in=locked)
    gone = list(quiet.values_list("id", flat=True))
    Thread.objects.filter(id__in=gone).delete()  # with all that is in them
    return len(gone)


def _purge_threads(since: datetime | None) -> int:
    if since is None:
        return 0
    found = queries.quiet_threads(since=since).values_list("id", flat=True)
    return _drain(found, lambda ids: delete_quiet_threads(ids=ids, since=since))


def _purge_guests(forgotten: QuerySet[Any]) -> int:
    found = forgotten.values_list("pk", flat=True)
    return _drain(found, lambda ids: accounts.delete_guests(ids=ids, still=forgotten))


def _purge_ended(rows: QuerySet[Any]) -> int:
    found = rows.values_list("pk", flat=True)
    return _drain(found, lambda ids: accounts.delete_ended(rows=rows.filter(pk__in=ids)))


def _drain(found: QuerySet[Any, Id], remove: Callable[[Sequence[Id]], int]) -> int:
    """Remove what is found until nothing is left, or only what others hold."""
    total = removed = 0
    while ids := list(found[:ROUND]):
        removed = sum(map(remove, _handfuls(ids)))
        total += removed
        if removed == 0:
            break
    return total


def _handfuls(ids: Sequence[Id]) -> list[Sequence[Id]]:
    return [ids[at : at + HANDFUL] for at in range(0, len(ids), HANDFUL)]
