"""Answers that go on: Django checks a request and says yes, the body is written here.

Inside of Django each open answer would hold a thread, and could only end well; but a body that
ends well says that nothing is missing. So here a stream that is not over is cut: its client sees
that, and comes back. See docs/adr/0011.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from realtime.accounts.identity import Identity
from realtime.accounts.queries import identify_again
from realtime.chat import bridge, protocol, sse
from realtime.chat.engine import Engine
from realtime.chat.follower import Follower, Place
from realtime.chat.outbox import Outbox
from realtime.chat.padding import padded_events
from realtime.chat.wording import Wording, kinds_of

logger = logging.getLogger(__name__)

Message = Mapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
App = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

Gone = Callable[[], Coroutine[Any, Any, None]]

SLOT = "kindline_stream"
ENDINGS = ("RUN_FINISHED", "RUN_ERROR")
HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store, no-transform",  # a proxy that compresses holds back
    "X-Accel-Buffering": "no",
}


@dataclass(eq=False)
class EventStream:
    """What one client is sent: a thread from `place` on, or one run of it to its end.

    Once admitted it counts as a socket of its person, until it is released.
    """

    engine: Engine
    identity: Identity
    thread_id: str
    place: Place
    wording: Wording
    one_run: bool = False
    connection_id: str = field(default_factory=lambda: str(uuid4()))
    _inside: bool = False  # of a run, as far as the client knows
    _over: asyncio.Future[bool] | None = None

    async def write(self, send: Callable[[str], Awaitable[None]], gone: Gone) -> bool:
        """Write until there is no more to come (True) or the rest must be asked for (False)."""
        loop = asyncio.get_running_loop()
        over: asyncio.Future[bool] = loop.create_future()
        self._over = over
        hub = self.engine.hub
        outbox = Outbox(self.engine.timings, tend=hub.tend, end=self.end)
        follower = Follower(
            self.identity.user_id, self.thread_id, outbox, self.place, self.wording
        )
        works = [
            outbox.write(lambda text: self._tell(text, send)),
            self._keep_alive(outbox),
            self._recheck(),
            gone(),
            self._leaving(),
        ]
        tasks = [loop.create_task(work) for work in works]
        for task in tasks:
            task.add_done_callback(lambda done: self.end(0))
        hub.sockets.add(self, self.identity.ends_with)
        hub.follow(follower)
        try:
            return await over
        finally:
            hub.sockets.discard(self, self.identity.ends_with)
            hub.unfollow(follower)
            outbox.close()
            for task in tasks:
                task.cancel()
            for result in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(result, Exception):  # mostly a send to a client that has just gone
                    logger.debug("a stream broke off: %s", type(result).__name__)

    async def admit(self) -> bool:
        return await self.engine.limits.admit_socket(
            person=self.identity.user_id, connection_id=self.connection_id
        )

    def say(self, text: str) -> None:
        """Of the server itself; AG-UI has no word for it, and a stream ends when it stops."""

    def end(self, code: int) -> None:
        """Leave the rest unwritten; HTTP has no word for why."""
        self._finish(well=False)

    def release(self) -> None:
        """May be called more than once."""
        self.engine.limits.release_socket(
            person=self.identity.user_id, connection_id=self.connection_id
        )

    def _finish(self, *, well: bool) -> None:
        if self._over is not None and not self._over.done():
            self._over.set_result(well)

    async def _tell(self, text: str, send: Callable[[str], Awaitable[None]]) -> None:
        if text.startswith("{"):  # a hint about a run, which AG-UI knows only inside of one
            if not self._inside:
                return
            text = sse.event(text)
        kinds = kinds_of(text)
        if self._inside and kinds[:1] == ["RUN_STARTED"]:
            text = run_gone(self.thread_id, "") + text
        await send(text)
        if kinds:
            self._inside = kinds[-1] not in ENDINGS
            if self.one_run and not self._inside:
                self._finish(well=True)

    async def _keep_alive(self, outbox: Outbox) -> None:
        """Proxies cut what is silent for a minute."""
        while True:
            await asyncio.sleep(self.engine.timings.keep_alive_s)
            outbox.hint(sse.KEEP_ALIVE)

    async def _recheck(self) -> None:
        """Until the person may not see it any more: expiry, revocation, log-out."""
        known: Identity | None = self.identity
        while known is not None:
            left_s = (known.expires_at - timezone.now()).total_seconds()
            await asyncio.sleep(max(0.0, min(left_s, self.engine.timings.recheck_s)))
            try:
                known = await bridge.run(identify_again, identity=known)
            except bridge.StorageUnavailable:
                if left_s <= self.engine.timings.recheck_s:  # nobody can say it was made longer
                    return

    async def _leaving(self) -> None:
        await self.engine.leaving.wait()


def run_gone(thread_id: str, run_id: str) -> str:
    """The end of a run whose conversation was deleted."""
    return sse.event(
        protocol.refusal(
            code="not_found",
            message="This conversation was deleted.",
            thread_id=thread_id,
            run_id=run_id,
        )
    )


# --- beside Django -------------------------------------------------------------------------------


class Streams:
    """Django's application, with the bodies of streams written once Django is done with them."""

    def __init__(self, django: App) -> None:
        self.django = django

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        slot, line = _Slot(), _Line(receive)

        async def pass_on(message: Message) -> None:
            if not slot.takes(message):
                await send(message)

        try:
            await self.django({**scope, SLOT: slot}, line.receive, pass_on)
            if slot.stream is not None and slot.start is not None:
                await _write(slot.stream, slot.start, line, send)
        finally:
            if slot.stream is not None:
                slot.stream.release()


def hand_over(request: HttpRequest, stream: EventStream) -> HttpResponse:
    """The answer of a view whose body is this stream."""
    slot = getattr(request, "scope", {}).get(SLOT)
    if not isinstance(slot, _Slot):
        stream.release()
        raise RuntimeError("streams need the application of config.asgi")
    slot.stream = stream
    return HttpResponse(headers=HEADERS)


@dataclass
class _Slot:
    """Where a view leaves its stream; `start` is Django's answer to the request."""

    stream: EventStream | None = None
    start: Message | None = None

    def takes(self, message: Message) -> bool:
        """Whether we answer instead: Django's yes is kept back, its empty body dropped."""
        if self.stream is None:
            return False
        if message["type"] == "http.response.start" and message["status"] == 200:
            self.start = message
        return self.start is not None


@dataclass
class _Line:
    """The request's other end, whoever listens to it."""

    _receive: Receive
    _gone: bool = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._gone = self._gone or message["type"] == "http.disconnect"
        return message

    async def gone(self) -> None:
        while not self._gone:
            await self.receive()


async def _write(stream: EventStream, start: Message, line: _Line, send: Send) -> None:
    """A stream that is to be cut is left unfinished: the server then closes the connection."""
    headers = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
    await send({**start, "headers": headers})

    async def body(text: str) -> None:
        part = (padded_events(text) if stream.engine.pad else text).encode()
        await send({"type": "http.response.body", "body": part, "more_body": True})

    await body(sse.OPENING)
    if await stream.write(body, line.gone):
        await send({"type": "http.response.body", "body": b"", "more_body": False})
