"""What every socket of ours does: who may come in, the only writer, heartbeats, the end."""

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
from django.utils import timezone

from realtime.accounts import door
from realtime.accounts import operations as accounts
from realtime.accounts.handshake import Credentials
from realtime.accounts.identity import Identity
from realtime.accounts.queries import identify_again
from realtime.chat import bridge, protocol
from realtime.chat.engine import Engine
from realtime.chat.follower import Follower
from realtime.chat.outbox import Outbox

logger = logging.getLogger(__name__)

UNAUTHENTICATED, FORBIDDEN, TOO_SLOW, TOO_MANY_SOCKETS = 4401, 4403, 4408, 4409
TRY_LATER = 1013


class GuardedSocket(AsyncWebsocketConsumer):
    """One client at its door; what it then does stands in `opened` and `receive` of others."""

    channel_layer_alias = "none"  # no subscription per socket: a Redis fault cannot end it

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine
        self.connection_id = str(uuid4())
        self.identity: Identity | None = None
        self.outbox = Outbox()
        self.followers: dict[str, Follower] = {}
        self.ended = False
        self.tasks: set[asyncio.Task[None]] = set()

    async def opened(self) -> None:
        """It is somebody who may be here, and was told `ready`."""
        raise NotImplementedError

    async def sent(self, text: str) -> None:
        """It has been handed to the client."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Whatever ends the socket, an error of ours included, it leaves nothing behind."""
        try:
            await super().__call__(scope, receive, send)
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
        try:
            identity = await bridge.run(accounts.enter, credentials=credentials)
        except bridge.StorageUnavailable:
            await self._turn_away(credentials, TRY_LATER, 503)
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
            self.engine.hub.sockets.add(self, identity.ends_with)
            if not self.ended:
                self._greet()
                await self.opened()

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

    def _greet(self) -> None:
        heartbeat_ms = int(self.engine.timings.ping_s * 1000)
        self.outbox.hint(
            protocol.ready(connection_id=self.connection_id, heartbeat_ms=heartbeat_ms)
        )
        for work in (self._write(), self._ping(), self._recheck()):
            spawn(work, self.tasks)

    # --- staying -----------------------------------------------------------------------------

    @property
    def person(self) -> int:
        assert self.identity is not None
        return self.identity.user_id

    async def still_known(self) -> bool:
        """Whether the person may still act: not after expiry, revocation or log-out."""
        assert self.identity is not None
        identity = await bridge.run(identify_again, identity=self.identity)
        if identity is None:
            await self.end(UNAUTHENTICATED)
            return False
        self.identity = identity  # a session may live longer by now
        return True

    async def _recheck(self) -> None:
        """Also for those who only watch: now and then, and when what they showed ends."""
        while not self.ended:
            left_s = self._left_s()
            await asyncio.sleep(min(left_s, self.engine.timings.recheck_s))
            try:
                await self.still_known()
            except bridge.StorageUnavailable:
                if self._left_s() <= 0:  # nobody can say that it was made longer
                    await self.end(TRY_LATER)

    def _left_s(self) -> float:
        assert self.identity is not None
        return max(0.0, (self.identity.expires_at - timezone.now()).total_seconds())

    async def _write(self) -> None:
        """The only writer. A client that does not read is closed; it resumes by cursor."""
        while (frame := await self.outbox.get()) is not None:
            try:
                async with asyncio.timeout(self.engine.timings.send_timeout_s):
                    await self.send(text_data=frame)
            except TimeoutError:
                break
            await self.sent(frame)
        await self.end(TOO_SLOW)

    async def _ping(self) -> None:
        """Browsers cannot see protocol pings, and proxies count bytes."""
        while True:
            await asyncio.sleep(self.engine.timings.ping_s)
            self.outbox.hint(protocol.ping())

    # --- going -------------------------------------------------------------------------------

    async def disconnect(self, code: int) -> None:
        self.leave()

    def leave(self) -> None:
        """Follow nothing more."""
        self._let_go()
        for task in self.tasks:
            task.cancel()

    async def end(self, code: int) -> None:
        """Close once. A peer that reads nothing cannot even be told so: it is not waited for."""
        if not self.ended:
            self._let_go()
            await self._close(code)

    def cut(self, code: int) -> None:
        """The same where nobody waits: from now on nothing more is sent."""
        if not self.ended:
            self._let_go()
            spawn(self._close(code), _closing)

    async def _close(self, code: int) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.engine.timings.send_timeout_s):
                await self.close(code=code)

    def _let_go(self) -> None:
        self.ended = True
        self.outbox.clear()
        if self.identity is not None:
            self.engine.hub.sockets.discard(self, self.identity.ends_with)
            self.engine.limits.release_socket(person=self.person, connection_id=self.connection_id)
        for follower in self.followers.values():
            self.engine.hub.unfollow(follower)
        self.followers.clear()


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
