"""A client that asks and does not read, or reads as slowly as it is told."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect

ESTABLISHED = "01"


class StalledClient:
    """Its library stops reading after one frame, its kernel after a few kilobytes."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self._url = url.replace("http", "ws") + "/ws/v1/chat"
        self._headers = headers
        self._socket: ClientConnection | None = None

    async def __aenter__(self) -> Self:
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        line.setblocking(False)
        host, port = self._url.split("//")[1].split("/")[0].split(":")
        await asyncio.get_running_loop().sock_connect(line, (host, int(port)))
        self._socket = await connect(
            self._url,
            sock=line,
            additional_headers=self._headers,
            compression=None,
            max_size=None,
            max_queue=1,
            ping_interval=None,
            proxy=None,
        )
        return self

    async def __aexit__(self, *error: object) -> None:
        self.socket.transport.abort()

    @property
    def socket(self) -> ClientConnection:
        assert self._socket is not None
        return self._socket

    async def send(self, frame: dict[str, Any]) -> None:
        await self.socket.send(json.dumps(frame))

    async def read(self) -> dict[str, Any]:
        frame: dict[str, Any] = json.loads(await self.socket.recv())
        return frame

    @property
    def hung_up_on(self) -> bool:
        """As the kernel knows it: who does not read hears of nothing."""
        me = f":{self.socket.local_address[1]:04X}"
        lines = Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]
        mine = [line.split() for line in lines if line.split()[1].endswith(me)]
        return not any(words[3] == ESTABLISHED for words in mine)


def resident_bytes(pid: int) -> int:
    """How much memory a process has."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024
