"""A client of Server-Sent Events that tells a body that ended from one that was cut."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.support.agui_check import check_event

PATIENCE_S = 20


@dataclass
class EventSource:
    """What came so far; `cut` is None while it goes on."""

    status: int
    headers: Mapping[str, str]
    events: list[dict[str, Any]] = field(default_factory=list)
    ids: list[str | None] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    answer: Any = None  # the JSON of a refusal
    cut: bool | None = None
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def kinds(self) -> list[str]:
        return [event["type"] for event in self.events]

    @property
    def text(self) -> str:
        return "".join(e["delta"] for e in self.events if e["type"] == "TEXT_MESSAGE_CONTENT")

    @property
    def last_id(self) -> str:
        return next(id for id in reversed(self.ids) if id is not None)

    async def wait(self, ready: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(ready)

    async def ended(self) -> None:
        await self.wait(lambda: self.cut is not None)

    async def read(self, response: aiohttp.ClientResponse) -> None:
        block: list[str] = []
        cut = False
        try:
            async for line in response.content:
                text = line.decode().removesuffix("\n")
                block = [*block, text] if text else await self._take(block)
        except (aiohttp.ClientError, ConnectionError):
            cut = True
        async with self._changed:
            self.cut = cut
            self._changed.notify_all()

    async def _take(self, block: list[str]) -> list[str]:
        async with self._changed:
            self.comments += [line for line in block if line.startswith(":")]
            said = dict(line.split(": ", 1) for line in block if not line.startswith(":"))
            if "data" in said:
                self.events.append(json.loads(said["data"]))
                self.ids.append(said.get("id"))
                check_event(self.events[-1])
            self._changed.notify_all()
        return []


@asynccontextmanager
async def event_source(
    url: str, headers: dict[str, str], *, say: Any = None
) -> AsyncIterator[EventSource]:
    """GET, or POST what is to be said. Reads on until it is left."""
    timeout = aiohttp.ClientTimeout(total=None)
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
        way, body = (
            ("GET", None) if say is None else ("POST", io.BytesIO(json.dumps(say).encode()))
        )
        async with session.request(way, url, headers=headers, data=body) as response:
            source = EventSource(response.status, response.headers)
            if response.content_type != "text/event-stream":
                source.answer = await response.json()
                yield source
                return
            reading = asyncio.create_task(source.read(response))
            try:
                yield source
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)


def saying(text: str, thread_id: str = "t1", *, run_id: str, message_id: str) -> dict[str, Any]:
    """A RunAgentInput."""
    message = {"id": message_id, "role": "user", "content": text}
    return {"threadId": thread_id, "runId": run_id, "messages": [message]}
