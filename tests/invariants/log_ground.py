"""What the machine's world is made of, and transactions that stay open in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from realtime.accounts.models import User
from tests.invariants.held import Held
from tests.invariants.log_model import ModelRun, ModelThread, Owner, Process

PROCESSES = 3


@dataclass(frozen=True)
class Operation:
    """`learn` holds the answer against the model as it was when this was made, and changes it."""

    thread: str
    do: Callable[[], Any]
    learn: Callable[[Any], None]
    locks: frozenset[UUID] = frozenset()  # runs whose rows it holds while it is open
    person: bool = False  # and the person's


@dataclass
class Ground:
    person: User
    processes: Sequence[Process]
    pool: ThreadPoolExecutor
    threads: dict[str, ModelThread] = field(default_factory=dict)
    held: Held | None = None
    held_operation: Operation | None = None
    _checked: dict[UUID, list[tuple[int, str]]] = field(default_factory=dict)

    @property
    def runs(self) -> dict[UUID, ModelRun]:
        return {run.pk: run for thread in self.threads.values() for run in thread.runs}

    def run_of(self, run_id: str) -> ModelRun | None:
        runs = self.runs.values()
        return next((run for run in runs if run.submission.run_id == run_id), None)

    @property
    def owners(self) -> list[Owner]:
        return [owner for process in self.processes for owner in process.owners.values()]

    @property
    def locked(self) -> frozenset[UUID]:
        return self.held_operation.locks if self.held_operation else frozenset()

    def may(self, operation: Operation) -> bool:
        """Whether it would not have to wait for the open transaction."""
        held = self.held_operation
        if held is None:
            return True
        return held.thread != operation.thread and not (held.person and operation.person)

    def idle(self, name: str) -> bool:
        return self.threads.get(name, ModelThread(name)).active is None

    def perform(self, operation: Operation) -> None:
        if self.may(operation):
            operation.learn(operation.do())

    def hold(self, operation: Operation) -> None:
        self.held = Held(self.pool, operation.do)
        self.held.begin()
        self.held_operation = operation

    def let_go(self, *, commit: bool) -> None:
        if self.held is None or self.held_operation is None:
            return
        answer = self.held.end(commit=commit)
        if commit:
            self.held_operation.learn(answer)
        self.held = self.held_operation = None
