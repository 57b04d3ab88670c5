"""The events of one claimed run between its owner and the flusher. Pure but for its waiters."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

import msgspec

from realtime.chat import agui, log
from realtime.chat.transcript import Transcript

FLUSH_CHARACTERS = 2_048
# A delta that is longer is written as several: a frame stays below 64 KB, whatever the letters.
EVENT_CHARACTERS = 10_000
BUFFER_CHARACTERS = 262_144


@dataclass(slots=True, eq=False)
class _Note:
    """What goes out besides the words; `durable` is told when it is written, or never will be."""

    event: agui.Custom | None
    after_message: str | None
    flags: Sequence[log.FlagRow]
    level: str | None
    durable: asyncio.Future[bool]


class Changed(Protocol):
    def __call__(self, run: RunLog, *, urgent: bool) -> None: ...


def _nobody(run: RunLog, *, urgent: bool) -> None:
    """Until the flusher adopts the run, its events just wait."""


@dataclass(slots=True)
class RunLog:
    """`seq` is the last number that is durable; events wait here in order until they are."""

    run_id: UUID
    thread_pk: UUID
    owner_id: int
    thread_id: str
    client_run_id: str
    ord: int
    epoch: int
    seq: int
    renewed_at: float
    changed: Changed = _nobody
    on_lost: Callable[[], object] = lambda: None
    on_failure: Callable[[], object] = lambda: None  # before the run ends with an error
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    _events: list[agui.AguiEvent] = field(default_factory=list)
    _in_flight: list[agui.AguiEvent] = field(default_factory=list)
    _notes: list[_Note] = field(default_factory=list)
    _notes_in_flight: list[_Note] = field(default_factory=list)
    _transcript: Transcript = field(default_factory=Transcript)
    _offsets: dict[str, int] = field(default_factory=dict)
    _size: int = 0
    _ending: dict[str, Any] | None = None
    _room: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def dirty(self) -> bool:
        return bool(self._events or self._notes)

    @property
    def ending(self) -> bool:
        return self._ending is not None

    async def push(self, event: agui.AguiEvent) -> None:
        """Hand over an event; waits while too much is not yet durable."""
        if self.closed.is_set() or self._ending is not None:
            return
        self._transcript.apply(event)
        urgent = not isinstance(event, agui.TextMessageContent | agui.ToolCallArgs)
        if isinstance(event, agui.TextMessageContent):
            urgent = event.message_id not in self._offsets
            event = self._with_offset(event)
        self._events.append(event)
        self._size += _size(event)
        self.changed(self, urgent=urgent or self._size >= FLUSH_CHARACTERS)
        while self._size > BUFFER_CHARACTERS and not self.closed.is_set():
            self._room.clear()
            await self._room.wait()

    def note(
        self,
        event: agui.Custom | None,
        *,
        after_message: str | None,
        flags: Sequence[log.FlagRow] = (),
        level: str | None = None,
    ) -> asyncio.Future[bool]:
        """Show a notice here, write flags and let the thread rise to a level, in one append.

        The answer is whether it became durable: False when the run was over before.
        """
        durable: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        if self.closed.is_set() or self._ending is not None:
            durable.set_result(False)
            return durable
        self._notes.append(_Note(event, after_message, flags, level, durable))
        if event is not None:
            self._events.append(event)
        self.changed(self, urgent=True)
        return durable

    def resume(self, said: Transcript) -> None:
        """Go on after what is in the log already."""
        self._transcript = said
        self._offsets = {i: len(text) for i, text in said.open_texts.items()}

    @property
    def said(self) -> Transcript:
        """All that the run has said, durable or not yet."""
        return self._transcript

    def restart(self, closing: Sequence[agui.AguiEvent]) -> None:
        """Close and discard what broke off, in one append."""
        if self.closed.is_set() or self._ending is not None or not closing:
            return
        self._transcript.apply_all(closing)
        self._events.extend(closing)
        self._size += sum(_size(event) for event in closing)
        self.changed(self, urgent=True)

    def end(
        self,
        event: agui.RunFinished | agui.RunError,
        *,
        state: str,
        error_code: str | None = None,
        usage: dict[str, int] | None = None,
    ) -> None:
        """Hand over the terminal event: open constructs are closed before it."""
        if self.closed.is_set() or self._ending is not None:
            return
        closing = self._transcript.closing_events()
        self._transcript.apply_all(closing)
        self._events.extend(closing)
        if isinstance(event, agui.RunError):
            self.on_failure()
        self._events.append(event)
        self._ending = {"state": state, "error_code": error_code, "usage": usage}
        self.changed(self, urgent=True)

    def take(self) -> log.Append:
        """What to write now: all that waits, with neighbouring deltas made one."""
        events, self._events = self._events, []
        self._in_flight = events
        self._notes_in_flight, self._notes = self._notes, []
        whole = _coalesced(events)
        entries = log.number(whole, after=self.seq)
        append = log.Append(
            self.run_id,
            self.thread_pk,
            self.epoch,
            self.seq,
            "running",
            entries,
            ord=self.ord,
        )
        _add_notes(append, whole, self._notes_in_flight)
        if self._ending is not None:
            finished = self._ending["state"] == "completed"
            append.messages = (self._transcript if finished else self._transcript.cut()).rows()
            append.state = self._ending["state"]
            append.error_code = self._ending["error_code"]
            append.usage = self._ending["usage"]
        return append

    def put_back(self) -> None:
        """It was not written: it stands again before what came meanwhile."""
        self._events[:0] = self._in_flight
        self._notes[:0] = self._notes_in_flight
        self._in_flight, self._notes_in_flight = [], []

    def committed(self, append: log.Append, now: float) -> None:
        self.seq = append.new_seq
        self._size -= sum(_size(event) for event in self._in_flight)
        self._tell(self._notes_in_flight, durable=True)
        self._in_flight, self._notes_in_flight = [], []
        self.renewed_at = now
        self._room.set()

    def close(self, *, lost: bool) -> None:
        """No more events: written to the end, or `lost` to somebody else."""
        if not self.closed.is_set():
            self.closed.set()
            self._room.set()
            self.changed(self, urgent=True)
            self._tell([*self._notes_in_flight, *self._notes], durable=False)
            if lost:
                self.on_lost()

    def _tell(self, notes: list[_Note], *, durable: bool) -> None:
        for note in notes:
            if not note.durable.done():
                note.durable.set_result(durable)

    def _with_offset(self, event: agui.TextMessageContent) -> agui.TextMessageContent:
        offset = self._offsets.get(event.message_id, 0)
        self._offsets[event.message_id] = offset + len(event.delta)
        told = (event.metadata or {}).get("kindline", {})
        return agui.TextMessageContent(
            message_id=event.message_id,
            delta=event.delta,
            metadata={"kindline": {"off": offset} | told},
        )


def _add_notes(
    append: log.Append, events: Sequence[agui.AguiEvent], notes: Sequence[_Note]
) -> None:
    places = {id(event): seq for seq, event in enumerate(events, append.old_seq + 1)}
    for note in notes:
        if note.event is not None:
            name, value = note.event.name, note.event.value
            append.notices.append(
                log.NoticeRow(places[id(note.event)], note.after_message, name, value)
            )
        append.flags.extend(note.flags)
    append.level = max((n.level for n in notes if n.level), key=log.LEVELS.index, default=None)


def _size(event: agui.AguiEvent) -> int:
    match event:
        case agui.TextMessageContent() | agui.ToolCallArgs():
            return len(event.delta)
        case agui.ToolCallResult():
            return len(event.content)
        case agui.MessagesSnapshot():
            return sum(len(message.content or "") for message in event.messages)
        case _:
            return 0


def _coalesced(events: list[agui.AguiEvent]) -> list[agui.AguiEvent]:
    """Neighbouring deltas of one message or call as one event, or as few as the cap allows."""
    out: list[agui.AguiEvent] = []
    for key, group in itertools.groupby(events, key=_delta_key):
        neighbours = list(group)
        out.extend(neighbours if key is None else _pieces(neighbours))
    return out


def _pieces(deltas: list[agui.AguiEvent]) -> Iterator[agui.AguiEvent]:
    first = deltas[0]
    text = "".join(getattr(event, "delta", "") for event in deltas)
    for at in range(0, max(len(text), 1), EVENT_CHARACTERS):
        piece = msgspec.structs.replace(first, delta=text[at : at + EVENT_CHARACTERS])
        yield _moved(piece, at) if at else piece


def _moved(event: agui.AguiEvent, by: int) -> agui.AguiEvent:
    """The event with its offset, if it has one, `by` characters further."""
    if not isinstance(event, agui.TextMessageContent) or event.metadata is None:
        return event
    offset = event.metadata["kindline"]["off"] + by
    return msgspec.structs.replace(event, metadata={"kindline": {"off": offset}})


def _delta_key(event: agui.AguiEvent) -> str | None:
    match event:
        case agui.TextMessageContent():
            return None if _is_replaced(event) else f"text {event.message_id}"
        case agui.ToolCallArgs():
            return f"call {event.tool_call_id}"
        case _:
            return None


def _is_replaced(event: agui.TextMessageContent) -> bool:
    """What stands for other words stays an event of its own: reviewers see where it stands."""
    return "replaced" in (event.metadata or {}).get("kindline", {})
