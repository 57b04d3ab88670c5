"""`TcpProxy` for tests that stand on another thread than it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from tests.support.loop_thread import LoopThread
from tests.support.tcp_proxy import Address, Filter, Hold, TcpProxy, listen

T = TypeVar("T")
PATIENCE_S = 30


class FaultyLine:
    def __init__(self, thread: LoopThread, targets: Sequence[Address]) -> None:
        self.proxy = TcpProxy(list(targets))
        self._thread = thread
        self._server, self.port = thread.run(listen(self.proxy))

    def lead_to(self, *targets: Address) -> None:
        self.proxy.targets = list(targets)

    def freeze(self) -> None:
        """Make the lines of now mute; new ones work."""
        self._thread.call(self.proxy.freeze)

    def leave(self) -> None:
        """Cut all lines and refuse new ones, until `heal`."""
        self._thread.call(self.proxy.leave)

    def cut(self) -> None:
        self._thread.call(self.proxy.cut)

    def cut_every(self, seconds: float | None) -> None:
        self._thread.call(lambda: self.proxy.cut_every(seconds))

    def slow_down(self, bytes_per_s: int) -> None:
        self.proxy.bytes_per_s = bytes_per_s

    def lose_answer_to(self, request: bytes) -> None:
        self.proxy.lose_answer_to = request

    def lie(self, filters: Callable[[], Filter]) -> None:
        """Change the answers of all lines, which begin anew."""
        self.proxy.changing = filters
        self.cut()

    def hold(self, request: bytes) -> Caught:
        """Let requests with these bytes wait, and all that comes after them, until released."""
        self.proxy.hold = Hold(request)
        return Caught(self._thread, self.proxy.hold)

    def heal(self) -> None:
        self._thread.call(self.proxy.heal)

    @property
    def frozen(self) -> int:
        return self._thread.call(lambda: self.proxy.frozen)

    @property
    def accepted(self) -> int:
        return self.proxy.accepted

    def close(self) -> None:
        self._thread.call(self._server.close)
        self._thread.run(self.proxy.close())
        self._thread.run(self._server.wait_closed())


class Caught:
    """A request that waits for `release`, once it has come."""

    def __init__(self, thread: LoopThread, hold: Hold) -> None:
        self._thread = thread
        self._hold = hold

    async def came(self) -> None:
        caught = await asyncio.to_thread(self._hold.caught.wait, PATIENCE_S)
        assert caught, "no such request came"

    @property
    def has_come(self) -> bool:
        return self._hold.caught.is_set()

    def release(self) -> None:
        self._thread.call(self._hold.released.set)
