"""The threads that one client follows."""

from __future__ import annotations

from dataclasses import dataclass

from realtime.chat import protocol
from realtime.chat.follower import Follower, Place
from realtime.chat.hub import Hub
from realtime.chat.outbox import Outbox
from realtime.chat.protocol import Cursor, FrameError

MAX_THREADS = 256
TOO_MANY = f"a socket follows at most {MAX_THREADS} threads: unsubscribe or open another"


@dataclass(slots=True)
class Following:
    """`followers` by thread, which belong to the client's socket."""

    hub: Hub
    owner_id: int
    outbox: Outbox
    followers: dict[str, Follower]

    def __contains__(self, thread_id: str) -> bool:
        return thread_id in self.followers

    @property
    def full(self) -> bool:
        return len(self.followers) >= MAX_THREADS

    def subscribe(self, frame: protocol.Subscribe) -> None:
        """Follow from a cursor or a snapshot on. Raises FrameError."""
        thread_id = protocol.check_id(frame.thread_id, name="threadId")
        cursor = Cursor.parse(frame.cursor) if frame.cursor is not None else None
        self.unsubscribe(thread_id)
        if self.full:
            raise FrameError(TOO_MANY)
        self.follow(thread_id, Place(cursor))

    def follow(self, thread_id: str, place: Place) -> None:
        follower = Follower(self.owner_id, thread_id, self.outbox, place)
        self.followers[thread_id] = follower
        self.hub.follow(follower)

    def unsubscribe(self, thread_id: str) -> None:
        follower = self.followers.pop(thread_id, None)
        if follower is not None:
            self.hub.unfollow(follower)
