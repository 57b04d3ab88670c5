"""Work that is finished although who asked for it has gone."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

R = TypeVar("R")

_working: set[asyncio.Task[Any]] = set()  # a task needs a strong reference


async def lasting(work: Coroutine[Any, Any, R]) -> R:
    """Wait for it; whoever is cancelled here, it is not."""
    task = asyncio.get_running_loop().create_task(work)
    _working.add(task)
    task.add_done_callback(_done)
    return await asyncio.shield(task)


def _done(task: asyncio.Task[Any]) -> None:
    _working.discard(task)
    if not task.cancelled():
        task.exception()  # told to who still waits; nobody else is to be warned
