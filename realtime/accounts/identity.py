from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is there and how we know; no `allowed_origins` of a token: those of the site."""

    user_id: int
    method: Literal["cookie", "token"]
    expires_at: datetime
    allowed_origins: tuple[str, ...] = ()
