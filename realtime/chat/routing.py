from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from channels.routing import URLRouter
from django.urls import path, re_path

from realtime.chat.consumers import ChatConsumer
from realtime.chat.engine import Engine
from realtime.chat.replay import ReplaySocket, is_replay

if TYPE_CHECKING:
    from channels.routing import _ExtendedURLPattern  # stands only in the types of Channels


async def _no_such_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Channels raises for an unknown path; a client should just be refused."""
    await receive()
    await send({"type": "websocket.close", "code": 4403})


def _by_query(chat: Any, replay: Any) -> Any:
    async def choose(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await (replay if is_replay(scope) else chat)(scope, receive, send)

    return choose


def websocket_routes(engine: Engine) -> URLRouter:
    chat: Any = _by_query(ChatConsumer.as_asgi(engine=engine), ReplaySocket.as_asgi(engine=engine))
    elsewhere: Any = _no_such_socket  # Django's path() is typed for views
    routes = [path("ws/v1/chat", chat), re_path("", elsewhere)]
    return URLRouter(cast("list[_ExtendedURLPattern | URLRouter]", routes))
