"""What waits for one client: bounded, in order, and read again from the log when dropped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from realtime.chat import outbox as outbox_module
from realtime.chat.follower import Follower, Place
from realtime.chat.missed import Catchup
from realtime.chat.outbox import MAX_BYTES, MAX_FRAMES, Outbox
from realtime.chat.protocol import Cursor, Frame
from tests.support.engine import TIMINGS
from tests.support.eventually import until


class Socket:
    """The end of an outbox: it reads while `reading` is set."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.reading = asyncio.Event()
        self.tended: list[Follower] = []
        self.codes: list[int] = []
        self.outbox = Outbox(TIMINGS, tend=self.tended.append, end=self.codes.append)
        self.task = asyncio.create_task(self.outbox.write(self.send))

    async def send(self, text: str) -> None:
        await self.reading.wait()
        self.sent.append(text)

    def following(self, thread_id: str = "t1") -> Follower:
        """A live follower that has nothing yet."""
        follower = Follower(1, thread_id, self.outbox, Place(Cursor(1, 0), announced=True))
        follower.take(follower.begin(), Catchup(None, Cursor(1, 0), [], None))
        return follower


@pytest.fixture
async def socket() -> AsyncIterator[Socket]:
    socket = Socket()
    yield socket
    socket.task.cancel()
    socket.outbox.close()


def frame(seq: int, size: int = 2) -> Frame:
    return Frame(Cursor(1, seq), Cursor(1, seq - 1), '"' + "x" * (size - 2) + '"')


async def stalled(socket: Socket) -> None:
    """One frame is being written and does not get through."""
    socket.outbox.reply("stuck")
    await asyncio.sleep(0)


async def test_frames_are_written_in_order_whatever_their_kind(socket: Socket) -> None:
    follower = socket.following()
    socket.reading.set()

    socket.outbox.reply("ready")
    follower.offer(frame(1))
    socket.outbox.hint("ping")
    await until(lambda: len(socket.sent) == 3)

    assert [text[:5] for text in socket.sent] == ["ready", '{"id"', "ping"]


async def test_more_frames_than_fit_make_it_lag_and_are_dropped(socket: Socket) -> None:
    follower = socket.following()
    await stalled(socket)

    for seq in range(1, MAX_FRAMES + 2):
        follower.offer(frame(seq))

    assert socket.outbox.lagging
    assert socket.tended == [follower]
    assert follower.behind
    assert follower.begin().cursor == Cursor(1, 0)


async def test_more_bytes_than_fit_make_it_lag(socket: Socket) -> None:
    follower = socket.following()
    await stalled(socket)

    for seq in range(1, 10):
        follower.offer(frame(seq, MAX_BYTES // 8))

    assert socket.outbox.lagging
    assert socket.outbox._size < MAX_BYTES


async def test_bytes_are_counted_and_not_characters(socket: Socket) -> None:
    follower = socket.following()
    await stalled(socket)

    follower.offer(Frame(Cursor(1, 1), Cursor(1, 0), '"' + "\U0001f600" * (MAX_BYTES // 3) + '"'))

    assert socket.outbox.lagging


async def test_one_thread_that_is_too_much_sets_back_those_whose_frames_went(
    socket: Socket,
) -> None:
    busy, quiet, idle = (socket.following(f"t{n}") for n in range(3))
    await stalled(socket)

    quiet.offer(frame(1))
    busy.offer(frame(1, MAX_BYTES))

    assert busy.behind
    assert quiet.behind
    assert idle.live


async def test_a_page_is_given_when_all_before_it_is_written(socket: Socket) -> None:
    await stalled(socket)
    given = asyncio.Event()

    async def page() -> None:
        async with socket.outbox.room():
            given.set()

    task = asyncio.create_task(page())
    await asyncio.sleep(0)
    assert not given.is_set()
    socket.reading.set()
    await asyncio.wait_for(given.wait(), 5)
    await task

    assert not socket.outbox.lagging


async def test_a_frame_larger_than_the_outbox_finds_room_in_an_empty_one(socket: Socket) -> None:
    follower = socket.following()

    follower.offer(frame(1, 4 * MAX_BYTES))
    assert not socket.outbox.lagging
    socket.reading.set()
    await until(lambda: bool(socket.sent))

    assert follower.live


async def test_one_send_that_takes_too_long_makes_it_lag(socket: Socket) -> None:
    socket.outbox.timings = replace(TIMINGS, send_timeout_s=0.01)
    follower = socket.following()
    await stalled(socket)

    follower.offer(frame(1))
    await until(lambda: socket.outbox.lagging)

    assert follower.behind
    assert socket.codes == []


async def test_one_who_lags_for_too_long_is_closed_with_4408(socket: Socket) -> None:
    socket.outbox.timings = replace(TIMINGS, lag_s=0.01)
    await stalled(socket)

    socket.outbox.lag()
    await until(lambda: bool(socket.codes))

    assert socket.codes == [4408]


async def test_one_who_reads_again_in_time_is_not_closed(socket: Socket) -> None:
    socket.outbox.timings = replace(TIMINGS, lag_s=0.05)
    await stalled(socket)

    socket.outbox.lag()
    socket.reading.set()
    await until(lambda: not socket.outbox.lagging)
    await asyncio.sleep(0.1)  # past the deadline: there is nothing to wait for

    assert socket.codes == []


async def test_a_hint_is_dropped_where_there_is_no_room(
    socket: Socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "MAX_FRAMES", 1)
    await stalled(socket)

    socket.outbox.hint("kept")
    socket.outbox.hint("dropped")
    socket.reading.set()
    await until(lambda: len(socket.sent) == 2)

    assert socket.sent == ["stuck", "kept"]
    assert socket.codes == []


async def test_a_reply_takes_the_place_of_what_the_log_has(
    socket: Socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "MAX_FRAMES", 1)
    follower = socket.following()
    await stalled(socket)

    follower.offer(frame(1))
    socket.outbox.reply("answer")
    socket.reading.set()
    await until(lambda: len(socket.sent) == 2)

    assert socket.sent == ["stuck", "answer"]
    assert follower.behind


async def test_a_client_that_asks_and_never_reads_is_closed(
    socket: Socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "MAX_FRAMES", 1)
    await stalled(socket)

    for _ in range(2):
        socket.outbox.reply("answer")

    assert socket.codes == [4408]
