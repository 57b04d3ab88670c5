"""What the worker does by the clock: words that may not stay go, even if nothing told of it."""

from __future__ import annotations

from procrastinate.contrib.django import app

from realtime.review import operations

JOIN = "join_reviewed"


@app.periodic(cron="37 * * * *")
@app.task(name=JOIN, queueing_lock=JOIN)
def join_reviewed(timestamp: int) -> None:
    """Look anew at what was picked, and at what the corpus holds of it."""
    operations.join()
