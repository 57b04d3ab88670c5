"""A client that obeys protocol.md 1.17 through anything, and complains of a server that does not.

It reconnects with jitter, resubscribes with its cursors, repeats what was not acknowledged, and
waits where a refusal says so. What it was sent must fit: each event known to AG-UI, each frame the
next of its thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Self
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from realtime.chat.timings import Timings
from tests.support.agui_check import check_event
from tests.support.chat_client import ThreadView, place

TERMINAL = ("RUN_FINISHED", "RUN_ERROR")
FINAL_CLOSES = (4400, 4401, 4403, 4409)
Frame = dict[str, Any]


@dataclass
class Turn:
    """One question: `frame` is repeated until it is acknowledged."""

    run_id: str
    thread_id: str
    frame: Frame
    again: bool = False  # a question that was there before
    asked_at: float = field(default_factory=time.monotonic)
    acknowledged: bool = False
    outcome: str | None = None
    ended_at: float = 0.0


@dataclass(eq=False)
class ResilientClient:
    url: str
    headers: dict[str, str]
    timings: Timings
    random: random.Random
    owner_id: int
    threads: dict[str, ThreadView] = field(default_factory=dict)
    frames: dict[str, list[Frame]] = field(default_factory=dict)  # enveloped, by thread
    turns: dict[str, Turn] = field(default_factory=dict)
    stops: dict[str, Frame] = field(default_factory=dict)  # by run, until it ended
    refusals: list[Frame] = field(default_factory=list)
    hints: list[Frame] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    closes: list[int] = field(default_factory=list)  # how its sockets ended
    opened: int = 0
    pings: int = 0
    heard_at: float = 0.0
    longest_silence_s: float = 0.0
    _running: dict[str, str] = field(default_factory=dict)  # run by thread
    _socket: ClientConnection | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._spawn(self._live())
        return self

    async def __aexit__(self, *error: object) -> None:
        while self._tasks:  # a cancellation may be lost in what it cancels
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(set(self._tasks), timeout=0.5)

    # --- what a person does ------------------------------------------------------------------

    async def ask(self, text: str, thread_id: str = "t1", **kindline: Any) -> Turn:
        """Send a message; it will be sent again until the server has it."""
        message = {"id": kindline.pop("message_id", str(uuid4())), "role": "user", "content": text}
        run_id = kindline.pop("run_id", str(uuid4()))
        frame = {
            "threadId": thread_id,
            "runId": run_id,
            "messages": [message],
            "state": {},
            "tools": [],
            "context": [],
            "forwardedProps": {"kindline": kindline} if kindline else {},
        }
        again = message["id"] in self.view(thread_id).texts
        turn = self.turns[run_id] = Turn(run_id, thread_id, frame, again)
        await self._send(frame)
        return turn

    def joins(self, turn: Turn) -> Turn:
        """Somebody else's turn, as this client sees it."""
        self.turns[turn.run_id] = mine = replace(turn, acknowledged=True, outcome=None)
        return mine

    async def stop(self, turn: Turn) -> None:
        frame = {"type": "abort", "runId": turn.run_id, "threadId": turn.thread_id}
        self.stops[turn.run_id] = frame
        await self._send(frame)

    async def watch(self, thread_id: str = "t1") -> None:
        """Follow a thread, from now on and after each reconnect."""
        self.view(thread_id)
        await self._subscribe(thread_id)

    def view(self, thread_id: str = "t1") -> ThreadView:
        self.frames.setdefault(thread_id, [])
        return self.threads.setdefault(thread_id, ThreadView())

    async def until(self, ready: Callable[[], bool], *, patience_s: float = 30) -> None:
        """Until `ready` holds after some frame; complaints end it."""
        async with asyncio.timeout(patience_s):
            while not ready():
                self.check()
                self._changed.clear()
                await self._changed.wait()
        self.check()

    async def finished(self, turn: Turn, *, patience_s: float = 30) -> ThreadView:
        await self.until(lambda: turn.outcome is not None, patience_s=patience_s)
        return self.view(turn.thread_id)

    async def reaches(self, cursor: str | None, thread_id: str = "t1") -> None:
        view = self.view(thread_id)
        await self.until(lambda: view.cursor == cursor)

    async def sees_end(self, thread_id: str = "t1", *, patience_s: float = 30) -> ThreadView:
        """Until the run that goes on there is over, whoever asked."""
        view = self.view(thread_id)
        await self.until(
            lambda: view.outcome is not None and not view.generating, patience_s=patience_s
        )
        return view

    async def shows(self, reply: str, thread_id: str = "t1", *, patience_s: float = 30) -> None:
        view = self.view(thread_id)
        await self.until(lambda: view.reply == reply, patience_s=patience_s)

    async def reads(self, characters: int, thread_id: str = "t1") -> None:
        """Until the reply is this long."""
        view = self.view(thread_id)
        await self.until(lambda: len(view.reply) >= characters)

    async def lose_socket(self) -> None:
        """As a phone does; the client notices, comes back, and is there again."""
        before = self.opened
        if self._socket is not None:
            self._socket.transport.abort()
        await self.until(lambda: self.opened > before)

    def remembers(self, frames: Iterable[Frame]) -> None:
        """As one who was there before, and got these."""
        for frame in frames:
            self._apply(frame)

    async def turned_away(self) -> int:
        """Until it may not come back; says with which close code."""
        await self.until(lambda: bool(self.closes) and self.closes[-1] in FINAL_CLOSES)
        return self.closes[-1]

    def check(self) -> None:
        assert not self.complaints, self.complaints[:3]

    # --- living ------------------------------------------------------------------------------

    async def _live(self) -> None:
        pause = self._scaled(0.5)
        while True:
            before = self.opened
            with contextlib.suppress(OSError, TimeoutError, InvalidHandshake, EOFError):
                await self._one_socket()
            self._socket = None
            if self.closes and self.closes[-1] in FINAL_CLOSES:
                self._changed.set()
                return
            pause = self._scaled(0.5) if self.opened > before else pause
            await asyncio.sleep(self.random.uniform(0, 2 * pause))
            pause = min(2 * pause, self._scaled(15))

    async def _one_socket(self) -> None:
        url = self.url.replace("http", "ws") + "/ws/v1/chat"
        async with asyncio.timeout(20):
            socket = await connect(
                url,
                additional_headers=self.headers,
                compression=None,
                max_size=None,
                proxy=None,
                open_timeout=20,
                close_timeout=0.2,
            )
        try:
            await self._begin(socket)
            await self._read(socket)
        except ConnectionClosed as closed:
            self.closes.append(closed.rcvd.code if closed.rcvd else 1006)
        finally:
            socket.transport.abort()

    async def _begin(self, socket: ClientConnection) -> None:
        """Resubscribe, then repeat what was not acknowledged."""
        async with asyncio.timeout(20):
            ready = json.loads(await socket.recv())
        assert ready["type"] == "ready"
        self._socket = socket
        self.opened += 1
        self.heard_at = time.monotonic()
        for thread_id in list(self.threads):
            await self._subscribe(thread_id)
        for turn in list(self.turns.values()):
            if not turn.acknowledged and turn.outcome is None:
                await self._send(turn.frame)
        for stop in list(self.stops.values()):
            await self._send(stop)
        self._changed.set()

    async def _read(self, socket: ClientConnection) -> None:
        silence_s = self._scaled(60)
        while True:
            async with asyncio.timeout(silence_s):
                text = await socket.recv()
            now = time.monotonic()
            self.longest_silence_s = max(self.longest_silence_s, now - self.heard_at)
            self.heard_at = now
            try:
                self._take(json.loads(text))
            except Exception as error:  # whatever does not fit: the test shall know
                self.complaints.append(f"{type(error).__name__}: {error} in {text[:300]!r}")
            self._changed.set()

    async def _subscribe(self, thread_id: str) -> None:
        cursor = self.view(thread_id).cursor
        await self._send({"type": "subscribe", "threadId": thread_id, "cursor": cursor})

    async def _send(self, frame: Frame) -> None:
        """Into the socket of now; without one it is sent by the next."""
        if self._socket is not None:
            with contextlib.suppress(ConnectionClosed):
                await self._socket.send(json.dumps(frame))

    # --- what the server says ----------------------------------------------------------------

    def _take(self, frame: Frame) -> None:
        if "chunk" in frame:
            self._apply(frame)
        elif frame["type"] == "snapshot":
            self.view(frame["threadId"]).take_snapshot(frame)
            self._find_in_snapshot(frame)
        elif frame["type"] == "RUN_ERROR":
            check_event(frame)
            self._refused(frame)
        elif frame["type"] == "error":
            self.complaints.append(f"error frame: {frame['code']}")
        elif frame["type"] == "CUSTOM":
            self.hints.append(frame)
        elif frame["type"] == "ping":
            self.pings += 1

    def _apply(self, frame: Frame) -> None:
        view = self.view(frame["threadId"])
        if view.cursor is not None and place(frame["id"]) <= place(view.cursor):
            self.complaints.append(f"{frame['id']} after {view.cursor}")
            return
        if view.cursor is not None and frame["prev"] != view.cursor:
            self.complaints.append(f"{frame['id']} follows {frame['prev']}, not {view.cursor}")
            return
        view.cursor = frame["id"]
        self.frames[frame["threadId"]].append(frame)
        view.apply(frame["chunk"])
        self._follow_run(frame["threadId"], frame["chunk"])

    def _follow_run(self, thread_id: str, event: dict[str, Any]) -> None:
        """Which of our turns it is that starts or ends: a thread runs one at a time."""
        if event["type"] == "RUN_STARTED":
            self._running[thread_id] = event["runId"]
            if turn := self.turns.get(event["runId"]):
                turn.acknowledged = True
        elif event["type"] in TERMINAL:
            run_id = self._running.get(thread_id, "")
            self.stops.pop(run_id, None)
            if turn := self.turns.get(run_id):
                turn.outcome = self.view(thread_id).outcome
                turn.ended_at = time.monotonic()

    def _find_in_snapshot(self, frame: Frame) -> None:
        """A snapshot holds finished runs: a question in it was acknowledged, and is over."""
        known = {message["id"] for message in frame["messages"]}
        for turn in self.turns.values():
            mine = turn.thread_id == frame["threadId"] and turn.outcome is None and not turn.again
            if mine and turn.frame["messages"][0]["id"] in known:
                turn.acknowledged, turn.outcome = True, "in a snapshot"
                turn.ended_at = time.monotonic()

    def _refused(self, frame: Frame) -> None:
        self.refusals.append(frame)
        about = frame["metadata"]["kindline"]
        turn = self.turns.get(about["runId"])
        if turn is None or turn.acknowledged:
            return
        if about["retryable"]:
            self._spawn(self._again(turn, about["retryAfterMs"] / 1000))
        else:
            turn.outcome = frame["code"]

    async def _again(self, turn: Turn, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        if not turn.acknowledged:
            await self._send(turn.frame)

    def _scaled(self, seconds: float) -> float:
        """A client's own timers keep step with the server's."""
        return seconds * self.timings.lease_s / Timings().lease_s

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
