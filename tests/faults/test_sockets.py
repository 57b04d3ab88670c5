"""Faults 9 to 14: what happens to sockets. A reply belongs to a process, sockets only watch."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from realtime.chat.models import Message, Run
from tests.support.cluster import Cluster, Process
from tests.support.eventually import until
from tests.support.openai_scenarios import Gate, says
from tests.support.people import People, Person, assert_exact, stored_reply
from tests.support.resilient_client import Frame
from tests.support.slow_line import connect_narrow, hung_up, rss_kb, write_long_log

WORDS = [f"word {i} " for i in range(80)]
REPLY = "".join(WORDS)
SILENT = 40


@pytest.mark.quick
async def test_9_a_socket_cut_every_100_ms_for_a_whole_answer_shows_the_exact_text(
    cluster: Cluster, people: People
) -> None:
    cluster.model.play_to("tell me", says(*WORDS).paced(max(0.05, 0.15 * cluster.scale)))
    me = await people.one()
    cluster.balancer.cut_every(0.1)

    turn = await me.ask("tell me")
    view = await me.finished(turn)

    assert view.reply == REPLY == (await stored_reply(turn.run_id))[0]
    assert me.opened > 4
    await assert_exact(me)


@pytest.mark.quick
async def test_a_client_moved_between_processes_in_mid_stream_ends_with_the_exact_text(
    cluster: Cluster, people: People
) -> None:
    cluster.model.play_to("tell me", says(*WORDS).paced(0.02))
    me = await people.one()

    turn = await me.ask("tell me")
    for read in (100, 200, 300):
        await me.reads(read)
        await me.lose_socket()
    view = await me.finished(turn)

    assert view.reply == REPLY
    assert view.snapshots == 0
    await assert_exact(me)


async def open_raw(person: Person, url: str) -> ClientConnection:
    """A socket for what no client should do; a server that is behind is asked again."""
    address = url.replace("http", "ws") + "/ws/v1/chat"
    while True:
        try:
            return await connect(
                address, additional_headers=person.headers, max_size=None, proxy=None
            )
        except InvalidStatus as refused:
            if refused.response.status_code != 503:
                raise
            await asyncio.sleep(0.5)


@pytest.mark.quick
async def test_10_cut_before_it_is_acknowledged_and_sent_again_it_is_one_run(
    cluster: Cluster, people: People
) -> None:
    person = await people.somebody()
    run_id, message_id = str(uuid4()), str(uuid4())
    message = {"id": message_id, "role": "user", "content": "once"}
    frame = json.dumps({"threadId": "t1", "runId": run_id, "messages": [message]})
    for _ in range(5):
        pair = [await open_raw(person, cluster.url) for _ in cluster.pair]
        for socket in pair:
            await socket.send(frame)
            socket.transport.abort()

    me = await person.client()
    turn = await me.ask("once", run_id=run_id, message_id=message_id)
    view = await me.finished(turn)

    assert view.reply == "I hear you."
    assert await Run.objects.filter(client_run_id=run_id).acount() == 1
    assert await Message.objects.filter(client_msg_id=message_id).acount() == 1
    assert len(cluster.model.asked("once")) == 1


async def test_11_a_server_lets_go_of_a_line_that_has_gone_mute(
    cluster: Cluster, people: People
) -> None:
    person = await people.somebody()
    socket = await open_raw(person, cluster.url)

    cluster.balancer.freeze()
    mute_from = time.monotonic()
    await until(lambda: cluster.balancer.frozen == 0, patience_s=70)

    assert time.monotonic() - mute_from < 60
    socket.transport.abort()


async def test_11_a_client_whose_line_goes_mute_in_mid_stream_comes_back_for_the_rest(
    cluster: Cluster, people: People
) -> None:
    gate = Gate()
    cluster.model.play_to("tell me", says("Half ", gate, "a reply."))
    me = await people.one()
    turn = await me.ask("tell me")
    await me.shows("Half ")

    cluster.balancer.freeze()
    mute_from = time.monotonic()
    gate.open()
    view = await me.finished(turn, patience_s=90)

    assert time.monotonic() - mute_from < cluster.within(60 + 2)
    assert (view.reply, me.opened) == ("Half a reply.", 2)
    await assert_exact(me)


# --- 12, 13: clients that do not read ------------------------------------------------------------


@asynccontextmanager
async def stalled(process: Process, person: Person) -> AsyncIterator[ClientConnection]:
    """A client that has asked for 12 MB and reads nothing of it."""
    url = process.url.replace("http", "ws") + "/ws/v1/chat"
    async with connect_narrow(url, person.headers) as socket:
        await socket.recv()  # ready
        socket.transport.pause_reading()
        await socket.send('{"type":"subscribe","threadId":"long","cursor":"0-0"}')
        yield socket
        socket.transport.abort()


async def until_hung_up(silent: list[ClientConnection], pid: int) -> tuple[float, int]:
    """Seconds until the last of them was, and the most memory of the process meanwhile, in KB."""
    begun, most_kb = time.monotonic(), 0
    async with asyncio.timeout(60):
        while not all(hung_up(each) for each in silent):
            most_kb = max(most_kb, rss_kb(pid))
            await asyncio.sleep(0.05)
    return time.monotonic() - begun, most_kb


async def test_12_clients_that_never_read_are_closed_by_40_s_and_cost_little_and_nobody(
    cluster: Cluster, people: People, figures: Callable[[str], None]
) -> None:
    cluster.model.play_to("tell me", says(*WORDS).paced(0.1))
    one, _ = cluster.pair
    person = await people.somebody()
    await sync_to_async(write_long_log)(person.user_id)
    other = await people.one(one)
    async with stalled(one, person) as first:  # what a process loads once is nobody's cost
        await other.finished(await other.ask("tell me", "t0"))
        await until_hung_up([first], one.server.pid)
    before_kb = rss_kb(one.server.pid)

    async with AsyncExitStack() as clients:
        silent = [await clients.enter_async_context(stalled(one, person)) for _ in range(SILENT)]
        ending = asyncio.ensure_future(until_hung_up(silent, one.server.pid))
        turn = await other.ask("tell me")
        await other.reads(10)
        other.longest_silence_s = 0.0
        await other.finished(turn)
        silence_s = other.longest_silence_s  # while it was written: later nothing is to come
        took_s, most_kb = await ending

    each_kb = (most_kb - before_kb) / SILENT
    figures(f"closed after {took_s:.1f} s; {each_kb:.0f} KB for each of {SILENT}")
    assert took_s < cluster.within(40)
    assert each_kb < 512
    assert silence_s < cluster.within(1)


async def test_13_a_client_that_reads_slowly_lags_and_catches_up_in_fewer_frames(
    cluster: Cluster, people: People
) -> None:
    # Twice as long as one send may take.
    pace_s = 2 * cluster.timings.send_timeout_s / len(WORDS)
    cluster.model.play_to("tell me", says(*WORDS).paced(pace_s))
    one, _ = cluster.pair
    person = await people.somebody()
    await sync_to_async(write_long_log)(person.user_id)
    quick_one = await person.client(one)

    async with stalled(one, person) as slow:
        await slow.send('{"type":"subscribe","threadId":"t1","cursor":"0-0"}')
        await quick_one.finished(await quick_one.ask("tell me"))
        slow.transport.resume_reading()
        came = await read_to_the_end(slow, "t1")

    assert len(came) < len(quick_one.frames["t1"]) / 2
    assert [frame["prev"] for frame in came[1:]] == [frame["id"] for frame in came[:-1]]
    assert "".join(frame["chunk"].get("delta", "") for frame in came) == REPLY


async def read_to_the_end(socket: ClientConnection, thread_id: str) -> list[Frame]:
    """All frames of a thread's run up to its end."""
    came: list[Frame] = []
    async with asyncio.timeout(60):
        while True:
            frame = json.loads(await socket.recv())
            if "chunk" in frame and frame["threadId"] == thread_id:
                came.append(frame)
                if frame["chunk"]["type"] == "RUN_FINISHED":
                    return came


