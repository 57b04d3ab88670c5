"""The promoted models of this process: made when a run needs one, closed when none does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from realtime.agent.model import Model
from realtime.chat import bridge
from realtime.chat.answering import active_model
from realtime.chat.failures import log_failure
from realtime.provider.client import OpenAIModel
from realtime.provider.config import ProviderConfig

RESTING = 2  # the one that answers, and the one that a roll-back goes to


class Closable(Model, Protocol):
    async def close(self) -> None: ...


@dataclass(slots=True)
class _Held:
    model: Closable
    runs: int = 0


@dataclass(slots=True, eq=False)
class Lender:
    """One model per configuration, the last lent at the end; none is closed while a run has it."""

    make: Callable[[ProviderConfig], Closable] = OpenAIModel
    _held: dict[ProviderConfig, _Held] = field(default_factory=dict)

    @asynccontextmanager
    async def lent(self, config: ProviderConfig) -> AsyncIterator[Model]:
        held = self._held.pop(config, None) or _Held(self.make(config))
        self._held[config] = held
        held.runs += 1
        try:
            yield held.model
        finally:
            held.runs -= 1
            await self._close_all_but(RESTING)

    async def close(self) -> None:
        """For the end of the process, when no run is left."""
        await self._close_all_but(0)

    async def _close_all_but(self, resting: int) -> None:
        idle = [config for config, held in self._held.items() if not held.runs]
        for config in idle[: max(len(idle) - resting, 0)]:
            try:
                await self._held.pop(config).model.close()
            except Exception as error:
                log_failure("closing a model", error)


async def keep_known(*, every_s: float) -> None:
    """Know which model answers, for pages that ask no database; runs ask it themselves."""
    while True:
        with contextlib.suppress(bridge.StorageUnavailable):
            await bridge.run(active_model)
        await asyncio.sleep(every_s)
