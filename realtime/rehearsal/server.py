"""The demo model over HTTP: GET /v1/models and POST /v1/chat/completions."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from aiohttp import web

from realtime.rehearsal import wire
from realtime.rehearsal.script import plan

logger = logging.getLogger(__name__)

# A client sends the whole conversation each time.
MAX_BODY_BYTES = 8 * 1024 * 1024
_TOKENS_PER_S = web.AppKey("tokens_per_s", float)
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_app(*, tokens_per_s: float) -> web.Application:
    """The application; 0 tokens a second means as fast as it can."""
    app = web.Application(middlewares=[_errors_as_json], client_max_size=MAX_BODY_BYTES)
    app[_TOKENS_PER_S] = tokens_per_s
    app.router.add_get("/v1/models", _models)
    app.router.add_post("/v1/chat/completions", _chat)
    return app


class Server:
    """The running demo; `port` is the one it got."""

    def __init__(self, runner: web.AppRunner, port: int) -> None:
        self._runner = runner
        self.port = port

    async def stop(self) -> None:
        await self._runner.cleanup()


async def start(*, host: str, port: int, tokens_per_s: float) -> Server:
    """Listen on host and port (0: any free one). Raises OSError when it cannot."""
    app = make_app(tokens_per_s=tokens_per_s)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError:
        await runner.cleanup()
        raise
    return Server(runner, runner.addresses[0][1])


@web.middleware
async def _errors_as_json(request: web.Request, handler: _Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except wire.BadRequest as error:
        return _refuse(400, str(error), param=error.param)
    except web.HTTPException as error:
        return _refuse(error.status, f"{request.method} {request.path}: {error.reason}")
    except Exception as error:
        # Only its kind: its text may hold what a person wrote.
        logger.error("rehearsal failed: %s", type(error).__name__)
        return _refuse(500, "The demo failed.", kind="server_error")


def _refuse(
    status: int, message: str, *, kind: str = "invalid_request_error", param: str | None = None
) -> web.Response:
    return web.json_response(wire.error_body(message, kind=kind, param=param), status=status)


async def _models(request: web.Request) -> web.Response:
    return web.json_response(wire.model_list(int(time.time())))


async def _chat(request: web.Request) -> web.StreamResponse:
    asked = wire.read_request(await request.read())
    head = wire.Head(reply_id=f"chatcmpl-{secrets.token_hex(12)}", created=int(time.time()))
    steps = plan(asked.messages, asked.tools)
    if not asked.stream:
        return web.json_response(wire.write_completion(steps, asked, head))
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}
    )
    with contextlib.suppress(ConnectionResetError):  # the client left: nobody reads on
        await response.prepare(request)
        await _perform(response, wire.write_chunks(steps, asked, head), request.app[_TOKENS_PER_S])
    return response


async def _perform(
    response: web.StreamResponse, script: Iterable[wire.Timed], tokens_per_s: float
) -> None:
    for tokens, chunk in script:
        if tokens and tokens_per_s:
            await asyncio.sleep(tokens / tokens_per_s)
        if chunk is not None:
            await response.write(_event(chunk))
    await response.write(b"data: [DONE]\n\n")


def _event(chunk: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"
