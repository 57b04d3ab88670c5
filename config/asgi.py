"""The composition root: HTTP, WebSocket and lifespan in one ASGI application."""

from __future__ import annotations

import os
from typing import Any

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django_application = get_asgi_application()  # before anything that touches models

from django.conf import settings  # noqa: E402

from realtime.chat import bridge  # noqa: E402
from realtime.chat.answering import configured_model, is_moderated  # noqa: E402
from realtime.chat.engine import Engine, build_engine, install  # noqa: E402
from realtime.chat.routing import websocket_routes  # noqa: E402
from realtime.chat.streams import Streams  # noqa: E402
from realtime.chat.timings import Timings  # noqa: E402
from realtime.corpus import grounding  # noqa: E402
from realtime.provider.client import OpenAIModel  # noqa: E402
from realtime.provider.moderation import Moderator  # noqa: E402


class Lifespan:
    """Starts the engine early and ends it well where the server has a lifespan (uvicorn)."""

    def __init__(self, engine: Engine, *asked: OpenAIModel | Moderator | None) -> None:
        self.engine = engine
        self.asked = [one for one in asked if one is not None]

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self.engine.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self._stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _stop(self) -> None:
        await self.engine.stop()
        for one in self.asked:
            await one.close()
        bridge.close_connections()


class Started:
    """Starts the engine with the first request where the server has no lifespan (runserver)."""

    def __init__(self, engine: Engine, application: Any) -> None:
        self.engine = engine
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        await self.engine.start()
        await self.application(scope, receive, send)


_config = configured_model()
_model = None if _config is None else OpenAIModel(_config)
_moderator = Moderator(_config) if _config is not None and is_moderated(_config) else None
engine = build_engine(
    model=_model,
    conninfo=bridge.conninfo(),
    timings=Timings(drain_s=settings.DRAIN_S).scaled(settings.TIMINGS_SCALE),
    max_turns=settings.MAX_TURNS,
    runner=settings.TURN_RUNNER,
    pad=settings.PAD_FRAMES,
    moderator=_moderator,
    corpus=grounding,
)
install(engine)
application = ProtocolTypeRouter(
    {
        "http": Started(engine, Streams(django_application)),
        "websocket": websocket_routes(engine),
        "lifespan": Lifespan(engine, _model, _moderator),
    }
)
