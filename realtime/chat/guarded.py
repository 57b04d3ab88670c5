"""What every socket of ours does: who may come in, the only writer, heartbeats, the end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NoReturn, cast
from urllib.parse import parse_qs
from uuid import uuid4

from channels.consumer import get_handler_name
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils import timezone

from realtime.accounts import door
from realtime.accounts import operations as accounts
from realtime.accounts.handshake import Credentials
from realtime.accounts.identity import Identity
from realtime.accounts.queries import identify_again
from realtime.chat import bridge, protocol
from realtime.chat.codes import CloseCode
from realtime.chat.engine import Engine
from realtime.chat.follower import Follower
from realtime.chat.outbox import Outbox
from realtime.chat.padding import padded

logger = logging.getLogger(__name__)

# What a program is told instead, which reads no close code.
_STATUS = {
    CloseCode.OVERLOADED: 503,
    CloseCode.UNAUTHENTICATED: 401,
    CloseCode.FORBIDDEN: 403,
    CloseCode.TOO_MANY_SOCKETS: 429,
}


class GuardedSocket(AsyncWebsocketConsumer):
    """One client at its door; what it then does stands in `opened` and `receive` of others."""

    channel_layer_alias = "none"  # no subscription per socket: a Redis fault cannot end it

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine
        self.connection_id = str(uuid4())
        self.identity: Identity | None = None
        self.outbox = Outbox(engine.timings, tend=lambda f: self.engine.hub.tend(f), end=self.end)
        self.followers: dict[str, Follower] = {}
        self.ended = False
        self.tasks: set[asyncio.Task[None]] = set()
        self._running: asyncio.Task[Any] | None = None
        self._hung_up = False
        self._looked_at = 0.0  # when Postgres was asked who this is; monotonic

    async def opened(self) -> None:
        """It is somebody who may be here, and was told `ready`."""
        raise NotImplementedError  # never reached: both kinds of socket say what they do here

    def sent(self, text: str) -> None:
        """It has been handed to the client."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Whatever ends the socket, an error of ours included, it leaves nothing behind."""
        self._running = asyncio.current_task()
        try:
            await super().__call__(scope, receive, send)
        except asyncio.CancelledError:
            if not self._hung_up or self._running is None or self._running.uncancel() > 0:
                raise
        finally:
            self.leave()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Without Channels' hop to the ORM's thread for each event: there is no ORM here."""
        handler = getattr(self, get_handler_name(message), None)
        if handler is not None:
            await handler(message)

    # --- coming ------------------------------------------------------------------------------

    async def connect(self) -> None:
        credentials = door.socket_credentials(dict(self.scope))
        await self.engine.start()
        if self.engine.limits.overloaded:
            await self._turn_away(credentials, CloseCode.OVERLOADED)
            return
        try:
            identity = await bridge.run(accounts.enter, credentials=credentials)
        except bridge.StorageUnavailable:
            await self._turn_away(credentials, CloseCode.OVERLOADED)
            return
        if identity is None:
            await self._turn_away(credentials, CloseCode.UNAUTHENTICATED)
        elif not door.socket_admitted(dict(self.scope), identity):
            await self._turn_away(credentials, CloseCode.FORBIDDEN)
        elif not await self.engine.limits.admit_socket(
            person=identity.user_id, connection_id=self.connection_id
        ):
            await self._turn_away(credentials, CloseCode.TOO_MANY_SOCKETS)
        else:
            self.identity, self._looked_at = identity, time.monotonic()
            await self.accept(subprotocol=credentials.subprotocol)
            self.engine.hub.sockets.add(self, identity.ends_with)
            if not self.ended:
                self._greet()
                await self.opened()

    async def _turn_away(self, credentials: Credentials, code: CloseCode) -> None:
        """A browser cannot read an HTTP refusal of a socket, other clients read nothing else."""
        if credentials.origin is not None:
            await self.accept(subprotocol=credentials.subprotocol)
            await self.close(code=int(code))
        elif "websocket.http.response" in (self.scope.get("extensions") or {}):
            # The ASGI extension "websocket.http.response"; Channels' types do not know it.
            respond = cast("Callable[[dict[str, Any]], Awaitable[None]]", self.base_send)
            start = "websocket.http.response.start"
            await respond({"type": start, "status": _STATUS[code], "headers": []})
            await respond({"type": "websocket.http.response.body", "body": b""})
        else:
            await self.close()

    def _greet(self) -> None:
        heartbeat_ms = int(self.engine.timings.ping_s * 1000)
        self.outbox.reply(
            protocol.ready(connection_id=self.connection_id, heartbeat_ms=heartbeat_ms)
        )
        for work in (self.outbox.write(self._send), self._ping(), self._recheck()):
            spawn(work, self.tasks)

    # --- staying -----------------------------------------------------------------------------

    @property
    def person(self) -> int:
        assert self.identity is not None
        return self.identity.user_id

    async def still_known(self, goodbye: str = "") -> bool:
        """Whether the person may still act: not after expiry, revocation or log-out.

        If not, the socket ends, and `goodbye` is the last it says.
        """
        assert self.identity is not None
        self._looked_at = time.monotonic()
        identity = await bridge.run(identify_again, identity=self.identity)
        if identity is None:
            self.end(CloseCode.UNAUTHENTICATED, goodbye)
            return False
        self.identity = identity  # a session may live longer by now
        return True

    def look_again(self) -> None:
        """Beside what is asked: who reads is checked as well as who writes."""
        if time.monotonic() - self._looked_at > self.engine.timings.look_again_s:
            spawn(self._still_known_if_storage_says(), self.tasks)

    async def _still_known_if_storage_says(self) -> None:
        with contextlib.suppress(bridge.StorageUnavailable):
            await self.still_known()

    async def _recheck(self) -> None:
        """Also for those who only watch: now and then, and when what they showed ends."""
        while not self.ended:
            left_s = self._left_s()
            await asyncio.sleep(min(left_s, self.engine.timings.recheck_s))
            try:
                await self.still_known()
            except Exception as error:  # whatever it is, somebody has to look again
                if not isinstance(error, bridge.StorageUnavailable):
                    logger.error("a socket could not be rechecked: %s", type(error).__name__)
                if self._left_s() <= 0:  # nobody can say that it was made longer
                    self.end(CloseCode.OVERLOADED)

    def _left_s(self) -> float:
        assert self.identity is not None
        return max(0.0, (self.identity.expires_at - timezone.now()).total_seconds())

    async def _send(self, text: str) -> None:
        await self.send(text_data=padded(text) if self.engine.pad else text)
        self.sent(text)

    def say(self, text: str) -> None:
        self.outbox.hint(text)

    async def _ping(self) -> None:
        """Browsers cannot see protocol pings, and proxies count bytes."""
        while True:
            await asyncio.sleep(self.engine.timings.ping_s)
            self.outbox.hint(protocol.ping())

    # --- going -------------------------------------------------------------------------------

    async def websocket_disconnect(self, message: Any) -> NoReturn:
        """Without that hop, too."""
        self.leave()
        raise StopConsumer

    def leave(self) -> None:
        """Follow nothing more; may be called more than once."""
        self.ended = True
        if self.identity is not None:
            self.engine.hub.sockets.discard(self, self.identity.ends_with)
            self.engine.limits.release_socket(person=self.person, connection_id=self.connection_id)
        for follower in self.followers.values():
            self.engine.hub.unfollow(follower)
        self.followers.clear()
        self.outbox.close()
        for task in self.tasks:
            task.cancel()

    def end(self, code: int, goodbye: str = "") -> None:
        """Close, once, without waiting for it."""
        if not self.ended:
            self.leave()
            spawn(self._close(code, goodbye), _closing)

    async def _close(self, code: int, goodbye: str) -> None:
        """A peer that reads nothing cannot even be told: then just hang up."""
        try:
            async with asyncio.timeout(self.engine.timings.close_s):
                if goodbye:
                    await self._send(goodbye)
                await self.close(code=int(code))
        except TimeoutError:
            logger.info("hung up on a socket that reads nothing (%d)", code)
            self._hung_up = True
            if self._running is not None:
                self._running.cancel()


_closing: set[asyncio.Task[None]] = set()  # a task needs a strong reference


def spawn(work: Coroutine[Any, Any, None], owned: set[asyncio.Task[None]]) -> asyncio.Task[None]:
    task = asyncio.get_running_loop().create_task(work)
    owned.add(task)
    task.add_done_callback(lambda done: _over(done, owned))
    return task


def _over(task: asyncio.Task[None], owned: set[asyncio.Task[None]]) -> None:
    owned.discard(task)
    if not task.cancelled() and task.exception() is not None:
        # Mostly a send into a socket that has just gone.
        logger.debug("socket task ended: %s", type(task.exception()).__name__)


def query_value(scope: Any, name: str) -> str | None:
    values = parse_qs(scope.get("query_string", b"").decode("latin-1")).get(name)
    return values[0] if values else None
