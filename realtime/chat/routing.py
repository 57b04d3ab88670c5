from __future__ import annotations

from typing import Any

from channels.routing import URLRouter
from django.urls import path, re_path

from realtime.chat.consumers import ChatConsumer
from realtime.chat.engine import Engine


async def _no_such_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Channels raises for an unknown path; a client should just be refused."""
    await receive()
    await send({"type": "websocket.close", "code": 4403})


def websocket_routes(engine: Engine) -> URLRouter:
    return URLRouter(
        [
            path("ws/v1/chat", ChatConsumer.as_asgi(engine=engine)),
            re_path("", _no_such_socket),
        ]
    )
