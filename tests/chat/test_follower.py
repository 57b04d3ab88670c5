"""The handshake and the filter of one client's view, without a loop or a database."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest

from realtime.chat import follower as follower_module
from realtime.chat.follower import Follower, Outgoing, Place
from realtime.chat.missed import Catchup, Snapshot
from realtime.chat.protocol import START, Cursor, Frame


class Client:
    """An outbox that hands over at once; a stalled one keeps what it is given."""

    def __init__(self, *, stalled: bool = False) -> None:
        self.stalled = stalled
        self.room_for = 1_000
        self.lagged = 0
        self.frames: list[dict[str, Any]] = []
        self.outs: list[Outgoing] = []

    def put(self, out: Outgoing) -> bool:
        if len(self.outs) >= self.room_for:
            return False
        self.outs.append(out)
        self.frames.append(json.loads(out.text))
        if not self.stalled:
            out.sent()
        return True

    def lag(self) -> None:
        self.lagged += 1

    def hint(self, text: str) -> None:
        self.frames.append(json.loads(text))

    def room(self) -> contextlib.AbstractAsyncContextManager[None]:
        return contextlib.nullcontext()

    def unavailable(self) -> None: ...

    @property
    def ids(self) -> list[str]:
        return [frame["id"] for frame in self.frames if "chunk" in frame]


def frame(seq: int, prev: int | None = None) -> Frame:
    return Frame(Cursor(1, seq), Cursor(1, seq - 1 if prev is None else prev), "{}")


def following(client: Client, cursor: Cursor | None = None) -> Follower:
    return Follower(1, "t1", client, Place(cursor))


def live(client: Client, seq: int = 0) -> Follower:
    """A follower that has read all up to `seq`."""
    follower = following(client, Cursor(1, seq))
    follower.take(follower.begin(), Catchup(None, Cursor(1, seq), [], None))
    client.frames.clear()
    return follower


def empty() -> Catchup:
    return Catchup(Snapshot(START, [], []), START, [], None)


def test_without_a_cursor_a_snapshot_comes_before_subscribed() -> None:
    client = Client()
    follower = following(client)

    follower.take(follower.begin(), empty())

    assert [f["type"] for f in client.frames] == ["snapshot", "subscribed"]
    assert client.frames[1]["recovered"] is False
    assert follower.live


def test_what_is_heard_while_reading_waits_and_is_not_sent_twice() -> None:
    client = Client()
    follower = following(client, Cursor(1, 0))

    asked = follower.begin()
    for seq in (1, 2):
        follower.offer(frame(seq))
    follower.take(asked, Catchup(None, Cursor(1, 0), [frame(1)], None))

    assert client.ids == ["1-1", "1-2"]


def test_a_frame_already_seen_is_dropped() -> None:
    client = Client()
    follower = live(client, seq=3)

    follower.offer(frame(3))

    assert client.ids == []
    assert follower.live


def test_a_gap_is_read_and_not_sent() -> None:
    client = Client()
    follower = live(client, seq=3)

    follower.offer(frame(5))

    assert client.ids == []
    assert follower.behind


def test_more_than_may_wait_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower_module, "WAITING", 2)
    follower = following(Client(), Cursor(1, 0))

    follower.begin()
    for seq in range(1, 5):
        follower.offer(frame(seq))

    assert follower.waiting == []
    assert follower.behind


def test_a_page_that_is_not_the_last_is_followed_by_another() -> None:
    client = Client()
    follower = following(client, Cursor(1, 0))

    follower.take(follower.begin(), Catchup(None, Cursor(1, 0), [frame(1)], None, more=True))
    assert not follower.live
    follower.take(follower.begin(), Catchup(None, Cursor(1, 1), [frame(2)], None))

    assert follower.live
    assert client.ids == ["1-1", "1-2"]
    assert [f.get("type") for f in client.frames].count("subscribed") == 1


def test_a_page_that_finds_no_room_is_read_on_from_what_did() -> None:
    client = Client()
    follower = following(client, Cursor(1, 0))

    client.room_for = 2
    frames = [frame(1), frame(2), frame(3)]
    follower.take(follower.begin(), Catchup(None, Cursor(1, 0), frames, None))

    assert follower.behind
    assert follower.begin().cursor == Cursor(1, 1)
    assert client.lagged == 0


def test_a_live_frame_that_finds_no_room_makes_the_client_lag() -> None:
    client = Client()
    follower = live(client, seq=1)

    client.room_for = 0
    follower.offer(frame(2))

    assert client.lagged == 1
    assert follower.begin().cursor == Cursor(1, 1)


def test_one_who_lags_goes_on_from_what_it_was_really_sent() -> None:
    client = Client()
    follower = live(client, seq=1)

    client.stalled = True
    follower.offer(frame(2))
    follower.lag()

    assert follower.begin().cursor == Cursor(1, 1)


def test_a_read_begun_before_lagging_is_not_taken() -> None:
    client = Client()
    follower = live(client, seq=1)

    follower.look()
    asked = follower.begin()
    follower.lag()
    follower.take(asked, Catchup(None, Cursor(1, 1), [frame(2)], None))

    assert client.ids == []
    assert follower.behind


def test_a_snapshot_that_was_sent_is_not_repeated_when_subscribed_was_dropped() -> None:
    client = Client(stalled=True)
    follower = following(client)

    follower.take(follower.begin(), empty())
    client.outs[0].sent()
    follower.lag()
    follower.take(follower.begin(), Catchup(None, START, [], None))

    assert [f["type"] for f in client.frames] == ["snapshot", "subscribed", "subscribed"]
    assert client.frames[-1]["recovered"] is False


def test_after_a_deletion_an_old_place_is_forgotten_also_by_one_who_lags() -> None:
    client = Client()
    follower = live(client, seq=1)
    client.stalled = True
    follower.offer(frame(2))
    follower.reset()
    client.outs[-1].sent()
    follower.lag()

    assert follower.begin().cursor is None


@pytest.mark.parametrize(
    ("end", "reads_from"),
    [(Cursor(1, 3), None), (Cursor(1, 5), Cursor(1, 4))],
    ids=["deleted", "behind"],
)
def test_the_poll_finds_one_who_missed_something(end: Cursor, reads_from: Cursor | None) -> None:
    follower = live(Client(), seq=4)

    follower.compare(before=Cursor(1, 4), end=end)

    assert follower.behind
    assert follower.begin().cursor == reads_from


@pytest.mark.parametrize(("end", "behind"), [(Cursor(1, 4), False), (Cursor(1, 5), True)])
def test_a_hint_of_what_was_sent_already_makes_nobody_read(end: Cursor, behind: bool) -> None:
    follower = live(Client(), seq=4)

    follower.look(end)

    assert follower.behind is behind


def test_the_poll_leaves_one_alone_who_went_on_meanwhile() -> None:
    follower = live(Client(), seq=4)

    follower.compare(before=Cursor(1, 2), end=Cursor(1, 3))

    assert follower.live
