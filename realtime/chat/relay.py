"""Tells other processes, and hears from them, through the channel layer. Its only user.

Redis is a hint: what is lost here is found in Postgres by the hub. So nothing waits for it,
the queue drops its oldest, and every failure only makes `healthy` false for a while: until a
heartbeat of our own has come back to us, which needs no traffic of others. Meanwhile no frames
are told, so that nobody pays a time-out for each.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

from realtime.chat.protocol import Cursor, Frame
from realtime.chat.timings import Timings

logger = logging.getLogger(__name__)

QUEUE = 1_000
MAX_CHARACTERS = 65_536
DEAF = 5  # beats that went out and did not come back, after which a process listens anew
END_S = 1.0
EVERYONE = "all"  # the group of every process: no hash of a thread's


def group_of(watched: tuple[int, str]) -> str:
    """The thread's group: a hash, because client ids hold more than a group name may."""
    owner_id, thread_id = watched
    return "t." + hashlib.sha256(f"{owner_id}\0{thread_id}".encode()).hexdigest()[:40]


class Layer(Protocol):
    """What we use of a channel layer."""

    async def new_channel(self) -> str: ...
    async def receive(self, channel: str) -> dict[str, Any]: ...
    async def group_add(self, group: str, channel: str) -> None: ...
    async def group_discard(self, group: str, channel: str) -> None: ...
    async def group_send(self, group: str, message: dict[str, Any]) -> None: ...
    async def flush(self) -> None: ...


class Listener(Protocol):
    """Who is told: frames, or up to where to look into Postgres, that the thread was deleted, that
    runs are to be taken, or that somebody's way in has ended.
    """

    def heard_work(self) -> None: ...
    def heard(self, group: str, frames: list[Frame]) -> None: ...
    def heard_of(self, group: str, end: Cursor) -> None: ...
    def heard_reset(self, group: str) -> None: ...
    def heard_ended(self, names: list[str], code: int) -> None: ...


