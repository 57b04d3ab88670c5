from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

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
