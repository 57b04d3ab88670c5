"""`python -m config.serve`: the application on uvicorn, with the options every way in shares.

`./dev run`, the image and the tests' servers start this, so that none differs from the others.
"""

from __future__ import annotations

import argparse
import contextlib
import socket
import sys
from collections.abc import Sequence

import uvicorn
from django.core.exceptions import ImproperlyConfigured

from config.reaping import ReapedHttp, ReapedWebSocket

NOT_STARTED = 3  # as uvicorn itself says it
MAX_FRAME_BYTES = 1024 * 1024  # the protocol's largest frame; above it: close 1009


def main(words: Sequence[str] | None = None) -> None:
    """Serve until SIGINT or SIGTERM; settings that make no sense are one line."""
    try:
        _serve(_parser().parse_args(words))
    except ImproperlyConfigured as error:
        sys.exit(f"kindline: {error}")


class _Server(uvicorn.Server):
    """Tells the engine that it leaves before it closes what is open.

    An open stream of events over HTTP would otherwise be waited for, as any answer is.
    """

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        from realtime.chat import engine  # models: only once uvicorn has loaded the application

        running = engine.installed()
        if running is not None:
            await running.leave()
        await super().shutdown(sockets)


def _serve(asked: argparse.Namespace) -> None:
    server = _Server(_options(asked))
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises it again when all is done
        server.run()
    if not server.started:
        sys.exit(NOT_STARTED)


def _options(asked: argparse.Namespace) -> uvicorn.Config:
    return uvicorn.Config(
        "config.asgi:application",
        host=asked.host,
        port=asked.port,
        loop="uvloop",
        http=ReapedHttp,
        ws=ReapedWebSocket,
        ws_max_size=MAX_FRAME_BYTES,
        ws_ping_interval=20.0,
        ws_ping_timeout=15.0,  # so that a peer that takes nothing in is gone within 40 s
        ws_per_message_deflate=False,  # frames are small; deflate costs 35 KiB a socket
        lifespan="on",
        timeout_graceful_shutdown=asked.grace,
        log_level="warning",
        access_log=False,
        # Else uvicorn believes X-Forwarded-For from loopback; TRUSTED_PROXIES alone decides that.
        proxy_headers=False,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m config.serve", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument(
        "--grace", type=int, default=10, metavar="S", help="seconds open requests have at the end"
    )
    return parser


if __name__ == "__main__":
    main()
