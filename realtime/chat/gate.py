"""How fast one client may speak: RATE frames a second, BURST at once. Pure.

A frame counts one for each 64 KB begun. What comes too fast is refused and counts all the same,
so that who slows down is heard again and who does not is cut off.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

RATE = 20.0
BURST = 40.0
PATIENCE = 80.0  # so much too fast is only refused
PIECE = 65_536


class Pace(Enum):
    FINE = "fine"
    HASTY = "hasty"
    TOO_FAST = "too fast"


@dataclass(slots=True)
class Gate:
    _left: float = BURST
    _at: float = 0.0

    def take(self, size: int, *, now: float) -> Pace:
        self._left = min(BURST, self._left + (now - self._at) * RATE)
        self._at = now
        cost = 1 + size // PIECE
        if self._left >= cost:
            self._left -= cost
            return Pace.FINE
        self._left -= cost
        return Pace.HASTY if self._left > -PATIENCE else Pace.TOO_FAST
