"""Asks the vendor's moderation endpoint whether a message tells of self-harm.

https://developers.openai.com/api/docs/guides/moderation: free of charge, and kept for nothing
else. Its answer only ever adds help; nobody waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from weakref import WeakKeyDictionary

import msgspec
from openai import AsyncOpenAI

from realtime.agent.errors import ModelMalformed
from realtime.provider.client import connected
from realtime.provider.config import ProviderConfig
from realtime.provider.faults import ours

PATH = "/moderations"
MODEL = "omni-moderation-latest"
# The gravest first: the flag names one.
CATEGORIES = ("self-harm/intent", "self-harm/instructions", "self-harm")


class _Result(msgspec.Struct):
    categories: dict[str, bool | None]
    category_scores: dict[str, float | None] = {}


class _Answer(msgspec.Struct):
    results: list[_Result]


_ANSWER = msgspec.json.Decoder(_Answer)


class Moderator:
    """One per process, with connections per event loop."""

    def __init__(self, config: ProviderConfig) -> None:
        self.config = config
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncOpenAI] = (
            WeakKeyDictionary()
        )

    async def category_of(self, text: str) -> str | None:
        """The gravest category of ours that the text was found to be of; None for nearly all.

        Raises ModelError; there is no limit of time here.
        """
        with ours():
            response = await self._client().post(
                PATH,
                body={"model": MODEL, "input": text},
                cast_to=bytes,
            )
        return _category(response)

    async def scores_of(self, texts: Sequence[str]) -> list[dict[str, float]]:
        """Every category's score (0 to 1) of each text, in one request. Raises ModelError."""
        with ours():
            response = await self._client().post(
                PATH,
                body={"model": MODEL, "input": list(texts)},
                cast_to=bytes,
            )
        return _scores(response, len(texts))

    async def close(self) -> None:
        """Close the connections of the running loop."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.close()

    def _client(self) -> AsyncOpenAI:
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = connected(self.config)
        return self._clients[loop]


def _category(answer: bytes) -> str | None:
    said = {name for result in _results(answer) for name, yes in result.categories.items() if yes}
    return next((category for category in CATEGORIES if category in said), None)


def _scores(answer: bytes, wanted: int) -> list[dict[str, float]]:
    results = _results(answer)
    if len(results) != wanted:
        raise ModelMalformed(f"{len(results)} moderations of {wanted} texts")
    return [
        {name: score for name, score in result.category_scores.items() if score is not None}
        for result in results
    ]


def _results(answer: bytes) -> list[_Result]:
    try:
        return _ANSWER.decode(answer).results
    except msgspec.DecodeError:
        raise ModelMalformed("an answer that is no moderation's") from None
