from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from realtime.provider.client import OpenAIModel, ProviderConfig
from realtime.provider.config import Wire
from tests.support.openai_server import OpenAIServer


@pytest.fixture(params=["chat", "responses"])
def wire(request: pytest.FixtureRequest) -> Wire:
    wire: Wire = request.param
    return wire


@pytest.fixture
async def server() -> AsyncIterator[OpenAIServer]:
    async with OpenAIServer() as server:
        yield server


@pytest.fixture
async def model(server: OpenAIServer, wire: Wire) -> AsyncIterator[OpenAIModel]:
    model = OpenAIModel(ProviderConfig("key", server.base_url, "stand-in", wire))
    yield model
    await model.close()
