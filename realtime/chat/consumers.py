"""The socket `/ws/v1/chat`: translates frames into one call each and never waits in `receive`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, cast
from urllib.parse import parse_qs
from uuid import uuid4

from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer

from realtime.accounts import door
from realtime.accounts.handshake import Credentials
from realtime.accounts.identity import Identity
from realtime.accounts.queries import identify
from realtime.chat import bridge, protocol
from realtime.chat.engine import Engine
from realtime.chat.follower import Follower, Place
from realtime.chat.intake import read_say, read_submission
from realtime.chat.operations import Submission
from realtime.chat.outbox import Outbox
from realtime.chat.protocol import Cursor, FrameError
from realtime.chat.refusals import Refusal

logger = logging.getLogger(__name__)

MAX_BAD_FRAMES = 100
MAX_WAITING_REQUESTS = 64
MAX_THREADS = 256
TOO_MANY_THREADS = f"a socket follows at most {MAX_THREADS} threads: unsubscribe or open another"
BAD_PROTOCOL, UNAUTHENTICATED, FORBIDDEN, TOO_SLOW = 4400, 4401, 4403, 4408
TOO_MANY_SOCKETS = 4409


class ChatConsumer(AsyncWebsocketConsumer):
    """One client: its requests run in order in a task of their own, its threads in the hub."""

    channel_layer_alias = "none"  # no subscription per socket: a Redis fault cannot end it

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine
        self.connection_id = str(uuid4())
        self.identity: Identity | None = None
        self.outbox = Outbox()
        self.requests: asyncio.Queue[protocol.Inbound | None] = asyncio.Queue()
        self.followers: dict[str, Follower] = {}
        self.said_thread_id = str(uuid4())  # where a `say` without threadId goes
        self.bad_frames = 0
        self.ended = False
        self.tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Whatever ends the socket, an error of ours included, it leaves nothing behind."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._leave()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Without Channels' hop to the ORM's thread for each event: there is no ORM here."""
        handler = getattr(self, get_handler_name(message), None)
        if handler is not None:
            await handler(message)

    # --- coming and going --------------------------------------------------------------------

    async def connect(self) -> None:
        credentials = self.credentials = door.socket_credentials(dict(self.scope))
        await self.engine.start()
        try:
            identity = await bridge.run(identify, credentials=credentials)
        except bridge.StorageUnavailable:
            await self._turn_away(credentials, 1013, 503)
            return
        if identity is None:
            await self._turn_away(credentials, UNAUTHENTICATED, 401)
        elif not door.socket_admitted(dict(self.scope), identity):
            await self._turn_away(credentials, FORBIDDEN, 403)
        elif not await self.engine.limits.admit_socket(
            person=identity.user_id, connection_id=self.connection_id
        ):
            await self._turn_away(credentials, TOO_MANY_SOCKETS, 429)
        else:
            self.identity = identity
            await self.accept(subprotocol=credentials.subprotocol)
            await self._greet()

    async def disconnect(self, code: int) -> None:
        self._leave()

    def _leave(self) -> None:
        """Follow nothing more. What was asked is still done: only the answer has nowhere to go."""
        self.ended = True
        self._uncount()
        for follower in self.followers.values():
            self.engine.hub.unfollow(follower)
        self.followers.clear()
        self.requests.put_nowait(None)
        for task in self.tasks:
            task.cancel()

    async def _end(self, code: int) -> None:
        """Close once. A peer that reads nothing cannot even be told so: it is not waited for."""
        if self.ended:
            return
        self.ended = True
        self._uncount()
        for follower in self.followers.values():
            self.engine.hub.unfollow(follower)
        self.followers.clear()
        self.outbox.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.engine.timings.send_timeout_s):
                await self.close(code=code)

    def _uncount(self) -> None:
        if self.identity is not None:
            self.engine.limits.release_socket(
                person=self._person, connection_id=self.connection_id
            )

    async def _turn_away(self, credentials: Credentials, code: int, status: int) -> None:
        """A browser cannot read an HTTP refusal of a socket, other clients read nothing else."""
        if credentials.origin is not None:
            await self.accept(subprotocol=credentials.subprotocol)
            await self.close(code=code)
        elif "websocket.http.response" in (self.scope.get("extensions") or {}):
            # The ASGI extension "websocket.http.response"; Channels' types do not know it.
            respond = cast("Callable[[dict[str, Any]], Awaitable[None]]", self.base_send)
            start = "websocket.http.response.start"
            await respond({"type": start, "status": status, "headers": []})
            await respond({"type": "websocket.http.response.body", "body": b""})
        else:
            await self.close()

    async def _greet(self) -> None:
        timings = self.engine.timings
        self.outbox.hint(
            protocol.ready(
                connection_id=self.connection_id, heartbeat_ms=int(timings.ping_s * 1000)
            )
        )
        for work in (self._write(), self._ping(), self._recheck()):
            _spawn(work, self.tasks)
        _spawn(self._work(), _working)
        thread_id = _query_value(self.scope, "threadId")
        if thread_id is not None:
            cursor = _query_value(self.scope, "cursor")
            try:
                self._take(protocol.Subscribe(thread_id=thread_id, cursor=cursor))
            except FrameError as error:
                await self._complain(error)

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
                self._refuse(frame, Refusal("rate_limited", busy, retry_after_ms=1_000))
            case _:
                self.requests.put_nowait(frame)

    async def _complain(self, error: FrameError) -> None:
        self.bad_frames += 1
        self.outbox.hint(protocol.error(str(error)))
        if self.bad_frames >= MAX_BAD_FRAMES:
            await self._end(BAD_PROTOCOL)

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
            owner_id=self._person,
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
                self._refuse(frame, Refusal("internal", "Something went wrong here."))

    async def _serve(self, frame: protocol.Inbound) -> None:
        try:
            if not await self._still_known():
                return
            match frame:
                case protocol.Abort():
                    await self.engine.intake.stop(owner_id=self._person, run_id=frame.run_id)
                case protocol.RunAgentInput():
                    await self._submit(read_submission(frame, owner_id=self._person))
                case protocol.Say():
                    thread_id = frame.thread_id or self.said_thread_id
                    await self._submit(read_say(frame, owner_id=self._person, thread_id=thread_id))
                case _:
                    raise AssertionError(f"{type(frame).__name__} is served in receive")
        except Refusal as refusal:
            if refusal.code == "unauthenticated":  # deleted since the look above
                await self._end(UNAUTHENTICATED)
            else:
                self._refuse(frame, refusal)
        except bridge.StorageUnavailable:
            message = "Your words are safe on your device. They will be sent again in a moment."
            self._refuse(frame, Refusal("storage_unavailable", message, retry_after_ms=2_000))

    async def _submit(self, submission: Submission) -> None:
        followed = submission.thread_id in self.followers
        if not followed and len(self.followers) >= MAX_THREADS:
            raise Refusal("invalid_input", TOO_MANY_THREADS.capitalize() + ".")
        address = door.socket_limit_key(dict(self.scope))
        logged = await self.engine.intake.submit(submission, address=address)
        if submission.thread_id not in self.followers:
            self._follow(submission.thread_id, logged.start, announce=False)

    async def _still_known(self) -> bool:
        """Whether the person may still act: not after expiry, revocation or log-out."""
        identity = await bridge.run(identify, credentials=self.credentials)
        if identity is None or identity.user_id != self._person:
            await self._end(UNAUTHENTICATED)
            return False
        return True

    async def _recheck(self) -> None:
        """Also for those who only watch."""
        while True:
            await asyncio.sleep(self.engine.timings.recheck_s)
            with contextlib.suppress(bridge.StorageUnavailable):
                await self._still_known()

    @property
    def _person(self) -> int:
        assert self.identity is not None
        return self.identity.user_id

    def _refuse(self, frame: protocol.Inbound, refusal: Refusal) -> None:
        self.outbox.hint(
            protocol.refusal(
                code=refusal.code,
                message=refusal.message,
                thread_id=getattr(frame, "thread_id", None) or self.said_thread_id,
                run_id=getattr(frame, "run_id", ""),
                retryable=refusal.retry_after_ms > 0,
                retry_after_ms=refusal.retry_after_ms,
                active_run_id=refusal.active_run_id,
            )
        )

    # --- out ---------------------------------------------------------------------------------

    async def _write(self) -> None:
        """The only writer. A client that does not read is closed; it resumes by cursor."""
        while (frame := await self.outbox.get()) is not None:
            try:
                async with asyncio.timeout(self.engine.timings.send_timeout_s):
                    await self.send(text_data=frame)
            except TimeoutError:
                break
        await self._end(TOO_SLOW)

    async def _ping(self) -> None:
        """Browsers cannot see protocol pings, and proxies count bytes."""
        while True:
            await asyncio.sleep(self.engine.timings.ping_s)
            self.outbox.hint(protocol.ping())


# Requests that go on when their socket is gone; a task needs a strong reference.
_working: set[asyncio.Task[None]] = set()


def _spawn(work: Coroutine[Any, Any, None], owned: set[asyncio.Task[None]]) -> asyncio.Task[None]:
    task = asyncio.get_running_loop().create_task(work)
    owned.add(task)
    task.add_done_callback(lambda done: _ended(done, owned))
    return task


def _ended(task: asyncio.Task[None], owned: set[asyncio.Task[None]]) -> None:
    owned.discard(task)
    if not task.cancelled() and task.exception() is not None:
        # Mostly a send into a socket that has just gone.
        logger.debug("socket task ended: %s", type(task.exception()).__name__)


def _query_value(scope: Any, name: str) -> str | None:
    values = parse_qs(scope.get("query_string", b"").decode("latin-1")).get(name)
    return values[0] if values else None
