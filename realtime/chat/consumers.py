"""The socket `/ws/v1/chat`: translates frames into one call each and never waits in `receive`."""

from __future__ import annotations

import asyncio
import logging
from uuid import uuid4

from realtime.accounts import door
from realtime.chat import bridge, helping, protocol
from realtime.chat.engine import Engine
from realtime.chat.follower import Follower, Place
from realtime.chat.guarded import UNAUTHENTICATED, GuardedSocket, query_value, spawn
from realtime.chat.intake import read_say, read_submission
from realtime.chat.operations import Submission
from realtime.chat.protocol import Cursor, FrameError
from realtime.chat.refusals import Refusal, storage_unavailable

logger = logging.getLogger(__name__)

MAX_BAD_FRAMES = 100
MAX_WAITING_REQUESTS = 64
MAX_THREADS = 256
TOO_MANY_THREADS = f"a socket follows at most {MAX_THREADS} threads: unsubscribe or open another"
BAD_PROTOCOL = 4400


class ChatConsumer(GuardedSocket):
    """One client: its requests run in order in a task of their own, its threads in the hub."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.requests: asyncio.Queue[protocol.Inbound | None] = asyncio.Queue()
        self.said_thread_id = str(uuid4())  # where a `say` without threadId goes
        self.bad_frames = 0
        self.unanswered: set[int] = set()  # requests, by identity

    async def opened(self) -> None:
        spawn(self._work(), _working)
        thread_id = query_value(self.scope, "threadId")
        if thread_id is not None:
            cursor = query_value(self.scope, "cursor")
            try:
                self._take(protocol.Subscribe(thread_id=thread_id, cursor=cursor))
            except FrameError as error:
                await self._complain(error)

    def leave(self) -> None:
        """What was asked is still done: only the answer has nowhere to go."""
        super().leave()
        self.requests.put_nowait(None)

    # --- in ----------------------------------------------------------------------------------

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Read a frame and return at once: a socket that is not read cannot answer pings."""
        if self.ended:
            return
        try:
            if text_data is None:
                raise FrameError("frames are text, not binary")
            self._take(protocol.parse(text_data))
        except FrameError as error:
            await self._complain(error)
        except Exception as error:  # a defect of ours must not end the socket
            logger.error("a frame could not be handled: %s", type(error).__name__)
            await self._complain(FrameError("that frame could not be handled"))

    def _take(self, frame: protocol.Inbound) -> None:
        match frame:
            case protocol.Ping():
                self.outbox.hint(protocol.pong(frame.n))
            case protocol.Pong():
                pass
            case protocol.Subscribe():
                self._subscribe(frame)
            case protocol.Unsubscribe():
                self._unsubscribe(frame.thread_id)
            case _ if self.requests.qsize() >= MAX_WAITING_REQUESTS:
                busy = "Too many requests at once. Please wait a moment."
                refusal = Refusal("rate_limited", busy, retry_after_ms=1_000)
                spawn(self._refuse(frame, refusal), self.tasks)
            case _:
                self.requests.put_nowait(frame)
                self.unanswered.add(id(frame))
                spawn(self._help_if_late(frame), self.tasks)

    async def _complain(self, error: FrameError) -> None:
        self.bad_frames += 1
        self.outbox.hint(protocol.error(str(error)))
        if self.bad_frames >= MAX_BAD_FRAMES:
            await self.end(BAD_PROTOCOL)

    # --- following ---------------------------------------------------------------------------

    def _subscribe(self, frame: protocol.Subscribe) -> None:
        thread_id = protocol.check_id(frame.thread_id, name="threadId")
        cursor = Cursor.parse(frame.cursor) if frame.cursor is not None else None
        self._unsubscribe(thread_id)
        self._follow(thread_id, cursor, announce=True)

    def _follow(self, thread_id: str, cursor: Cursor | None, *, announce: bool) -> None:
        if self.ended:
            return
        if len(self.followers) >= MAX_THREADS:
            raise FrameError(TOO_MANY_THREADS)
        follower = Follower(
            owner_id=self.person,
            thread_id=thread_id,
            sink=self.outbox,
            queued=Place(cursor, announced=not announce),
        )
        self.followers[thread_id] = follower
        self.engine.hub.follow(follower)

    def _unsubscribe(self, thread_id: str) -> None:
        follower = self.followers.pop(thread_id, None)
        if follower is not None:
            self.engine.hub.unfollow(follower)

    # --- requests, one after the other -------------------------------------------------------

    async def _work(self) -> None:
        """Outlives the socket until all it asked is done: a stop sent in leaving is a stop."""
        while (frame := await self.requests.get()) is not None:
            try:
                await self._serve(frame)
            except FrameError as error:
                await self._complain(error)
            except Exception as error:  # one broken request must not end the others
                logger.error("a request failed: %s", type(error).__name__)
                await self._refuse(frame, Refusal("internal", "Something went wrong here."))
            finally:
                self.unanswered.discard(id(frame))

    async def _serve(self, frame: protocol.Inbound) -> None:
        try:
            if not await self.still_known():
                return
            match frame:
                case protocol.Abort():
                    await self.engine.intake.stop(owner_id=self.person, run_id=frame.run_id)
                case protocol.RunAgentInput():
                    await self._submit(read_submission(frame, owner_id=self.person))
                case protocol.Say():
                    thread_id = frame.thread_id or self.said_thread_id
                    await self._submit(read_say(frame, owner_id=self.person, thread_id=thread_id))
                case _:
                    raise AssertionError(f"{type(frame).__name__} is served in receive")
        except Refusal as refusal:
            if refusal.code == "unauthenticated":  # deleted since the look above
                await self.end(UNAUTHENTICATED)
            else:
                await self._refuse(frame, refusal)
        except bridge.StorageUnavailable:
            await self._refuse(frame, storage_unavailable())

    async def _submit(self, submission: Submission) -> None:
        followed = submission.thread_id in self.followers
        if not followed and len(self.followers) >= MAX_THREADS:
            raise Refusal("invalid_input", TOO_MANY_THREADS.capitalize() + ".")
        address = door.socket_limit_key(dict(self.scope))
        logged = await self.engine.intake.submit(submission, address=address)
        if submission.thread_id not in self.followers:
            self._follow(submission.thread_id, logged.start, announce=False)

    async def _help_if_late(self, frame: protocol.Inbound) -> None:
        """Whoever is in danger does not wait for storage: help comes before the answer does."""
        await asyncio.sleep(self.engine.timings.help_s)
        if id(frame) in self.unanswered and await helping.card_of(frame) is not None:
            await self._refuse(frame, storage_unavailable())

    async def _refuse(self, frame: protocol.Inbound, refusal: Refusal) -> None:
        thread_id = getattr(frame, "thread_id", None) or self.said_thread_id
        self.outbox.hint(await helping.refused(frame, refusal, thread_id=thread_id))


# Requests that go on when their socket is gone; a task needs a strong reference.
_working: set[asyncio.Task[None]] = set()
