"""No accidental spending: a test that would reach a real model fails instead."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@pytest.fixture(autouse=True)
def no_spending(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the provider's transport connect to this machine only."""
    connect = aiohttp.TCPConnector.connect

    async def guarded(self: aiohttp.TCPConnector, req: aiohttp.ClientRequest, **rest: Any) -> Any:
        assert req.url.host in _LOOPBACK, f"a test wanted to reach {req.url.host}"
        return await connect(self, req, **rest)

    monkeypatch.setattr(aiohttp.TCPConnector, "connect", guarded)
