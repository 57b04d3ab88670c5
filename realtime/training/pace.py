"""How often servers are asked how a job goes on; seconds. Pure."""

from __future__ import annotations

from datetime import timedelta

PACE_S = 30.0
_LONGEST_S = 3_600.0
LONGEST_REST_S = 900.0  # of the worker, while any job is awaited
# How long a server is asked for a job whose answer was lost, before it is taken to have none.
LOST_S = 600.0
# A job that has ended may get its result file a little later.
LATE_RESULTS_S = 300.0
# Shutdown dates of models: announced months before.
DATES_S = 24 * 3_600.0


def after_failures(count: int, *, least_s: float | None = None) -> timedelta:
    """Twice as long each time, and not before the server wants to be asked again."""
    seconds = min(PACE_S * 2 ** min(count, 10), _LONGEST_S)
    return timedelta(seconds=max(seconds, min(least_s or 0.0, _LONGEST_S)))
