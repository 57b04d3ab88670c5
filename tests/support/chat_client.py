"""A custom client that does exactly what protocol.md 1.17 asks of one, and checks as it goes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.support.agui_check import check_event, check_message

PATIENCE_S = 20


@dataclass
class ThreadView:
    """What a person would see of a thread."""

    cursor: str | None = None
    texts: dict[str, str] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    results: list[str] = field(default_factory=list)
    generating: bool = False
    outcome: str | None = None
    events: list[dict[str, Any]] = field(default_factory=list)
    snapshots: int = 0

    @property
    def reply(self) -> str:
        return "".join(t for i, t in self.texts.items() if self.roles.get(i) == "assistant")

    def take_snapshot(self, frame: dict[str, Any]) -> None:
        self.snapshots += 1
        self.cursor = frame["cursor"]
        self.replace_messages(frame["messages"])

    def replace_messages(self, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            check_message(message)
        self.texts = {m["id"]: m.get("content") or "" for m in messages if m["role"] != "tool"}
        self.roles = {m["id"]: m["role"] for m in messages}
        self.results = [m["content"] for m in messages if m["role"] == "tool"]

    def apply(self, event: dict[str, Any]) -> None:
        check_event(event)
        self.events.append(event)
        match event["type"]:
            case "RUN_STARTED":
                self.generating, self.outcome = True, None
                for message in event["input"]["messages"]:
                    self.texts[message["id"]] = message["content"]
                    self.roles[message["id"]] = message["role"]
            case "MESSAGES_SNAPSHOT":
                self.replace_messages(event["messages"])
            case "TEXT_MESSAGE_START":
                self.texts.setdefault(event["messageId"], "")
                self.roles[event["messageId"]] = event["role"]
            case "TEXT_MESSAGE_CONTENT":
                self.texts[event["messageId"]] += event["delta"]
            case "TOOL_CALL_RESULT":
                self.results.append(event["content"])
            case "RUN_FINISHED":
                self.generating = False
                self.outcome = (event.get("outcome") or {}).get("type", "success")
            case "RUN_ERROR":
                self.generating, self.outcome = False, event["code"]


class ChatClient:
    def __init__(self, url: str, headers: dict[str, str], query: str = "") -> None:
        self.url = url.replace("http", "ws") + "/ws/v1/chat" + query
        self.headers = headers
        self.frames: list[dict[str, Any]] = []
        self.refusals: list[dict[str, Any]] = []
        self.threads: dict[str, ThreadView] = {}
        self._changed = asyncio.Condition()
        self._reader: asyncio.Task[None] | None = None
        self.socket: ClientConnection | None = None

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.drop()

    async def open(self) -> None:
        self.socket = await self.connect()
        self._reader = asyncio.create_task(self._read(self.socket))
        await self.wait(lambda: any(f.get("type") == "ready" for f in self.frames))

    async def connect(self) -> ClientConnection:
        return await connect(
            self.url, additional_headers=self.headers, compression=None, max_size=None, proxy=None
        )

    async def drop(self) -> None:
        if self.socket is not None:
            await self.socket.close()
        if self._reader is not None:
            await self._reader

    async def send(self, frame: dict[str, Any] | str | bytes) -> None:
        assert self.socket is not None
        await self.socket.send(json.dumps(frame) if isinstance(frame, dict) else frame)

    async def submit(
        self,
        text: str,
        thread_id: str,
        *,
        run_id: str | None = None,
        message_id: str | None = None,
        props: dict[str, Any] | None = None,
    ) -> str:
        """Send a message as a stock client would; returns its runId."""
        run_id = run_id or str(uuid4())
        message = {"id": message_id or str(uuid4()), "role": "user", "content": text}
        await self.send(
            {
                "threadId": thread_id,
                "runId": run_id,
                "messages": [message],
                "state": {},
                "tools": [],
                "context": [],
                "forwardedProps": {} if props is None else {"kindline": props},
            }
        )
        return run_id

    async def subscribe(self, thread_id: str) -> None:
        """As after a reconnect: with the cursor we have."""
        cursor = self.view(thread_id).cursor
        await self.send({"type": "subscribe", "threadId": thread_id, "cursor": cursor})

    def view(self, thread_id: str) -> ThreadView:
        return self.threads.setdefault(thread_id, ThreadView())

    async def wait(self, ready: Callable[[], bool], *, patience_s: float = PATIENCE_S) -> None:
        """Until `ready` holds after some frame."""
        async with asyncio.timeout(patience_s), self._changed:
            await self._changed.wait_for(ready)

    async def finished(self, thread_id: str) -> ThreadView:
        view = self.view(thread_id)
        await self.wait(lambda: view.outcome is not None and not view.generating)
        return view

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for text in socket:
                frame = json.loads(text)
                async with self._changed:
                    self.frames.append(frame)
                    await self._take(frame)
                    self._changed.notify_all()
        except ConnectionClosed:
            pass
        async with self._changed:
            self._changed.notify_all()

    async def _take(self, frame: dict[str, Any]) -> None:
        if "chunk" in frame:
            view = self.view(frame["threadId"])
            if view.cursor is not None and place(frame["id"]) <= place(view.cursor):
                return
            if view.cursor is not None and frame["prev"] != view.cursor:
                await self.subscribe(frame["threadId"])
                return
            view.cursor = frame["id"]
            view.apply(frame["chunk"])
        elif frame["type"] == "snapshot":
            self.view(frame["threadId"]).take_snapshot(frame)
        elif frame["type"] == "RUN_ERROR":
            check_event(frame)
            self.refusals.append(frame)


def place(cursor: str) -> tuple[int, int]:
    ord_, seq = cursor.split("-")
    return int(ord_), int(seq)
