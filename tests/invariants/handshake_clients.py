"""Clients that do what protocol.md 1.17 asks of one, and hold what they are sent against the log.

Within a subscription frames must be a chain: each begins where the one before it ended (I7, I16).
Each covers exactly the rows it says (I1), and a snapshot is what the log says at its place.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from itertools import count
from typing import Any, ClassVar, Protocol

from realtime.chat.follower import Follower, Place, Watched
from realtime.chat.hub import Hub
from realtime.chat.outbox import Outbox
from realtime.chat.protocol import Cursor
from realtime.chat.timings import Timings
from tests.invariants.memory_log import MemoryLog
from tests.support.folding import Folded, FoldedMessage, read_message

TIMINGS = Timings()


class Numbered(Follower):
    """Stands in sets in the order in which it was made, so that a schedule is its seed."""

    made = count()
    gaps: ClassVar[list[str]] = []

    def __post_init__(self) -> None:
        super().__post_init__()
        self.number = next(Numbered.made)

    def __hash__(self) -> int:
        return self.number


class Server(Protocol):
    hub: Hub
    sockets: list[Socket]


class Surroundings(Protocol):
    """The world as its clients know it."""

    log: MemoryLog
    violations: list[str]

    @property
    def follower(self) -> type[Follower]: ...
    async def network(self) -> None: ...
    async def delay(self, mean_s: float) -> None: ...
    async def some_process(self) -> Server: ...


@dataclass(eq=False)
class View:
    """`chain` is where the server's last frame of this subscription ended."""

    watched: Watched
    cursor: Cursor | None = None
    chain: Cursor | None = None
    folded: Folded = field(default_factory=Folded)
    received: list[Cursor] = field(default_factory=list)

    @property
    def told(self) -> list[FoldedMessage]:
        return [message for message in self.folded.messages if not message.empty]


@dataclass(eq=False)
class Socket:
    """The way to one client: a real outbox, and a network that takes its time."""

    client: Client
    process: Server
    followers: dict[str, Follower] = field(default_factory=dict)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.outbox = Outbox(TIMINGS, tend=self.process.hub.tend, end=lambda code: self.cut())

    def subscribe(self, view: View) -> None:
        world, (owner_id, thread_id) = self.client.world, view.watched
        if thread_id in self.followers:
            self.process.hub.unfollow(self.followers.pop(thread_id))
        follower = world.follower(owner_id, thread_id, self.outbox, Place(view.cursor))
        self.followers[thread_id] = follower
        self.process.hub.follow(follower)

    async def carry(self, text: str) -> None:
        await self.client.world.network()
        if not self.closed.is_set():
            self.client.receive(self, json.loads(text))

    def cut(self) -> None:
        """What is on its way is lost."""
        if self.closed.is_set():
            return
        self.closed.set()
        self.process.sockets.remove(self)
        for follower in self.followers.values():
            self.process.hub.unfollow(follower)
        self.outbox.close()


@dataclass(eq=False)
class Client:
    world: Surroundings
    name: str
    views: dict[str, View]
    socket: Socket | None = None

    async def live(self) -> None:
        """Connect, subscribe with the cursors we have, and again when the socket is gone."""
        while True:
            await self.world.delay(0.2)
            process = await self.world.some_process()
            self.socket = socket = Socket(self, process)
            process.sockets.append(socket)
            for view in self.views.values():
                socket.subscribe(view)
            writing = asyncio.get_running_loop().create_task(socket.outbox.write(socket.carry))
            await socket.closed.wait()
            writing.cancel()

    def cut(self) -> None:
        if self.socket is not None:
            self.socket.cut()

    # --- protocol.md 1.17 --------------------------------------------------------------------

    def receive(self, socket: Socket, frame: dict[str, Any]) -> None:
        view = self.views[frame["threadId"]]
        if frame.get("type") == "snapshot":
            self._snapshot(view, frame)
        elif frame.get("type") == "subscribed":
            self._subscribed(view, frame)
        else:
            self._event(socket, view, frame)

    def _snapshot(self, view: View, frame: dict[str, Any]) -> None:
        view.cursor = _place(frame["cursor"])
        view.folded = Folded([read_message(message) for message in frame["messages"]])
        if view.told != self.world.log.told(view.watched, view.cursor):
            self.complain(f"I1: a snapshot that the log does not say at {view.cursor}")

    def _subscribed(self, view: View, frame: dict[str, Any]) -> None:
        view.chain = _place(frame["cursor"])
        if frame["recovered"] and view.cursor is not None and view.chain != view.cursor:
            self.complain(f"I7: it goes on at {view.chain}, we are at {view.cursor}")

    def _event(self, socket: Socket, view: View, frame: dict[str, Any]) -> None:
        prev, here = _place(frame["prev"]), _place(frame["id"])
        if prev != view.chain or here <= prev:
            self.complain(f"I7: ({prev}, {here}] after {view.chain}")
        view.chain = here
        if not _covers(frame["chunk"], self.world.log.between(view.watched, prev, here)):
            self.complain(f"I1: ({prev}, {here}] is not what the log has")
        if view.cursor is not None and here <= view.cursor:
            return
        if view.cursor is not None and prev != view.cursor:
            socket.subscribe(view)
            return
        view.cursor = here
        view.received.append(here)
        view.folded.apply(frame["chunk"])

    def complain(self, what: str) -> None:
        self.world.violations.append(f"{self.name}: {what}")

    # --- in the end --------------------------------------------------------------------------

    @property
    def is_up_to_date(self) -> bool:
        ends = {name: self.world.log.end(view.watched) for name, view in self.views.items()}
        return all(self.views[name].cursor == end for name, end in ends.items())

    def differences(self) -> list[str]:
        """I7: what this client does not know in the end, or knows otherwise."""
        found = []
        for view in self.views.values():
            end = self.world.log.end(view.watched)
            if view.cursor != end:
                found.append(f"{self.name}: I7: is at {view.cursor} of {end}")
            elif view.told != self.world.log.told(view.watched):
                found.append(f"{self.name}: I7: knows another text at {end}")
        return found


def _covers(chunk: dict[str, Any], events: list[dict[str, Any]]) -> bool:
    """Whether a frame says just these events: one as it is, or the deltas of a message as one."""
    if len(events) == 1:
        return chunk == events[0]
    if not events or {event["type"] for event in events} != {"TEXT_MESSAGE_CONTENT"}:
        return False
    whole = {**events[0], "delta": "".join(event["delta"] for event in events)}
    return len({event["messageId"] for event in events}) == 1 and chunk == whole


def _place(text: str) -> Cursor:
    cursor = Cursor.parse(text)
    assert cursor is not None
    return cursor
