"""An engine in the test's own loop: real Postgres and Redis, a scripted model."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer
from django.conf import settings

from realtime.agent.model import Model
from realtime.chat.engine import Engine, build_engine
from realtime.chat.grounding import Corpus
from realtime.chat.moderating import Moderator
from realtime.chat.timings import Timings
from tests.support.server import database_url

TIMINGS = Timings(drain_s=0.5).scaled(0.1)  # gates that no test opens are not waited for


def redis_layer(url: str | None = None) -> RedisPubSubChannelLayer:
    config: Any = settings.CHANNEL_LAYERS["default"]["CONFIG"]
    host = {**config["hosts"][0], "address": url or settings.REDIS_URL}
    return RedisPubSubChannelLayer(hosts=[host], prefix=os.environ["REDIS_PREFIX"])


@asynccontextmanager
async def running_engine(
    model: Model | None,
    *,
    timings: Timings = TIMINGS,
    redis_url: str | None = None,
    max_turns: int = 20,
    runner: bool = True,
    pad: bool = False,
    moderator: Moderator | None = None,
    corpus: Corpus | None = None,
) -> AsyncIterator[Engine]:
    engine = build_engine(
        model=model,
        conninfo=database_url(),
        timings=timings,
        max_turns=max_turns,
        runner=runner,
        pad=pad,
        moderator=moderator,
        corpus=corpus,
    )
    engine.hub.new_layer = partial(redis_layer, redis_url)
    await engine.start()
    try:
        yield engine
    finally:
        await engine.stop()
