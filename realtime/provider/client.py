"""The agent's Model over OpenAI's SDK: its connections, auth and typed errors, not its chunks.

`create()` costs 28 ms at 200 messages and 73 us a chunk on the event loop; `post()` of our own
JSON and our own reader cost 0.4 ms and 1 us. The SDK's retries are off: the agent's loop asks
again, and tells the person.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol, cast
from weakref import WeakKeyDictionary

import httpx2
from openai import AsyncOpenAI, AsyncStream, DefaultAioHttpClient

from realtime.agent.errors import ModelError, ModelUnavailable
from realtime.agent.model import ModelEvent, ModelRequest
from realtime.provider import chat, responses
from realtime.provider.breaker import Breaker
from realtime.provider.config import DEFAULT_MODEL, ProviderConfig
from realtime.provider.faults import ours
from realtime.provider.stream import SseReader

__all__ = ["DEFAULT_MODEL", "OpenAIModel", "ProviderConfig", "connected"]

# A turn with tools asks again within seconds: 30 s spare it a TLS handshake.
_LIMITS = httpx2.Limits(max_connections=1000, max_keepalive_connections=100, keepalive_expiry=30)


class _Reply(Protocol):
    over: bool

    def receive(self, data: bytes) -> list[ModelEvent]: ...
    def end(self) -> list[ModelEvent]: ...


@dataclass(frozen=True, slots=True)
class _Wire:
    path: str
    body: Callable[[ProviderConfig, ModelRequest], bytes]
    reply: Callable[[], _Reply]


_WIRES = {
    "chat": _Wire(chat.PATH, chat.body, chat.Reply),
    "responses": _Wire(responses.PATH, responses.body, responses.Reply),
}


class OpenAIModel:
    """Implements the agent's Model; one per process, with connections per event loop."""

    def __init__(self, config: ProviderConfig) -> None:
        self.name = config.resolved_model
        self.config = config
        self.prefill = config.prefill != "off" and config.resolved_wire == "chat"
        self.breaker = Breaker()
        self._wire = _WIRES[config.resolved_wire]
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncOpenAI] = (
            WeakKeyDictionary()
        )

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        reply = self._wire.reply()
        async with aclosing(self._ask(self._wire.body(self.config, request))) as answer:
            async for data in answer:
                for event in reply.receive(data):
                    yield event
                if reply.over:
                    break
            for event in reply.end():
                yield event

    async def close(self) -> None:
        """Close the connections of the running loop."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.close()

    async def _ask(self, body: bytes) -> AsyncGenerator[bytes, None]:
        """Ask; give the data of each event of the answer."""
        reader = SseReader()
        response = await self._connect(body)
        with ours():
            try:
                async for chunk in response.aiter_bytes():
                    for data in reader.feed(chunk):
                        yield data
                for data in reader.end():
                    yield data
            finally:
                await response.aclose()

    async def _connect(self, body: bytes) -> httpx2.Response:
        """Ask, unless nobody reaches the upstream at the moment."""
        clock = asyncio.get_running_loop().time
        if not self.breaker.admits(now=clock()):
            raise ModelUnavailable("left alone for a moment, for nobody reached it")
        try:
            response = await self._post(body)
        except ModelError as error:
            if error.status is None:
                self.breaker.failed(now=clock())
            else:
                self.breaker.reached()
            raise
        self.breaker.reached()
        return response

    async def _post(self, body: bytes) -> httpx2.Response:
        with ours():
            # Typed for the SDK's own streams; asked for the plain response it hands that over.
            return cast(
                httpx2.Response,
                await self._client().post(
                    self._wire.path,
                    content=body,
                    cast_to=httpx2.Response,
                    stream=True,
                    stream_cls=AsyncStream[object],
                ),
            )

    def _client(self) -> AsyncOpenAI:
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = connected(self.config)
        return self._clients[loop]


def connected(config: ProviderConfig) -> AsyncOpenAI:
    """A client with connections of its own, for the running loop."""
    return AsyncOpenAI(
        api_key=config.api_key or "none",  # local servers want none, the SDK one
        base_url=config.resolved_base_url,
        max_retries=0,
        # Reading has no limit here: the agent's loop bounds silence, and says so.
        timeout=httpx2.Timeout(None, connect=config.connect_s),
        http_client=DefaultAioHttpClient(
            limits=_LIMITS,
            trust_env=not config.is_loopback,  # no proxy to one's own machine
        ),
    )
