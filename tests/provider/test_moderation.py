from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from realtime.agent.errors import ModelError, ModelMalformed, ModelRefused, ModelUnavailable
from realtime.provider.config import Asked, ProviderConfig, moderates
from realtime.provider.moderation import Moderator
from tests.support.eventually import until
from tests.support.openai_server import OpenAIServer, Verdict


@pytest.fixture
async def moderator(server: OpenAIServer) -> AsyncIterator[Moderator]:
    moderator = Moderator(ProviderConfig("key", server.base_url, "stand-in"))
    yield moderator
    await moderator.close()


async def test_it_sends_the_words_and_the_model_and_nothing_else(
    server: OpenAIServer, moderator: Moderator
) -> None:
    assert await moderator.category_of("hello") is None

    [asked] = server.moderated
    assert asked.body == {"model": "omni-moderation-latest", "input": "hello"}
    assert asked.headers["Authorization"] == "Bearer key"


@pytest.mark.parametrize(
    ("found", "category"),
    [
        (("self-harm",), "self-harm"),
        (("self-harm", "self-harm/intent"), "self-harm/intent"),
        (("self-harm", "self-harm/instructions"), "self-harm/instructions"),
        (("harassment",), None),
    ],
)
async def test_it_names_the_gravest_of_our_categories(
    server: OpenAIServer, moderator: Moderator, found: tuple[str, ...], category: str | None
) -> None:
    server.judge(Verdict(found))

    assert await moderator.category_of("hello") == category


WRONG: list[tuple[Verdict, type[ModelError]]] = [
    (Verdict(status=404), ModelRefused),
    (Verdict(status=500), ModelUnavailable),
    (Verdict(cuts=True), ModelUnavailable),
    (Verdict(raw=b"{oops"), ModelMalformed),
    (Verdict(raw=b'{"results": 7}'), ModelMalformed),
    (Verdict(raw=b"[]"), ModelMalformed),
]


@pytest.mark.parametrize(("verdict", "error"), WRONG)
async def test_its_failures_are_ours(
    server: OpenAIServer, moderator: Moderator, verdict: Verdict, error: type[ModelError]
) -> None:
    server.judge(verdict)

    with pytest.raises(error):
        await moderator.category_of("hello")


async def test_who_asks_may_leave(server: OpenAIServer, moderator: Moderator) -> None:
    server.judge(Verdict(stalls=True))

    asking = asyncio.create_task(moderator.category_of("hello"))
    await until(lambda: len(server.moderated) == 1)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await moderator.category_of("hello again") is None


@pytest.mark.parametrize(
    ("base_url", "asked", "does"),
    [
        ("", "auto", True),
        ("https://eu.api.openai.com/v1", "auto", True),
        ("https://openai.example/v1", "auto", False),
        ("https://openai.example/v1", "on", True),
        ("", "off", False),
    ],
)
def test_it_is_asked_where_there_is_one(base_url: str, asked: Asked, does: bool) -> None:
    assert moderates(ProviderConfig("key", base_url), asked) is does
