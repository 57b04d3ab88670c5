"""A whole client of Kindline: it keeps its cursor and loses nothing over a lost line.

    pip install websockets
    python client.py http://127.0.0.1:8000 "Find me a helpline"

The numbers in the comments are those of "What a client must do" in docs/protocol.md.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import urllib.request
from typing import Any
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

SILENCE_S = 60  # the server pings every 25 s
FINAL_CODES = {1007, 1009, 4400, 4401, 4403}


class Refused(Exception):
    """The server did not take the message, and would not if it were sent again."""


class Chat:
    """One conversation; `messages` (id -> text) is what a person sees."""

    def __init__(self, url: str) -> None:
        self.url = url.replace("http", "ws", 1) + "/ws/v1/chat"
        self.headers = {"Authorization": f"Bearer {new_token(url)}"}
        self.thread_id = str(uuid4())
        self.cursor: str | None = None
        self.messages: dict[str, str] = {}
        self.unacknowledged: dict[str, str] = {}  # by runId

    async def say(self, text: str) -> str:
        """Send a message and follow its run to the end; returns how it ended."""
        run_id = str(uuid4())
        message = {"id": str(uuid4()), "role": "user", "content": text}
        frame = {"threadId": self.thread_id, "runId": run_id, "messages": [message]}
        self.unacknowledged[run_id] = json.dumps(frame)  # 1
        pause = 0.5
        while True:
            try:
                async with connect(self.url, additional_headers=self.headers) as socket:
                    pause = 0.5
                    await self._resume(socket)
                    return await self._follow(socket)
            except ConnectionClosed as closed:
                if closed.rcvd is not None and closed.rcvd.code in FINAL_CODES:
                    raise
            except InvalidStatus as refused:
                if refused.response.status_code < 500:
                    raise
            except (OSError, InvalidMessage):
                pass  # no server, no answer, or silence
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # 6
            pause = min(2 * pause, 15)

    async def _resume(self, socket: ClientConnection) -> None:
        if self.cursor is not None:
            await self._subscribe(socket)
        for frame in self.unacknowledged.values():
            await socket.send(frame)

    async def _subscribe(self, socket: ClientConnection) -> None:
        frame = {"type": "subscribe", "threadId": self.thread_id, "cursor": self.cursor}
        await socket.send(json.dumps(frame))

    async def _follow(self, socket: ClientConnection) -> str:
        while True:
            async with asyncio.timeout(SILENCE_S):
                frame = json.loads(await socket.recv())
            if "chunk" in frame and frame["threadId"] == self.thread_id:
                if not await self._is_next(frame, socket):
                    continue
                self.cursor = frame["id"]
                self._apply(frame["chunk"])
                if frame["chunk"]["type"] in ("RUN_FINISHED", "RUN_ERROR"):  # 4
                    return str(frame["chunk"].get("code", "finished"))
            elif frame.get("type") == "snapshot":  # 3
                self.cursor = frame["cursor"]
                self._replace(frame["messages"])
            elif frame.get("type") == "subscribed" and self._was_replaced(frame):
                return "gone"
            elif frame.get("type") == "RUN_ERROR":
                await self._refused(frame, socket)

    def _was_replaced(self, subscribed: dict[str, Any]) -> bool:
        """4: a snapshot took the place of the reply that we waited for."""
        started = not self.unacknowledged
        return started and not subscribed["recovered"] and subscribed["active"] is None

    async def _is_next(self, frame: dict[str, Any], socket: ClientConnection) -> bool:
        """2: the next one, one that we have, or a gap to be read again."""
        if self.cursor is None or frame["prev"] == self.cursor:
            return True
        if place(frame["id"]) > place(self.cursor):
            await self._subscribe(socket)
        return False

    async def _refused(self, frame: dict[str, Any], socket: ClientConnection) -> None:
        about = frame["metadata"]["kindline"]
        if about["runId"] not in self.unacknowledged:
            return
        if not about["retryable"]:
            del self.unacknowledged[about["runId"]]
            raise Refused(frame["message"])
        await asyncio.sleep(about["retryAfterMs"] / 1000)
        await socket.send(self.unacknowledged[about["runId"]])  # 5

    def _apply(self, event: dict[str, Any]) -> None:
        match event["type"]:
            case "RUN_STARTED":
                self.unacknowledged.pop(event["runId"], None)
                for message in event["input"]["messages"]:
                    self.messages[message["id"]] = message["content"]
            case "TEXT_MESSAGE_CONTENT":
                known = self.messages.get(event["messageId"], "")
                self.messages[event["messageId"]] = known + event["delta"]
                sys.stdout.write(event["delta"])
                sys.stdout.flush()
            case "TOOL_CALL_RESULT":
                self.messages[event["messageId"]] = event["content"]
            case "MESSAGES_SNAPSHOT":
                self._replace(event["messages"])

    def _replace(self, messages: list[dict[str, Any]]) -> None:
        self.messages = {message["id"]: message.get("content") or "" for message in messages}


def place(cursor: str) -> tuple[int, int]:
    run, _, event = cursor.partition("-")
    return int(run), int(event)


def new_token(url: str) -> str:
    with urllib.request.urlopen(f"{url}/api/v1/tokens", data=b"{}") as answer:
        return str(json.load(answer)["token"])


if __name__ == "__main__":
    ending = asyncio.run(Chat(sys.argv[1]).say(sys.argv[2]))
    sys.stdout.write(f"\n[{ending}]\n")
