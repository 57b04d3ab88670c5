from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


def person_name(user_id: int) -> str:
    return f"person:{user_id}"


def session_name(session_key: str) -> str:
    """A hash: names travel, and a session's key would open it."""
    return f"session:{hashlib.sha256(session_key.encode()).hexdigest()[:32]}"


def token_name(token_id: int) -> str:
    return f"token:{token_id}"


Method = Literal["cookie", "token", "ticket"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is there and how we know; no `allowed_origins` of a token: those of the site.

    It stands on a session or on a token's row and ends with it, a ticket's too.
    """

    user_id: int
    method: Method
    expires_at: datetime
    allowed_origins: tuple[str, ...] = ()
    session_key: str | None = field(default=None, repr=False)
    token_id: int | None = None

    @property
    def ends_with(self) -> tuple[str, ...]:
        """Names of all it stands on, as `signals.access_ended` calls them."""
        names = [person_name(self.user_id)]
        if self.session_key is not None:
            names.append(session_name(self.session_key))
        if self.token_id is not None:
            names.append(token_name(self.token_id))
        return tuple(names)
