"""Wait for what nobody announces."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable


async def until(true: Callable[[], bool], *, patience_s: float = 15) -> None:
    """Look each 10 ms. Raises TimeoutError when it does not come true."""
    async with asyncio.timeout(patience_s):
        while not true():  # noqa: ASYNC110 - what is looked at has no event of its own
            await asyncio.sleep(0.01)


async def until_async(true: Callable[[], Awaitable[bool]], *, patience_s: float = 30) -> None:
    """The same where looking takes a while."""
    async with asyncio.timeout(patience_s):
        while not await true():  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.02)


def wait_until(true: Callable[[], bool], *, patience_s: float = 15) -> None:
    """The same where no loop runs."""
    until = time.monotonic() + patience_s
    while not true():
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.01)
