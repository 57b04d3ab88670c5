"""No accidental spending: a test that would reach a real model fails instead."""

from __future__ import annotations

from typing import Any

import aiohttp
import httpx2
import pytest

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@pytest.fixture(autouse=True)
def no_spending(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the provider's transports connect to this machine only."""
    connect = aiohttp.TCPConnector.connect

    async def guarded(self: aiohttp.TCPConnector, req: aiohttp.ClientRequest, **rest: Any) -> Any:
        assert req.url.host in _LOOPBACK, f"a test wanted to reach {req.url.host}"
        return await connect(self, req, **rest)

    monkeypatch.setattr(aiohttp.TCPConnector, "connect", guarded)
    send = httpx2.HTTPTransport.handle_request

    def guarded_send(self: httpx2.HTTPTransport, request: httpx2.Request) -> httpx2.Response:
        assert request.url.host in _LOOPBACK, f"a test wanted to reach {request.url.host}"
        return send(self, request)

    monkeypatch.setattr(httpx2.HTTPTransport, "handle_request", guarded_send)
