"""uvicorn's socket, with an end for peers that read nothing.

uvicorn closes a connection only when all it wrote has left, which a peer that does not read never
lets happen: not after the application has ended, nor when it answers no ping.
"""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class ReapedWebSocket(WebSocketsSansIOProtocol):
    async def run_asgi(self) -> None:
        """Who reads gets the time of a closing handshake, who does not gets none."""
        try:
            await super().run_asgi()
        finally:
            if self.writable.is_set():
                self.loop.call_later(self.close_timeout, self._reap)
            else:
                self.transport.abort()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._reap()

    def shutdown(self) -> None:
        super().shutdown()
        self.loop.call_later(self.close_timeout, self._reap)

    def _reap(self) -> None:
        if not self.disconnected and self.transport.get_write_buffer_size():
            self.transport.abort()
