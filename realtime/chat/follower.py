"""One client's view of one thread: the handshake and the filter of protocol.md 1.8. Pure.

    behind --begin()--> reading --take()--> live
       ^                   |                  |
       +------ failed() ---+                  |
       +-- a gap, look(), reset(), lag() -----+   (also while reading)

Who drives it registers it first, then reads whenever it is `behind`, and offers it every frame it
hears of; a frame is committed before it is heard of. So what comes before a read begins is in
what is read, what comes meanwhile waits, and nothing falls between the two.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, Protocol

from realtime.chat.missed import Catchup
from realtime.chat.protocol import Cursor, Frame
from realtime.chat.wording import ENVELOPES, Wording

WAITING = 64  # frames kept while a follower is read; beyond, the log has them

Watched = tuple[int, str]  # owner id, client thread id


class Place(NamedTuple):
    """What a client has been told of a thread: all up to `cursor`.

    `announced`: it was told `subscribed`; `replaced`: it was sent a snapshot since. `life`: how
    often the thread was deleted before, for cursors of one life mean nothing in the next.
    """

    cursor: Cursor | None
    announced: bool = False
    replaced: bool = False
    life: int = 0


class Sink(Protocol):
    """A client's outbox.

    `put` says whether there was room. `lag`: the client is too slow, so drop what waits of the
    log, and call `lag` of each follower whose it was. A page of what was missed is read and put
    inside `room()`, where the first frame finds room; `unavailable`: it cannot be read.
    """

    def put(self, out: Outgoing) -> bool: ...
    def hint(self, text: str) -> None: ...
    def lag(self) -> None: ...
    def room(self) -> AbstractAsyncContextManager[None]: ...
    def unavailable(self) -> None: ...


@dataclass(slots=True, eq=False)
class Outgoing:
    """A frame of the log on its way to one client, who then is at `place`."""

    text: str
    follower: Follower
    place: Place

    def sent(self) -> None:
        """It was handed to the socket and cannot be dropped any more."""
        if self.place.life == self.follower.queued.life:
            self.follower.sent = self.place


@dataclass(slots=True, eq=False)
class Asked:
    """A read of everything after `cursor`, begun by a follower that was behind."""

    cursor: Cursor | None


class Fit(Enum):
    SEEN = "seen"
    NEXT = "next"
    GAP = "gap"


@dataclass(slots=True, eq=False)
class Follower:
    """`queued`: where the client is when it has all that waits for it; `sent`: where it is now."""

    owner_id: int
    thread_id: str
    sink: Sink
    queued: Place
    wording: Wording = ENVELOPES
    live: bool = False
    behind: bool = True
    waiting: list[Frame] = field(default_factory=list)
    sent: Place = field(init=False)
    _asked: Asked | None = None

    def __post_init__(self) -> None:
        self.sent = self.queued

    @property
    def watched(self) -> Watched:
        return (self.owner_id, self.thread_id)

    @property
    def cursor(self) -> Cursor | None:
        return self.queued.cursor

    # --- reading -----------------------------------------------------------------------------

    def begin(self) -> Asked:
        """Say what to read now; the answer goes to `take`, or `failed` is called."""
        self.live = self.behind = False
        self.waiting.clear()
        self._asked = Asked(self.cursor)
        return self._asked

    def take(self, asked: Asked, missed: Catchup) -> None:
        """Send what was read, then what came meanwhile; without effect if `asked` is outdated."""
        if asked is not self._asked:
            return
        self._asked = None
        if not self._send_missed(missed) or missed.more:
            self.look()
        if self.behind:
            return
        self.live = True
        waiting, self.waiting = self.waiting, []
        for frame in waiting:
            if not self.live or not self._pass(frame):
                break

    def failed(self, asked: Asked) -> None:
        if asked is self._asked:
            self.look()

    # --- what is heard -----------------------------------------------------------------------

    def offer(self, frame: Frame) -> None:
        """The filter of every frame: already seen, the next one, or a gap to be read."""
        if self.live:
            if not self._pass(frame):
                self.sink.lag()
        elif self._asked is not None and not self.behind:
            if len(self.waiting) < WAITING:
                self.waiting.append(frame)
            else:
                self.waiting.clear()
                self.behind = True

    def _pass(self, frame: Frame) -> bool:
        """False when there was no room for it."""
        match self.fit(frame):
            case Fit.SEEN:
                return True
            case Fit.GAP:
                self.look()
                return True
            case Fit.NEXT:
                if self._send_frame(frame):
                    return True
                self.look()
                return False

    def fit(self, frame: Frame) -> Fit:
        if self.cursor is not None and frame.id <= self.cursor:
            return Fit.SEEN
        return Fit.NEXT if frame.prev == self.cursor else Fit.GAP

    def look(self, end: Cursor | None = None) -> None:
        """The log goes on to `end`, or may have: a read that has begun may have missed it."""
        if end is not None and self.live and self.cursor is not None and self.cursor >= end:
            return
        self.live = False
        self.behind = True

    def compare(self, *, before: Cursor | None, end: Cursor) -> None:
        """The safety poll saw the thread end at `end`, and began when we were at `before`."""
        if not self.live or before is None or self.cursor is None:
            return
        if before > end:
            self.reset()  # it was deleted meanwhile
        elif self.cursor < end:
            self.look()

    def reset(self) -> None:
        """The thread was deleted: start again from a snapshot."""
        self._asked = None
        self.sent = self.queued = self.queued._replace(cursor=None, life=self.queued.life + 1)
        self.look()

    def lag(self) -> None:
        """What waited for the client was dropped: go on from where it really is."""
        self._asked = None
        self.queued = self.sent
        self.look()

    # --- what is sent ------------------------------------------------------------------------

    def _send_missed(self, missed: Catchup) -> bool:
        """Whether there was room for all."""
        if missed.snapshot is not None and not self._send_snapshot(missed):
            return False
        if not self.queued.announced and not self._send_subscribed(missed):
            return False
        return all(self._send_frame(frame) for frame in missed.frames)

    def _send_snapshot(self, missed: Catchup) -> bool:
        assert missed.snapshot is not None
        text = self.wording.snapshot(self.thread_id, missed.snapshot)
        place = self.queued._replace(cursor=missed.snapshot.cursor, announced=False, replaced=True)
        return self._send(text, place)

    def _send_subscribed(self, missed: Catchup) -> bool:
        text = self.wording.subscribed(
            self.thread_id,
            recovered=not self.queued.replaced,
            cursor=missed.start,
            active_run_id=missed.active_run_id,
        )
        place = self.queued._replace(cursor=missed.start, announced=True, replaced=False)
        return self._send(text, place)

    def _send_frame(self, frame: Frame) -> bool:
        text = self.wording.frame(self.thread_id, frame)
        return self._send(text, self.queued._replace(cursor=frame.id))

    def _send(self, text: str, place: Place) -> bool:
        if not self.sink.put(Outgoing(text, self, place)):
            return False
        self.queued = place
        return True
