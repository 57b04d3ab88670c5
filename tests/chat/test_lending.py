"""The models of a process: one for each configuration, closed when unused and never before."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

import pytest

from realtime.agent.model import ModelEvent, ModelRequest
from realtime.chat.lending import RESTING, Lender
from realtime.provider.config import ProviderConfig


class Kept:
    """A model that knows whether it was closed."""

    prefill = False

    def __init__(self, config: ProviderConfig) -> None:
        self.name = config.resolved_model
        self.closed = 0

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        raise NotImplementedError  # nobody asks it
        yield

    async def close(self) -> None:
        self.closed += 1
        if self.name == "broken":
            raise OSError("it was closed already")


def of(name: str, key: str = "") -> ProviderConfig:
    return ProviderConfig(api_key=key, base_url="http://127.0.0.1:9/v1", model=name)


@pytest.fixture
def made() -> list[Kept]:
    return []


@pytest.fixture
def lender(made: list[Kept]) -> Lender:
    def make(config: ProviderConfig) -> Kept:
        made.append(Kept(config))
        return made[-1]

    return Lender(make)


async def lent(lender: Lender, *names: str) -> None:
    for name in names:
        async with lender.lent(of(name)):
            pass


async def test_one_configuration_is_one_model(lender: Lender, made: list[Kept]) -> None:
    async with lender.lent(of("a")) as one, lender.lent(of("a")) as two:
        assert one is two
    async with lender.lent(of("a")) as three, lender.lent(of("a", "another key")) as four:
        assert three is one
        assert four is not one

    assert len(made) == 2


async def test_the_last_ones_rest_and_older_ones_are_closed(
    lender: Lender, made: list[Kept]
) -> None:
    await lent(lender, "a", "b", "a", "c")

    assert RESTING == 2
    assert [(m.name, m.closed) for m in made] == [("a", 0), ("b", 1), ("c", 0)]


async def test_none_is_closed_while_a_run_streams_on_it(lender: Lender, made: list[Kept]) -> None:
    async with AsyncExitStack() as runs:
        await runs.enter_async_context(lender.lent(of("a")))
        await runs.enter_async_context(lender.lent(of("a")))
        await lent(lender, "b", "c", "d", "e")
        await lender.close()
        assert made[0].closed == 0
        assert all(model.closed == 1 for model in made[1:])

    assert made[0].closed == 0  # it rests
    await lender.close()
    assert made[0].closed == 1


async def test_one_that_cannot_be_closed_ends_no_run(
    lender: Lender, made: list[Kept], caplog: pytest.LogCaptureFixture
) -> None:
    await lent(lender, "broken", "a", "b")

    assert made[0].closed == 1
    assert "closing a model failed: OSError" in caplog.text


async def test_a_run_that_fails_gives_its_model_back(lender: Lender, made: list[Kept]) -> None:
    with pytest.raises(RuntimeError):
        async with lender.lent(of("a")):
            raise RuntimeError

    await lender.close()
    assert made[0].closed == 1
