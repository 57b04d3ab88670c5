from __future__ import annotations

from collections.abc import AsyncIterator

import openai
import pytest

from realtime.rehearsal.server import Server, start


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    running = await start(host="127.0.0.1", port=0, tokens_per_s=0)
    yield running
    await running.stop()


@pytest.fixture
async def client(server: Server) -> AsyncIterator[openai.AsyncOpenAI]:
    """The vendor's own client: what it accepts, others do too."""
    async with openai.AsyncOpenAI(
        api_key="none", base_url=f"http://127.0.0.1:{server.port}/v1", max_retries=0
    ) as sdk:
        yield sdk
