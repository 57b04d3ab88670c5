"""What the page may say of how long words are kept: never more than what is done."""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta

from django.conf import settings
from django.db import Error

from realtime.chat import queries
from realtime.chat.purging import quiet_since

logger = logging.getLogger(__name__)

LOOK_S = 60.0
# Who purges by cron may do it once a day.
LATE = timedelta(days=1)


class Promise:
    """Looks at most once a minute whether RETENTION_DAYS are kept to."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._look_at = 0.0  # monotonic
        self._broken = False

    def days(self) -> int:
        """Days after the last message; 0 promises nothing, for words that old are still there."""
        with self._lock:
            if time.monotonic() >= self._look_at:
                try:
                    self._look()
                except Error as error:  # the page is served all the same: it shows help
                    logger.warning("retention not looked at: %s", type(error).__name__)
                self._look_at = time.monotonic() + LOOK_S
            return 0 if self._broken else settings.RETENTION_DAYS

    @property
    def held_days(self) -> int:
        """The same as it was last seen, without a look."""
        return 0 if self._broken else settings.RETENTION_DAYS

    def _look(self) -> None:
        since = quiet_since(queries.now())
        broken = since is not None and queries.quiet_threads(since=since - LATE).exists()
        if broken and not self._broken:
            logger.warning(
                "conversations are older than RETENTION_DAYS=%d, and the page no longer promises"
                " that they go: start a worker (manage.py procrastinate worker) or run"
                " manage.py purge once a day",
                settings.RETENTION_DAYS,
            )
        self._broken = broken


promise = Promise()