@dataclass(slots=True)
class Relay:
    """`content`: frames go through Redis, which then carries words in clear; else only hints.

    `new_layer` is asked once more when the layer of now has gone deaf for good.
    """

    new_layer: Callable[[], Layer]
    listener: Listener
    timings: Timings
    spawn: Callable[[Any], asyncio.Task[Any]]
    content: bool = True
    healthy: bool = True
    layer: Layer = field(init=False)
    _pulse: str = field(default_factory=lambda: f"p.{uuid4().hex}")
    _pulse_at: float = 0.0
    _stopping: bool = False
    _wanted: set[str] = field(default_factory=set)
    _joined: set[str] = field(default_factory=set)
    _joining: set[str] = field(default_factory=set)
    _channel: str | None = None
    _listening: asyncio.Task[Any] | None = None
    _ended: deque[tuple[float, dict[str, Any]]] = field(
        default_factory=lambda: deque(maxlen=QUEUE // 2)
    )
    _outgoing: asyncio.Queue[tuple[str, dict[str, Any]]] = field(
        default_factory=lambda: asyncio.Queue(QUEUE)
    )

    def __post_init__(self) -> None:
        self.layer = self.new_layer()

    def start(self) -> None:
        self._wanted |= {self._pulse, EVERYONE}
        self._pulse_at = asyncio.get_running_loop().time()
        self._listening = self.spawn(self._listen())
        self.spawn(self._publish())
        self.spawn(self._beat())

    async def flush(self, *, within_s: float) -> None:
        """Let out what others wait for, if Redis takes it soon."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._outgoing.join()

    def stop(self) -> None:
        """Let the loops end at their next turn: a cancellation alone may be lost in the layer."""
        self._stopping = True

    def want(self, group: str) -> None:
        self._wanted.add(group)
        self.spawn(self._join(group))

    def unwant(self, group: str) -> None:
        self._wanted.discard(group)
        self.spawn(self._leave(group))

    def join_missing(self) -> None:
        """Try again what failed while Redis was away."""
        for group in self._wanted - self._joined - self._joining:
            self.spawn(self._join(group))

    def tell(self, group: str, frames: list[Frame]) -> None:
        """Pass on committed frames, or just that there are some when they are long."""
        end = str(frames[-1].id)
        batch = [(str(frame.id), str(frame.prev), frame.chunk) for frame in frames]
        short = sum(len(frame.chunk) for frame in frames) <= MAX_CHARACTERS
        content = batch if short and self.content else None
        self._enqueue(group, {"type": "kindline.batch", "f": content, "end": end})

    def tell_work(self) -> None:
        """Runs wait that this process does not take."""
        self._enqueue(EVERYONE, {"type": "kindline.work"})

    def tell_reset(self, group: str) -> None:
        self._enqueue(group, {"type": "kindline.reset"})

    def tell_ended(self, names: list[str], code: int) -> None:
        """To every process: nobody knows where their sockets are. It happens seldom.

        Told again when Redis is well again: what is lost here is looked up nowhere for minutes.
        """
        message = {"type": "kindline.ended", "names": names, "code": code}
        self._ended.append((asyncio.get_running_loop().time(), message))
        self._enqueue(EVERYONE, message)

    def _enqueue(self, group: str, message: dict[str, Any]) -> None:
        if self._outgoing.full():
            self._outgoing.get_nowait()  # the oldest hint is worth least
            self._outgoing.task_done()
        self._outgoing.put_nowait((group, {**message, "t": group}))

    async def _publish(self) -> None:
        while not self._stopping:
            group, message = await self._outgoing.get()
            if self.healthy or message["type"] != "kindline.batch":
                await self._send(group, message)
            self._outgoing.task_done()

    async def _send(self, group: str, message: dict[str, Any]) -> bool:
        try:
            async with asyncio.timeout(self.timings.publish_timeout_s):
                await self.layer.group_send(group, message)
        except Exception as error:  # whatever Redis does: others find it in Postgres
            self._failed(error)
            return False
        return True

    async def _beat(self) -> None:
        """Send ourselves a word now and then; two that did not come back mean a deaf process.

        Where Redis takes them all and none comes back, the layer's receiver has ended for good.
        """
        period, unheard = self.timings.poll_active_s, 0
        while not self._stopping:
            sent_at = asyncio.get_running_loop().time()
            sent = await self._send(self._pulse, {"type": "kindline.pulse", "t": self._pulse})
            await asyncio.sleep(period)
            if asyncio.get_running_loop().time() - self._pulse_at > 2 * period:
                self._failed(TimeoutError())
            unheard = 0 if self._pulse_at >= sent_at else unheard + sent
            if unheard >= DEAF:
                unheard = 0
                self._listen_anew()

    def _listen_anew(self) -> None:
        logger.warning("channel layer: nothing is heard; listening anew")
        old, self.layer = self.layer, self.new_layer()
        self._channel = None
        if self._listening is not None:
            self._listening.cancel()
        self.spawn(give_back(old))
        self._listening = self.spawn(self._listen())

    async def _listen(self) -> None:
        """Until told to stop, or until another listens to a newer layer."""
        layer = self.layer
        pause = self.timings.poll_active_s
        while not self._stopping and layer is self.layer:
            try:
                self._channel = await layer.new_channel()
                pause = self.timings.poll_active_s
                self._joined.clear()
                self.join_missing()
                while not self._stopping and layer is self.layer:
                    self._take(await layer.receive(self._channel))
            except Exception as error:  # begun again for ever: the hub polls meanwhile
                if layer is not self.layer:
                    return
                self._channel = None
                self._failed(error)
                # The layer keeps a queue of every channel that it could not open.
                await asyncio.sleep(pause)
                pause = min(2 * pause, self.timings.poll_idle_s)

    def _take(self, message: dict[str, Any]) -> None:
        """One that cannot be read, say of a later version, costs no other its way."""
        try:
            self._receive(message)
        except Exception as error:
            logger.error("channel layer: an odd message (%s)", type(error).__name__)

    def _receive(self, message: dict[str, Any]) -> None:
        group = str(message["t"])
        if message["type"] == "kindline.pulse":
            self._heard_pulse(asyncio.get_running_loop().time())
        elif message["type"] == "kindline.work":
            self.listener.heard_work()
        elif message["type"] == "kindline.reset":
            self.listener.heard_reset(group)
        elif message["type"] == "kindline.ended":
            self.listener.heard_ended(message["names"], message["code"])
        elif message["f"] is None:
            self.listener.heard_of(group, _cursor(message["end"]))
        else:
            self.listener.heard(group, [_frame(item) for item in message["f"]])

    def _heard_pulse(self, now: float) -> None:
        self._pulse_at = now
        if self.healthy:
            return
        self.healthy = True
        for told_at, message in self._ended:
            if now - told_at < self.timings.recheck_s:  # after it, everybody has looked
                self._enqueue(EVERYONE, message)

    async def _join(self, group: str) -> None:
        channel = self._channel
        if channel is None:
            return  # _listen joins all groups when its channel is there
        self._joined.discard(group)
        self._joining.add(group)
        try:
            async with asyncio.timeout(self.timings.publish_timeout_s):
                await self.layer.group_add(group, channel)
            if group in self._wanted and channel == self._channel:  # neither changed meanwhile
                self._joined.add(group)
        except Exception as error:  # tried again by join_missing
            self._failed(error)
        finally:
            self._joining.discard(group)

    async def _leave(self, group: str) -> None:
        self._joined.discard(group)
        if self._channel is None or group in self._wanted:
            return
        try:
            await self.layer.group_discard(group, self._channel)
        except Exception as error:  # at worst we hear of a thread nobody watches here
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        if self.healthy:
            logger.warning("channel layer: %s; polling Postgres instead", type(error).__name__)
        self.healthy = False


async def give_back(layer: Layer) -> None:
    """Give back what it holds, if it still can."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(END_S):
            await layer.flush()


def _frame(item: tuple[str, str, str]) -> Frame:
    return Frame(_cursor(item[0]), _cursor(item[1]), item[2])


def _cursor(text: str) -> Cursor:
    cursor = Cursor.parse(text)
    assert cursor is not None
    return cursor
