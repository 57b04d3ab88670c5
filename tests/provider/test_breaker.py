from __future__ import annotations

import asyncio

import pytest

from realtime.agent.errors import ModelError, ModelUnavailable
from realtime.agent.model import ModelRequest, UserMessage
from realtime.provider.breaker import Breaker
from realtime.provider.client import OpenAIModel, ProviderConfig
from tests.support.openai_scenarios import refuses, says
from tests.support.openai_server import OpenAIServer
from tests.support.tcp_proxy import tcp_proxy

REQUEST = ModelRequest(messages=(UserMessage("Hello"),), tools=(), safety_identifier="abc123")


def opened() -> Breaker:
    breaker = Breaker(after=2, rest_s=2.0)
    for _ in range(2):
        breaker.failed(now=100.0)
    return breaker


async def asked(model: OpenAIModel) -> ModelError | None:
    try:
        async for _ in model.stream(REQUEST):
            pass
    except ModelError as error:
        return error
    return None


def test_one_failure_less_than_the_limit_stops_nobody() -> None:
    breaker = Breaker(after=2)
    breaker.failed(now=100.0)

    assert breaker.admits(now=100.0)


def test_failures_that_do_not_follow_each_other_stop_nobody() -> None:
    breaker = Breaker(after=2)
    for _ in range(5):
        breaker.failed(now=100.0)
        breaker.reached()

    assert breaker.admits(now=100.0)


def test_an_open_breaker_lets_one_try_each_time_it_has_rested() -> None:
    breaker = opened()

    assert [breaker.admits(now=at) for at in (101.9, 102.0, 102.1, 103.9, 104.0)] == [
        *(False, True, False, False, True)
    ]


def test_one_who_reaches_it_opens_the_way_for_all() -> None:
    breaker = opened()
    assert breaker.admits(now=102.0)

    breaker.reached()

    assert all(breaker.admits(now=102.0) for _ in range(10))


async def test_an_upstream_nobody_reaches_is_left_alone(unused_tcp_port: int) -> None:
    model = OpenAIModel(ProviderConfig("key", f"http://127.0.0.1:{unused_tcp_port}/v1"))

    errors = [await asked(model) for _ in range(model.breaker.after + 1)]
    await model.close()

    assert all(isinstance(error, ModelUnavailable) for error in errors)
    assert ["left alone" in str(error) for error in errors] == [*([False] * 8), True]


async def test_a_server_that_came_back_is_asked_again() -> None:
    async with OpenAIServer() as server, tcp_proxy(server.base_url) as (proxy, url):
        model = OpenAIModel(ProviderConfig("key", url))
        model.breaker = Breaker(after=1, rest_s=0.0)
        proxy.away = True
        assert await asked(model) is not None

        proxy.away = False
        server.play(says("Back."))
        assert await asked(model) is None
        await model.close()

    assert not model.breaker.open


@pytest.mark.parametrize("status", [400, 429, 500])
async def test_who_refuses_is_there(status: int) -> None:
    async with OpenAIServer() as server:
        model = OpenAIModel(ProviderConfig("key", server.base_url))
        server.play(*[refuses(status) for _ in range(10)])
        errors = await asyncio.gather(*(asked(model) for _ in range(10)))
        await model.close()

    assert {error.status for error in errors if error is not None} == {status}
    assert not model.breaker.open
