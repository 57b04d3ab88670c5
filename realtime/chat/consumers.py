"""The socket `/ws/v1/chat`: translates frames into one call each and never waits in `receive`."""

from __future__ import annotations

import asyncio
import logging

from realtime.accounts import door
from realtime.chat import protocol
from realtime.chat.codes import CloseCode
from realtime.chat.engine import Engine
from realtime.chat.following import Following
from realtime.chat.guarded import GuardedSocket, query_value, spawn
from realtime.chat.protocol import FrameError
from realtime.chat.requests import Requests

logger = logging.getLogger(__name__)

MAX_BAD_FRAMES = 100

# Requests that go on when their socket is gone; a task needs a strong reference.
_working: set[asyncio.Task[None]] = set()


class ChatConsumer(GuardedSocket):
    """One client: what it asks is done in order, the threads it follows are in the hub."""

    following: Following
    requests: Requests | None = None

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.bad_frames = 0

    async def opened(self) -> None:
        hub = self.engine.hub
        self.following = Following(hub, self.person, self.outbox, self.followers)
        address = door.socket_limit_key(dict(self.scope))
        self.requests = Requests(self, self.following, self.complain, address)
        spawn(self.requests.work(), _working)
        thread_id = query_value(self.scope, "threadId")
        if thread_id is not None:
            cursor = query_value(self.scope, "cursor")
            self._handle(protocol.Subscribe(thread_id=thread_id, cursor=cursor))

    def leave(self) -> None:
        """What was asked is still done: only the answer has nowhere to go."""
        super().leave()
        if self.requests is not None:
            self.requests.stop()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Read a frame and return at once: a socket that is not read cannot answer pings."""
        if not self.ended:
            self._handle(text_data)

    def _handle(self, frame: str | protocol.Inbound | None) -> None:
        try:
            if frame is None:
                raise FrameError("frames are text, not binary")
            self._take(protocol.parse(frame) if isinstance(frame, str) else frame)
        except FrameError as error:
            self.complain(error)
        except Exception as error:  # a defect of ours must not end the socket
            logger.error("a frame could not be handled: %s", type(error).__name__)
            self.complain(FrameError("that frame could not be handled"))

    def _take(self, frame: protocol.Inbound) -> None:
        assert self.requests is not None
        match frame:
            case protocol.Ping():
                self.outbox.reply(protocol.pong(frame.n))
            case protocol.Pong():
                pass
            case protocol.Subscribe():
                self.following.subscribe(frame)
                self.look_again()
            case protocol.Unsubscribe():
                self.following.unsubscribe(frame.thread_id)
            case _:
                self.requests.ask(frame)

    def complain(self, error: FrameError) -> None:
        self.bad_frames += 1
        self.outbox.reply(protocol.error(str(error)))
        if self.bad_frames >= MAX_BAD_FRAMES:
            self.end(CloseCode.BAD_PROTOCOL)
