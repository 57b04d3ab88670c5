"""What a client says: not too much, not too fast, not too badly. The rest is its socket's."""

from __future__ import annotations

import asyncio
import logging

from realtime.chat import protocol
from realtime.chat.codes import CloseCode
from realtime.chat.engine import Engine
from realtime.chat.gate import BURST, PIECE, RATE, Gate, Pace
from realtime.chat.guarded import GuardedSocket
from realtime.chat.protocol import FrameError, MessageError

logger = logging.getLogger(__name__)

MAX_BAD_FRAMES = 100
SLOWER = f"at most {RATE:.0f} frames a second, {BURST:.0f} at once: this one was not heard"


class ListeningSocket(GuardedSocket):
    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.gate = Gate()
        self.bad_frames = 0

    def take(self, frame: protocol.Inbound) -> None:
        """Do what it says, or set about it, and return at once. Raises FrameError."""
        raise NotImplementedError  # never reached: both kinds of socket say what they take

    def take_hasty(self, frame: protocol.Inbound) -> None:
        """It came too fast: nothing of it is done."""
        self.outbox.reply(protocol.error(SLOWER, code="rate_limited"))

    def take_unfit(self, message: protocol.Inbound, error: FrameError) -> None:
        """It is a message that can be read, and not be taken as it is."""
        self.complain(error)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Never waits: a socket that is not read cannot answer pings."""
        if self.ended:
            return
        size = len(text_data or bytes_data or "")
        pace = self.gate.take(size, now=asyncio.get_running_loop().time())
        if pace is Pace.TOO_FAST:
            self.end(CloseCode.TOO_FAST)
        elif size > protocol.MAX_FRAME_BYTES:  # uvicorn itself lets none in
            self.end(CloseCode.TOO_BIG)
        elif pace is Pace.HASTY and size > PIECE:  # to read it would cost others their turn
            self.outbox.reply(protocol.error(SLOWER, code="rate_limited"))
        else:
            self.hear(text_data, hasty=pace is Pace.HASTY)

    def hear(self, frame: str | protocol.Inbound | None, *, hasty: bool = False) -> None:
        try:
            if frame is None:
                raise FrameError("frames are text, not binary")
            if isinstance(frame, str):
                frame = protocol.parse(frame)
            if hasty:
                self.take_hasty(frame)
            else:
                self.take(frame)
        except MessageError as error:
            self.take_unfit(error.message, error)
        except FrameError as error:
            self.complain(error)
        except Exception as error:  # a defect of ours must not end the socket
            logger.error("a frame could not be handled: %s", type(error).__name__)
            self.complain(FrameError("that frame could not be handled"))

    def complain(self, error: FrameError) -> None:
        self.bad_frames += 1
        self.outbox.reply(protocol.error(str(error)))
        if self.bad_frames >= MAX_BAD_FRAMES:
            self.end(CloseCode.BAD_PROTOCOL)
