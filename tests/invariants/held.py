"""A transaction that stays open while others write, as one of a process that was stopped in it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from django.db import transaction

PATIENCE_S = 20


class _Undone(Exception):
    pass


@dataclass
class Held:
    """`work` runs in a transaction on a connection of its own, open until `end`."""

    pool: ThreadPoolExecutor
    work: Callable[[], Any]
    _ready: Event = field(default_factory=Event)
    _go: Event = field(default_factory=Event)
    _commit: bool = False
    _future: Future[Any] | None = None

    def begin(self) -> None:
        self._future = self.pool.submit(self._run)
        assert self._ready.wait(PATIENCE_S)

    def end(self, *, commit: bool) -> Any:
        """Commit or undo; gives what `work` returned, None when it is undone."""
        assert self._future is not None
        self._commit = commit
        self._go.set()
        return self._future.result(PATIENCE_S)

    def _run(self) -> Any:
        try:
            with transaction.atomic():
                try:
                    answer = self.work()
                finally:
                    self._ready.set()
                self._go.wait(PATIENCE_S)
                if not self._commit:
                    raise _Undone
                return answer
        except _Undone:
            return None
