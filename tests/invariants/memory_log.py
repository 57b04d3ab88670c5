"""The log in memory, with the reads that a hub asks of it; each is one moment, as in Postgres."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from realtime.chat import agui, log, transcript
from realtime.chat.follower import Watched
from realtime.chat.log import Logged
from realtime.chat.missed import Catchup, LastRun, Snapshot, coalesce
from realtime.chat.protocol import START, Cursor
from tests.support.folding import Folded, FoldedMessage

PAGE_FRAMES = 4  # a page must find room in an outbox
Row = tuple[int, int, str, str]  # ord, seq, kind, payload


@dataclass
class MemoryRun:
    run_id: str
    ord: int
    pk: UUID = field(default_factory=uuid4)
    events: list[agui.AguiEvent] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    @property
    def active(self) -> bool:
        return not isinstance(self.events[-1], agui.TERMINAL)


@dataclass
class MemoryLog:
    threads: dict[Watched, list[MemoryRun]] = field(default_factory=dict)

    def next_run(self, watched: Watched) -> MemoryRun:
        """It stands in the log with its first event."""
        ord_ = len(self.threads.get(watched, [])) + 1
        return MemoryRun(f"{watched[1]} {ord_}", ord_)

    def append(
        self, watched: Watched, run: MemoryRun, events: Sequence[agui.AguiEvent], *, really: bool
    ) -> Logged:
        """The frames of these events; `really` False gives them and writes nothing."""
        runs, seq = self.threads.get(watched, []), len(run.events)
        here = Cursor(run.ord, seq) if seq else self._end(runs[: run.ord - 1])
        entries = log.number(events, after=seq)
        frames = log.frames(entries, ord=run.ord, prev=here)
        if really:
            run.events += events
            run.rows += [(run.ord, entry.seq, entry.kind, entry.payload) for entry in entries]
            if not seq:
                self.threads.setdefault(watched, []).append(run)
        return Logged(run.pk, watched[0], watched[1], here, frames)

    def rows(self, watched: Watched) -> list[Row]:
        return [row for run in self.threads.get(watched, []) for row in run.rows]

    def between(self, watched: Watched, prev: Cursor, here: Cursor) -> list[dict[str, Any]]:
        """The events of (prev, here]; none if `here` is no place of the log."""
        rows = [row for row in self.rows(watched) if prev < (row[0], row[1]) <= here]
        there = bool(rows) and rows[-1][:2] == here
        return [json.loads(payload) for *_, payload in rows] if there else []

    def told(self, watched: Watched, up_to: Cursor | None = None) -> list[FoldedMessage]:
        """What a person sees of the thread, or saw at a place."""
        rows = self.rows(watched)
        return shown(json.loads(p) for o, s, _, p in rows if up_to is None or (o, s) <= up_to)

    def end(self, watched: Watched) -> Cursor:
        return self._end(self.threads.get(watched, []))

    def _end(self, runs: Sequence[MemoryRun]) -> Cursor:
        return Cursor(runs[-1].ord, len(runs[-1].events)) if runs else START

    # --- what queries.py reads ---------------------------------------------------------------

    def catch_up(self, *, owner_id: int, thread_id: str, cursor: Cursor | None) -> Catchup:
        watched = (owner_id, thread_id)
        runs = self.threads.get(watched, [])
        active = next((run.run_id for run in runs if run.active), None)
        snapshot = None
        if cursor is None or not (cursor == START or self.between(watched, START, cursor)):
            snapshot = self._snapshot(watched, [run for run in runs if not run.active])
            cursor = snapshot.cursor
        rows = [row for row in self.rows(watched) if (row[0], row[1]) > cursor]
        frames = coalesce(rows, after=cursor)
        page = frames[:PAGE_FRAMES]
        return Catchup(snapshot, cursor, page, active, more=len(page) < len(frames))

    def last_runs(self, *, watched: Sequence[Watched]) -> dict[Watched, LastRun]:
        known = [each for each in watched if self.threads.get(each)]
        return {w: LastRun(self.end(w), self.threads[w][-1].active) for w in known}

    def _snapshot(self, watched: Watched, finished: Sequence[MemoryRun]) -> Snapshot:
        cursor = self._end(finished)
        messages = [as_agui(message) for message in self.told(watched, cursor)]
        return Snapshot(cursor, messages, [])


def shown(events: Iterable[dict[str, Any]]) -> list[FoldedMessage]:
    return [m for m in Folded().apply_all(events).messages if not m.empty]


def as_agui(message: FoldedMessage) -> agui.Message:
    parts: list[transcript.Part] = []
    if message.answers is not None:
        parts = [{"type": "tool_result", "toolCallId": message.answers, "content": message.text}]
        parts[0]["ok"] = True
    elif message.text:
        parts = [{"type": "text", "text": message.text}]
    for call_id, name, arguments in message.calls:
        parts.append({"type": "tool_call", "id": call_id, "name": name, "arguments": arguments})
    return transcript.as_agui(message_id=message.id, role=message.role, parts=parts, partial=False)
