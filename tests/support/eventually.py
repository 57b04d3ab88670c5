"""Wait for what nobody announces."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until(true: Callable[[], bool], *, patience_s: float = 15) -> None:
    """Look each 10 ms. Raises TimeoutError when it does not come true."""
    async with asyncio.timeout(patience_s):
        while not true():  # noqa: ASYNC110 - what is looked at has no event of its own
            await asyncio.sleep(0.01)
