"""Many replies at once on one process: whether it keeps up, and what a token costs it."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import AsyncExitStack
from pathlib import Path

from benchmarks.figures import show
from tests.support.chat_client import ChatClient
from tests.support.openai_scenarios import says
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer, client_token

TICKS_S = os.sysconf("SC_CLK_TCK")
SHAPES = ((10, 40), (40, 40))  # replies at once, tokens a second each
SECONDS = 10
IDLE = 100  # sockets


async def measure(server: AppServer, ai: ThreadedOpenAIServer) -> None:
    await _idle(server)
    for replies, pace in SHAPES:
        await _streaming(server, ai, replies, pace)


async def _idle(server: AppServer) -> None:
    before = _memory_kib(server.pid)
    async with AsyncExitStack() as sockets:
        for n in range(IDLE):
            headers = await asyncio.to_thread(client_token, server)
            me = await sockets.enter_async_context(ChatClient(server.url, headers))
            await me.subscribe(f"t{n}")
        await asyncio.sleep(1)
        show(f"{IDLE} idle sockets", KiB_each=(_memory_kib(server.pid) - before) / IDLE)


async def _streaming(server: AppServer, ai: ThreadedOpenAIServer, replies: int, pace: int) -> None:
    tokens = SECONDS * pace
    text = [f"w{n} " for n in range(tokens)]
    ai.forget()
    ai.play(*[says(*text).paced(1 / pace)] * replies)
    async with AsyncExitStack() as sockets:
        people = []
        for _ in range(replies):
            headers = await asyncio.to_thread(client_token, server)
            people.append(await sockets.enter_async_context(ChatClient(server.url, headers)))
        spent, began = _cpu_s(server.pid), time.monotonic()
        await asyncio.gather(*(_one(me, "".join(text), tokens / pace) for me in people))
        took, spent = time.monotonic() - began, _cpu_s(server.pid) - spent
    show(
        f"{replies} replies x {pace} tokens/s",
        us_of_CPU_a_token=spent * 1e6 / (replies * tokens),
        core=f"{100 * spent / took:.0f} %",
        seconds=f"{took:.1f} of at least {SECONDS}",
        lost=0,
    )


async def _one(me: ChatClient, text: str, expected_s: float) -> None:
    await me.submit("hi", "t1")
    view = me.view("t1")
    await me.wait(lambda: view.outcome is not None, patience_s=expected_s * 5 + 30)
    assert view.reply == text, "a reply is not what the model said"


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_S


def _memory_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])