# --- 14: frames that are none --------------------------------------------------------------------


async def close_code(socket: ClientConnection) -> int | None:
    """Read to the end, as a client must for the close frame to arrive."""
    with contextlib.suppress(ConnectionClosed):
        async for _ in socket:
            pass
    return socket.close_code


async def test_14_a_frame_of_two_megabytes_closes_with_1009(
    cluster: Cluster, people: People
) -> None:
    socket = await open_raw(await people.somebody(), cluster.url)
    # Its beginning, which says how long it is: what nobody reads would cost us the answer.
    head = b"\x81\xff" + (2_000_000).to_bytes(8, "big") + b"\0\0\0\0"
    socket.transport.write(head + b"x" * 1_000)

    assert await close_code(socket) == 1009


@pytest.mark.parametrize(
    "frame", ["{", '{"type":"shout"}', b"\xff\xfe", '{"type":"say","text":[]}'], ids=range(4)
)
async def test_14_a_bad_frame_is_answered_and_the_socket_lives_until_there_were_a_hundred(
    frame: str | bytes, cluster: Cluster, people: People
) -> None:
    socket = await open_raw(await people.somebody(), cluster.url)
    await socket.recv()

    await socket.send(frame)
    answers = [json.loads(await socket.recv())]
    await socket.send('{"type":"ping","n":7}')
    answers.append(json.loads(await socket.recv()))
    with contextlib.suppress(ConnectionClosed):
        for _ in range(99):
            await socket.send(frame)
            await asyncio.sleep(0.06)  # below 20 a second, which is another matter

    assert [answer["type"] for answer in answers] == ["error", "pong"]
    assert await close_code(socket) == 4400


async def test_14_bytes_that_are_no_utf_8_in_a_text_frame_end_the_socket_as_the_protocol_says(
    cluster: Cluster, people: People
) -> None:
    socket = await open_raw(await people.somebody(), cluster.url)
    await socket.recv()
    await socket.send(b"\xff\xfe", text=True)

    assert await close_code(socket) == 1007


# --- a socket that does nothing ------------------------------------------------------------------


@pytest.mark.timeout(900)
async def test_an_idle_socket_lives_ten_minutes_by_the_servers_pings(
    cluster: Cluster, people: People
) -> None:
    seconds = 600 * cluster.scale
    me = await people.one()
    await me.watch()

    await asyncio.sleep(seconds)

    assert (me.opened, me.closes) == (1, [])
    assert me.pings >= seconds / cluster.timings.ping_s - 2
    assert me.longest_silence_s < 1.2 * cluster.timings.ping_s + 1
    assert (await me.finished(await me.ask("still there?"))).reply == "I hear you."
