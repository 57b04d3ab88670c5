"""How a failure that must not end anything is told: what and where, never in its own words."""

from __future__ import annotations

import logging
import traceback

logger = logging.getLogger(__name__)


def log_failure(what: str, error: BaseException | None) -> None:
    """Say what failed and where; the error's own words may quote a message."""
    where = "" if error is None else "".join(traceback.format_tb(error.__traceback__))
    logger.error("%s failed: %s\n%s", what, type(error).__name__, where)
