"""Why a socket was closed (protocol.md 1.7)."""

from __future__ import annotations

from enum import IntEnum


class CloseCode(IntEnum):
    DONE = 1000
    TOO_BIG = 1009
    RESTART = 1012
    OVERLOADED = 1013
    BAD_PROTOCOL = 4400
    UNAUTHENTICATED = 4401
    FORBIDDEN = 4403
    TOO_SLOW = 4408
    TOO_MANY_SOCKETS = 4409
    TOO_FAST = 4429
