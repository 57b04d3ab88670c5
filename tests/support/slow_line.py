"""Clients that do not read: over a line that is soon full, with a log that fills it."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect

from realtime.chat import agui
from realtime.chat.models import Run, RunEvent, Thread

# More than the kernel takes for a peer that does not read (some 4 MB, if it lets buffers grow).
LONG_LOG = [f"{n:04}" + "x" * 59_996 for n in range(200)]

LONG_THREAD = "long"
CLOSED = 7  # TCP_CLOSE of Linux


def write_long_log(owner_id: int) -> None:
    """A finished run of 12 MB, in the thread `long`."""
    thread = Thread.objects.create(owner_id=owner_id, client_thread_id=LONG_THREAD, last_ord=1)
    run = Run.objects.create(
        owner_id=owner_id,
        thread=thread,
        client_run_id=str(uuid4()),
        ord=1,
        state="completed",
        last_seq=len(LONG_LOG) + 1,
        input={},
    )
    deltas = (agui.TextMessageContent(message_id="m", delta=delta) for delta in LONG_LOG)
    events = [agui.TextMessageStart(message_id="m", role="assistant"), *deltas]
    RunEvent.objects.bulk_create(
        RunEvent(run_id=run.pk, seq=seq, epoch=1, kind=event.kind, payload=agui.encode(event))
        for seq, event in enumerate(events, start=1)
    )


def narrow_line(url: str) -> socket.socket:
    """One that holds little, so that it is soon full."""
    address = urlsplit(url)
    own = socket.socket()
    own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    own.connect((address.hostname, address.port))
    return own


def connect_narrow(url: str, headers: dict[str, str], *, pings: bool = True) -> connect:
    """`pings`: of its own, each 20 s."""
    return connect(
        url,
        sock=narrow_line(url),
        additional_headers=headers,
        compression=None,
        max_size=None,
        ping_interval=20 if pings else None,
        proxy=None,
    )


def hung_up(connection: ClientConnection) -> bool:
    """Whether the line was reset, as can be seen without reading."""
    own: socket.socket = connection.transport.get_extra_info("socket")
    return own.fileno() < 0 or was_reset(own)


def was_reset(own: socket.socket) -> bool:
    state: int = own.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    return state == CLOSED


def rss_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(next(line.split()[1] for line in status.splitlines() if "VmRSS" in line))
