"""How time grows with the size of what is read, on a machine that does other things too."""

from __future__ import annotations

from collections.abc import Callable

TRIES = 5


def grows_at_most(
    seconds: Callable[[int], float], short: int, long: int, *, times: float, slack_s: float
) -> bool:
    """Whether `long` takes at most so many times as long as `short`, and the slack.

    Each counts as its quickest: others' work and collected garbage only ever add.
    """
    quick, slow = seconds(short), seconds(long)
    for _ in range(TRIES):
        if slow < times * quick + slack_s:
            return True
        quick, slow = min(quick, seconds(short)), min(slow, seconds(long))
    return False
