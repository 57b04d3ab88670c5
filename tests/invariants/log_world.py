"""The world of the log's machine: all that may be done, and what holds after each step of it."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from realtime.chat import agui, queries
from realtime.chat.models import Message, Run, RunEvent
from realtime.chat.protocol import START, Cursor
from tests.invariants.log_model import ModelThread
from tests.invariants.log_processes import Processes
from tests.support.folding import Folded, FoldedMessage, read_message
from tests.support.invariants import assert_log_invariants


class World(Processes):
    def forget(self) -> None:
        """Begin anew."""
        self.let_go(commit=False)
        self.read(5)
        for name in list(self.threads):
            self.perform(self.delete(name))
        self.check()
        for process in self.processes:
            process.forget()

    def check(self) -> None:
        stored = Run.objects.values_list("id", "state", "epoch", "attempt")
        assert {row[0]: row[1:] for row in stored} == {
            pk: (run.state, run.epoch, run.attempt) for pk, run in self.runs.items()
        }
        rows: dict[UUID, list[tuple[int, str]]] = {pk: [] for pk in self.runs}
        for event in RunEvent.objects.order_by("run_id", "seq"):
            rows[event.run_id].append((event.epoch, event.payload))
        assert rows == {pk: run.rows for pk, run in self.runs.items()}
        if rows != self._checked:
            self._checked = rows
            self._check_all()

    def _check_all(self) -> None:
        questions = Message.objects.filter(thread__owner=self.person, role="user")
        assert questions.count() == sum(len(t.questions) for t in self.threads.values())
        assert_log_invariants()

    def read(self, skip: int) -> None:
        """Who comes new, and who comes back after `skip` events, know the same in the end."""
        for thread in self.threads.values():
            self._read(thread, skip)

    def _read(self, thread: ModelThread, skip: int) -> None:
        rows = [(i, json.loads(p)) for i, r in enumerate(thread.runs, 1) for _, p in r.rows]
        skip = min(skip, len(rows))
        cursor = START if not skip else Cursor(rows[skip - 1][0], self._seq(rows, skip))
        whole = Folded().apply_all(event for _, event in rows)

        newly = self._caught_up(thread, None, Folded())
        partly = Folded().apply_all(event for _, event in rows[:skip])
        self._caught_up(thread, cursor, partly)
        assert shown(newly) == shown(partly) == shown(whole)

    def _caught_up(self, thread: ModelThread, cursor: Cursor | None, folded: Folded) -> Folded:
        """Page by page; a snapshot comes with the first, if there was no cursor."""
        begun, more = cursor is not None, True
        while more:
            page = queries.catch_up(owner_id=self.person.pk, thread_id=thread.name, cursor=cursor)
            assert (page.snapshot is None) == begun
            if page.snapshot is not None:
                known = [json.loads(agui.encode_message(m)) for m in page.snapshot.messages]
                folded.messages = [read_message(message) for message in known]
            folded.apply_all(json.loads(frame.chunk) for frame in page.frames)
            cursor = page.frames[-1].id if page.frames else page.start
            begun, more = True, page.more
        return folded

    def _seq(self, rows: list[tuple[int, Any]], count: int) -> int:
        return sum(ord_ == rows[count - 1][0] for ord_, _ in rows[:count])


def shown(folded: Folded) -> list[FoldedMessage]:
    return [message for message in folded.messages if not message.empty]
