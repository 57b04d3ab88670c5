"""A person's threads as their clients list them. A read, beside `queries`."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Case, F, FilteredRelation, Q, When
from django.db.models.functions import Coalesce

from realtime.chat.models import Run, Thread

Place = tuple[datetime, UUID]  # where a thread stands in the list; nothing else stands there


@dataclass(frozen=True, slots=True)
class ThreadEntry:
    """A thread in its owner's list."""

    thread_id: str
    created_at: datetime
    last_activity_at: datetime
    active_run_id: str | None
    key: UUID

    @property
    def place(self) -> Place:
        return (self.last_activity_at, self.key)


def threads_of(*, owner_id: int, before: Place | None, limit: int) -> list[ThreadEntry]:
    """A person's threads below that place of the list, newest activity first."""
    threads = Thread.objects.filter(owner_id=owner_id).annotate(
        last=FilteredRelation("runs", condition=Q(runs__ord=F("last_ord"))),
        activity=Coalesce("last__finished_at", "last__created_at", "created_at"),
        active_run=Case(When(last__state__in=Run.ACTIVE, then=F("last__client_run_id"))),
    )
    if before is not None:
        at, key = before
        threads = threads.filter(Q(activity__lt=at) | Q(activity=at, id__lt=key))
    rows = threads.order_by("-activity", "-id")[:limit].values_list(
        "client_thread_id", "created_at", "activity", "active_run", "id"
    )
    return [ThreadEntry(*row) for row in rows]


def write_place(place: Place) -> str:
    """The place as clients hand it back: opaque to them."""
    at, key = place
    return base64.urlsafe_b64encode(f"{at.isoformat()} {key}".encode()).decode().rstrip("=")


def read_place(text: str) -> Place:
    """Raises ValueError for what `write_place` did not write."""
    try:
        padded = text + "=" * (-len(text) % 4)
        at, _, key = base64.b64decode(padded, altchars="-_", validate=True).decode().partition(" ")
        place = (datetime.fromisoformat(at), UUID(key))
    except (binascii.Error, ValueError):
        raise ValueError("no place of the list") from None
    if place[0].tzinfo is None:
        raise ValueError("no place of the list")
    return place
