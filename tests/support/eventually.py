"""Wait for what nobody announces."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


async def until(true: Callable[[], bool], *, patience_s: float = 15) -> None:
    """Look each 10 ms. Raises TimeoutError when it does not come true."""
    async with asyncio.timeout(patience_s):
        while not true():  # noqa: ASYNC110 - what is looked at has no event of its own
            await asyncio.sleep(0.01)


def wait_until(true: Callable[[], bool], *, patience_s: float = 15) -> None:
    """The same where no loop runs."""
    until = time.monotonic() + patience_s
    while not true():
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.01)
