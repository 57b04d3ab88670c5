"""uvicorn's connections, with an end for peers that read nothing.

uvicorn closes a connection only when all it wrote has left, which a peer that does not read never
lets happen: not after the application has ended, nor when it answers no ping.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application
    from websockets.frames import Frame


MOST_FRAGMENTS = 1_024  # of one message


class ReapedWebSocket(WebSocketsSansIOProtocol):
    _pong = b""  # waits until the peer reads again

    async def run_asgi(self) -> None:
        """Who reads gets the time of a closing handshake, who does not gets none."""
        try:
            await super().run_asgi()
        finally:
            if self.writable.is_set():
                self.loop.call_later(self.close_timeout, self._reap)
            else:
                hang_up(self.transport)

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._reap()

    def handle_ping(self) -> None:
        """Who does not read is sent the newest pong alone, later (RFC 6455 5.5.3): else a flood of
        pings would be kept as pongs.
        """
        pong = b"".join(self.conn.data_to_send())
        if self.writable.is_set():
            self.transport.write(pong)
        else:
            self._pong = pong

    def resume_writing(self) -> None:
        super().resume_writing()
        pong, self._pong = self._pong, b""
        self.transport.write(pong)

    def handle_cont(self, event: Frame) -> None:
        """Empty fragments weigh nothing, so that the limit of a message's size never ends them."""
        if len(self.frames) < MOST_FRAGMENTS:
            super().handle_cont(event)
        else:
            hang_up(self.transport)

    def shutdown(self) -> None:
        super().shutdown()
        self.loop.call_later(self.close_timeout, self._reap)

    def _reap(self) -> None:
        if not self.disconnected and self.transport.get_write_buffer_size():
            hang_up(self.transport)


class ReapedHttp(HttpToolsProtocol):
    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        async def reaping(scope: Any, receive: Any, send: Any) -> None:
            """A stream that was broken off has no end to wait for."""
            try:
                await app(scope, receive, send)
            finally:
                if self.flow.write_paused and not cycle.response_complete:
                    hang_up(self.transport)

        super()._start_asgi_task(cycle, reaping)


def hang_up(transport: asyncio.Transport) -> None:
    """With a reset: else the kernel keeps megabytes for a peer that will not read them."""
    own = transport.get_extra_info("socket")
    if own is not None and own.family in (socket.AF_INET, socket.AF_INET6):
        own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
