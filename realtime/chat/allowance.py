"""What a person may have answered at once, and in a day: counted in Postgres, where it is exact.

Called inside a submit, by whoever holds the person: two submits cannot both pass as the last one.
"""

from __future__ import annotations

import math
from uuid import UUID

from django.conf import settings
from django.db import connection

from realtime.chat.models import Run
from realtime.chat.refusals import Refusal

BUSY_RETRY_MS = 3_000
LONGEST_RETRY_S = 3_600.0  # ask again at least hourly, whatever the clocks say


def check(*, owner_id: int, thread_id: UUID) -> None:
    """Raises Refusal (`too_many_runs`, `rate_limited`). `thread_id` is where the new run goes:
    its own active run is not counted, for that ends or refuses the submit itself.
    """
    elsewhere = Run.objects.filter(owner_id=owner_id, state__in=Run.ACTIVE)
    if elsewhere.exclude(thread_id=thread_id).count() >= settings.RUNS_PER_PERSON:
        raise Refusal(
            "too_many_runs",
            "Your other conversations are still being answered. This one comes after them.",
            retry_after_ms=BUSY_RETRY_MS,
        )
    if settings.TOKENS_PER_DAY:
        wait_s = _tokens_wait_s(owner_id, settings.TOKENS_PER_DAY)
        if wait_s:
            raise Refusal(
                "rate_limited",
                "That was all that can be answered for you today. Help is at /help at any time.",
                retry_after_ms=math.ceil(min(wait_s, LONGEST_RETRY_S) * 1_000),
            )


def _tokens_wait_s(owner_id: int, per_day: int) -> float:
    """How long until enough of the last 24 hours is over; what models told of finished replies."""
    with connection.cursor() as sql:
        sql.execute(
            "SELECT (usage->>'inputTokens')::bigint + (usage->>'outputTokens')::bigint,"
            " extract(epoch FROM finished_at + interval '24 hours' - clock_timestamp())::float"
            " FROM run WHERE owner_id = %s AND usage IS NOT NULL"
            " AND finished_at > clock_timestamp() - interval '24 hours' ORDER BY finished_at",
            [owner_id],
        )
        spent = sql.fetchall()
    left = sum(tokens for tokens, _ in spent)
    for tokens, over_in_s in spent:
        if left < per_day:
            return 0.0
        left -= tokens
        if left < per_day:
            return max(1.0, float(over_in_s))
    return 0.0
