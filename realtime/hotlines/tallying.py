"""Counting what was shown and tapped, with nobody's name to it.

Each process counts in memory, which costs a card nothing, and adds what it has to the days' rows
now and then. What a process holds when it is killed, or when the database stays away for long, is
lost: counts may be low, they are never waited for.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from django.db import Error, connection, transaction
from django.utils import timezone

from realtime.hotlines.models import DayCount

logger = logging.getLogger(__name__)

What = DayCount.What
EMERGENCY, INTERNATIONAL = "emergency", "international"
_MOST_KEYS = 20_000  # some megabytes: while the database is away no more is remembered
_MOST_CARDS = 2_000


class Key(NamedTuple):
    """What is counted; the fields are those of `DayCount`."""

    day: date
    country: str
    what: str
    about: str
    reason: str
    channel: str


class Tally:
    """The counts of this process that are not stored yet; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[Key] = Counter()
        self._cards: OrderedDict[str, None] = OrderedDict()

    def add(
        self,
        what: str,
        abouts: Iterable[str],
        *,
        country: str = "",
        reason: str = "",
        by: str = "",
    ) -> None:
        """Count one of each; nothing is written."""
        day = timezone.now().date()
        with self._lock:
            for about in abouts:
                self._count(Key(day, country, what, about[:100], reason[:32], by[:16]), 1)

    def first(self, card_id: str) -> bool:
        """Whether a card was not seen lately: one that is sent again was shown before."""
        with self._lock:
            known = card_id in self._cards
            self._cards[card_id] = None
            self._cards.move_to_end(card_id)
            while len(self._cards) > _MOST_CARDS:
                self._cards.popitem(last=False)
        return not known

    def flush(self) -> int:
        """Add what was counted to the stored rows and say to how many; 0 when storage failed."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        if not counts:
            return 0
        try:
            _store(counts)
        except Error as error:
            logger.warning("counts wait: the database failed (%s)", type(error).__name__)
            with self._lock:
                for key, times in counts.items():
                    self._count(key, times)
            return 0
        return len(counts)

    def _count(self, key: Key, times: int) -> None:
        if key in self._counts or len(self._counts) < _MOST_KEYS:
            self._counts[key] += times


tally = Tally()


def help_shown(found: dict[str, Any], *, reason: str) -> None:
    """Count the lines of what `FoundHelp.as_json` gave, as a card, a tool's result or a page."""
    lines = [str(line["id"]) for line in found.get("lines") or ()]
    emergency = [EMERGENCY] if found.get("emergency") else []
    elsewhere = [INTERNATIONAL] if found.get("international") else []
    country = str(found.get("country") or "")
    tally.add(What.SHOWN, [*lines, *emergency, *elsewhere], country=country, reason=reason)


@transaction.atomic
def _store(counts: Counter[Key]) -> None:
    """One statement; sorted, so that two processes lock the rows in one order."""
    rows = sorted(counts.items())
    columns = [list(column) for column in zip(*(key for key, _ in rows), strict=True)]
    with connection.cursor() as sql:
        sql.execute(
            "INSERT INTO day_count (day, country, what, about, reason, channel, count)"
            " SELECT * FROM unnest(%s::date[], %s::text[], %s::text[], %s::text[], %s::text[],"
            " %s::text[], %s::bigint[])"
            " ON CONFLICT (day, country, what, about, reason, channel)"
            " DO UPDATE SET count = day_count.count + excluded.count",
            [*columns, [times for _, times in rows]],
        )
