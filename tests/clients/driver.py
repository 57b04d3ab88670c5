"""A stock client in a Node of its own: told what to do, and looked at."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PATIENCE_S = 30


@dataclass
class StockClient:
    """`seen` holds the last of each kind it told, `events` all AG-UI events it was given."""

    process: asyncio.subprocess.Process
    seen: dict[str, Any] = field(default_factory=dict)
    told: list[dict[str, Any]] = field(default_factory=list)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def do(self, *command: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        await self.process.stdin.drain()

    async def wait(self, ready: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S), self._changed:
                await self._changed.wait_for(ready)
        except TimeoutError:
            raise AssertionError(f"it never came: {self.told[-3:]}") from None

    async def ended(self) -> None:
        """Until its turn is over, well or not."""
        await self.wait(lambda: self.seen.get("status") in ("ready", "error"))

    @property
    def reply(self) -> str:
        """The words of all replies that it shows now."""
        shown = [m for m in self.seen.get("messages", []) if m["role"] == "assistant"]
        return "".join(_text(message) for message in shown)

    @property
    def joined(self) -> str:
        """The words of the run it joined."""
        chunks = [told["joined"] for told in self.told if "joined" in told]
        return "".join(c.get("delta", "") for c in chunks if isinstance(c, dict))

    @property
    def events(self) -> list[dict[str, Any]]:
        return [told["event"] for told in self.told if "event" in told]

    @property
    def complaints(self) -> list[str]:
        return [told["complaint"] for told in self.told if "complaint" in told]

    async def read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            told = json.loads(line)
            async with self._changed:
                self.told.append(told)
                self.seen |= told
                self._changed.notify_all()


@asynccontextmanager
async def stock_client(node: Path, script: str, **asked: Any) -> AsyncIterator[StockClient]:
    process = await asyncio.create_subprocess_exec(
        node,
        HERE / script,
        json.dumps(asked),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=16 * 1024 * 1024,
    )
    client = StockClient(process)
    reading = asyncio.create_task(client.read())
    try:
        yield client
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await reading
        await process.wait()


def _text(message: dict[str, Any]) -> str:
    if isinstance(message.get("content"), str):
        return str(message["content"])
    parts = message.get("parts", [])
    return "".join(part["content"] for part in parts if part["type"] == "text")
