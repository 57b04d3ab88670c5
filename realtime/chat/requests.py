"""What one client asks: done in order, in a task of its own, while frames go on being read."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

from realtime.chat import bridge, helping, protocol
from realtime.chat.codes import CloseCode
from realtime.chat.follower import Place
from realtime.chat.following import TOO_MANY, Following
from realtime.chat.guarded import GuardedSocket, spawn
from realtime.chat.intake import read_say, read_submission
from realtime.chat.operations import Submission
from realtime.chat.protocol import FrameError
from realtime.chat.refusals import Refusal, storage_unavailable

logger = logging.getLogger(__name__)

MAX_WAITING = 64

Request = protocol.RunAgentInput | protocol.Say | protocol.Abort


@dataclass(slots=True)
class Requests:
    """`complain` is told of a frame that cannot be served.

    `address` is what the client is counted by besides its person.
    """

    socket: GuardedSocket
    following: Following
    complain: Callable[[FrameError], None]
    address: str | None
    said_thread_id: str = field(default_factory=lambda: str(uuid4()))  # for a `say` without one
    _waiting: asyncio.Queue[Request | None] = field(default_factory=asyncio.Queue)
    _unanswered: set[int] = field(default_factory=set)  # requests, by identity

    def ask(self, frame: Request) -> None:
        if self._waiting.qsize() >= MAX_WAITING:
            self.refuse_hasty(frame)
        else:
            self._waiting.put_nowait(frame)
            self._unanswered.add(id(frame))
            spawn(self._help_if_late(frame), self.socket.tasks)

    def stop(self) -> None:
        """What was asked is still done: only the answer has nowhere to go."""
        self._waiting.put_nowait(None)

    async def work(self) -> None:
        """Outlives the socket until all it asked is done: a stop sent in leaving is a stop."""
        while (frame := await self._waiting.get()) is not None:
            try:
                await self._serve(frame)
            except Exception as error:  # one broken request must not end the others
                logger.error("a request failed: %s", type(error).__name__)
                await self._refuse(frame, Refusal("internal", "Something went wrong here."))
            finally:
                self._unanswered.discard(id(frame))

    async def _serve(self, frame: Request) -> None:
        owner_id = self.socket.person
        try:
            if not await self.socket.still_known():
                return
            match frame:
                case protocol.Abort():
                    protocol.check_id(frame.run_id, name="runId")
                    await self.socket.engine.intake.stop(owner_id=owner_id, run_id=frame.run_id)
                case protocol.RunAgentInput():
                    await self._submit(read_submission(frame, owner_id=owner_id))
                case protocol.Say():
                    thread_id = frame.thread_id or self.said_thread_id
                    await self._submit(read_say(frame, owner_id=owner_id, thread_id=thread_id))
        except FrameError as error:
            await self._turn_down(frame, error)
        except Refusal as refusal:
            if refusal.code == "unauthenticated":  # deleted since the look above
                self.socket.end(CloseCode.UNAUTHENTICATED)
            else:
                await self._refuse(frame, refusal)
        except bridge.StorageUnavailable:
            await self._refuse(frame, storage_unavailable())

    async def _turn_down(self, frame: Request, error: FrameError) -> None:
        """A message is refused, finally and with the help it calls for; else the frame was bad."""
        if isinstance(frame, protocol.Abort):
            self.complain(error)
        else:
            await self._refuse(frame, Refusal("invalid_input", str(error)))

    async def _submit(self, submission: Submission) -> None:
        if submission.thread_id not in self.following and self.following.full:
            raise Refusal("invalid_input", TOO_MANY.capitalize() + ".")
        logged = await self.socket.engine.intake.submit(submission, address=self.address)
        if submission.thread_id not in self.following and not self.socket.ended:
            self.following.follow(submission.thread_id, Place(logged.start, announced=True))

    async def _help_if_late(self, frame: Request) -> None:
        """Whoever is in danger does not wait for storage: help comes before the answer does."""
        await asyncio.sleep(self.socket.engine.timings.help_s)
        if id(frame) in self._unanswered and await helping.card_of(frame) is not None:
            await self._refuse(frame, storage_unavailable())

    def refuse_hasty(self, frame: Request) -> None:
        busy = "Too many requests at once. Please wait a moment."
        refusal = Refusal("rate_limited", busy, retry_after_ms=1_000)
        spawn(self._refuse(frame, refusal), self.socket.tasks)

    async def _refuse(self, frame: Request, refusal: Refusal) -> None:
        thread_id = frame.thread_id or self.said_thread_id
        self.socket.outbox.reply(await helping.refused(frame, refusal, thread_id=thread_id))
