"""Django's sessions in the database, with an end that depends on "keep on this device".

An unkept session ends with the browser. The server cannot see that end, and browsers that open
their last tabs again keep such cookies for weeks, so the server ends it after two days unused.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import SessionBase

DAY_S = 24 * 3600
UNKEPT_S = 2 * DAY_S
LONGEST_KEPT_DAYS = 400  # browsers remember no cookie longer


class SessionStore(db.SessionStore):
    def get_session_cookie_age(self) -> int:
        if self.get_expire_at_browser_close():
            return UNKEPT_S
        return super().get_session_cookie_age()


def renew(session: SessionBase, *, keep: bool | None) -> bool:
    """Let a guest's session live on from now, as before if `keep` is None; says if it is kept."""
    kept = not session.get_expire_at_browser_close() if keep is None else keep
    session.set_expiry(kept_s() if kept else 0)
    return kept


def kept_s() -> int:
    """How long a kept session lives unused: as long as what it opens."""
    return min(settings.RETENTION_DAYS or LONGEST_KEPT_DAYS, LONGEST_KEPT_DAYS) * DAY_S
