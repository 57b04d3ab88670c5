"""How a reviewer reads a thread: its turns, with what was said, looked up and shown in each.

Built from the stored rows alone; whatever a model wrote, the page must be able to show it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform

from realtime.chat.found import Found, found_in
from realtime.chat.models import CardFeedback, Message, Notice, Run, SafetyFlag, Thread
from realtime.chat.protocol import clean
from realtime.chat.transcript import text_of

# State of a run, in a reviewer's words; a failure is told apart by its code.
STATES = {
    Run.State.QUEUED: "waiting for a reply",
    Run.State.RUNNING: "being written",
    Run.State.COMPLETED: "answered",
    Run.State.CANCELLED: "stopped",
    Run.State.FAILED: "failed",
}


@dataclass(frozen=True, slots=True)
class Link:
    """What a reviewer may do with a message, as a room above offers it."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Said:
    """Words of a person or of a reply; `cut` when it was broken off."""

    role: str
    at: datetime
    text: str
    cut: bool
    replaced_by: int | None
    links: tuple[Link, ...] = ()
    kind: str = "said"

    @property
    def who(self) -> str:
        return {"user": "Person", "assistant": "Reply"}.get(self.role, self.role.capitalize())


@dataclass(frozen=True, slots=True)
class Lookup:
    """A tool call with its result: `result` is None when none came."""

    name: str
    arguments: list[tuple[str, str]]
    raw_arguments: str
    result: str | None
    ok: bool
    found: Found | None
    error: str
    replaced_by: int | None
    kind: str = "lookup"


@dataclass(frozen=True, slots=True)
class Shown:
    """A notice: what the page showed besides the messages."""

    name: str
    about: list[tuple[str, str]]
    found: Found | None
    raw: str
    kind: str = "shown"


@dataclass(frozen=True, slots=True)
class Flagged:
    """A flag: what it is about, and the words where it was found, as the message has them."""

    pk: int
    level: str
    category: str
    detector: str
    words: str
    state: str
    note: str
    kind: str = "flagged"


Item = Said | Lookup | Shown | Flagged
LONG = 8  # turns
# Why a model was shown no exchange of others, in a reviewer's words; as `grounding.py` keeps it.
NOT_SHOWN = {
    "off": "grounding is turned off (GROUNDING)",
    "risk": "this conversation may be dangerous, and such a reply leans on the rules alone",
    "no index": "there was no index: nothing is imported, or it was not ready",
    "none above the floor": "nothing was similar enough",
    "late": "the search took too long, and the reply did not wait",
    "failed": "the search failed",
}


@dataclass(slots=True)
class Turn:
    """One run and what belongs to it, in order."""

    run: Run
    items: list[Item] = field(default_factory=list)
    asked_again: bool = False

    @property
    def afterwards(self) -> bool:
        """It only showed what was found when the reply was over."""
        return bool(self.run.input.get("notice"))

    @property
    def grounded_in(self) -> list[dict[str, Any]]:
        """The exchanges of others that the model was shown, as the run keeps them."""
        return self.run.retrieved if isinstance(self.run.retrieved, list) else []

    @property
    def not_grounded(self) -> str:
        """Why it was shown none; "" where it was, or nothing is known of it."""
        why = self.run.retrieved
        return NOT_SHOWN.get(why, why) if isinstance(why, str) else ""

    @property
    def state(self) -> str:
        """A reviewer's word, which is also the badge's."""
        return state_of(self.run.state, self.run.error_code)

    @property
    def mood(self) -> str:
        """The badge's class: good, cut, bad or open."""
        if self.run.error_code == "interrupted" or self.run.state == Run.State.CANCELLED:
            return "cut"
        open_or = {Run.State.COMPLETED: "good", Run.State.FAILED: "bad"}
        return open_or.get(Run.State(self.run.state), "open")


@dataclass(frozen=True, slots=True)
class Reading:
    """A thread as it is read; `message_count` counts rows, as the list of threads does."""

    thread: Thread
    turns: list[Turn]
    message_count: int

    @property
    def long(self) -> bool:
        """Whether it takes a way through it, and folded look-ups."""
        return len(self.turns) > LONG

    @property
    def place(self) -> str:
        """What the person's client last told of where they are."""
        told = self.turns[-1].run.input.get("place", {}) if self.turns else {}
        parts = (told.get(name) for name in ("country", "timeZone", "locale"))
        return ", ".join(part for part in parts if part)

    @property
    def last_activity(self) -> datetime:
        last = self.turns[-1].run if self.turns else None
        if last is None:
            return self.thread.created_at
        return last.finished_at or last.started_at or last.created_at


def state_of(state: str, error_code: str | None) -> str:
    if error_code == "interrupted":
        return "interrupted"
    return STATES.get(Run.State(state), state)


def reading_of(thread: Thread, beside: Mapping[UUID, Link] | None = None) -> Reading:
    """Read everything of a thread, in four queries; `beside`: a link for some of its messages."""
    runs = list(Run.objects.filter(thread=thread).order_by("ord"))
    rows = list(Message.objects.filter(thread=thread).order_by("ord", "idx"))
    messages: dict[int, list[Message]] = defaultdict(list)
    for message in rows:
        messages[message.ord].append(message)
    notices: dict[UUID, list[Notice]] = defaultdict(list)
    for notice in _judged(thread):
        notices[notice.run_id].append(notice)
    flags = list(SafetyFlag.objects.filter(thread=thread).order_by("id"))
    ords = {run.id: run.ord for run in runs}
    turns = [
        _turn(run, messages[run.ord], notices[run.id], ords, flags, beside or {}) for run in runs
    ]
    return Reading(thread, turns, len(rows))


def _turn(
    run: Run,
    messages: list[Message],
    notices: list[Notice],
    ords: dict[UUID, int],
    flags: list[SafetyFlag],
    beside: Mapping[UUID, Link],
) -> Turn:
    turn = Turn(run, asked_again=not any(message.role == "user" for message in messages))
    results = {
        part["toolCallId"]: part
        for message in messages
        for part in message.content
        if part["type"] == "tool_result"
    }
    here = {message.client_msg_id for message in messages}
    turn.items += _shown(notice for notice in notices if notice.after_message not in here)
    # Of another reply to an earlier message, or of words that were taken back.
    turn.items += [_flagged(f, "") for f in flags if f.run_id == run.id and f.message not in here]
    for message in messages:
        replaced_by = ords.get(message.superseded_by) if message.superseded_by else None
        links = (beside[message.id],) if message.id in beside else ()
        turn.items += _items(message, results, replaced_by, links)
        about = [flag for flag in flags if flag.message == message.client_msg_id]
        turn.items += [_flagged(flag, text_of(message.content)) for flag in about]
        turn.items += _shown(n for n in notices if n.after_message == message.client_msg_id)
    return turn


def _flagged(flag: SafetyFlag, text: str) -> Flagged:
    return Flagged(
        pk=flag.pk,
        level=flag.level,
        category=flag.category,
        detector=flag.detector,
        words=text[flag.span_start : flag.span_end] if flag.span_start is not None else "",
        state="open" if flag.closed_at is None else "closed",
        note=flag.note,
    )


def _items(
    message: Message,
    results: dict[str, dict[str, Any]],
    replaced_by: int | None,
    links: tuple[Link, ...],
) -> Iterable[Item]:
    cut = message.status == Message.Status.PARTIAL
    for part in message.content:
        if part["type"] == "text":
            yield Said(message.role, message.created_at, part["text"], cut, replaced_by, links)
        elif part["type"] == "tool_call":
            yield _lookup(part, results.get(part["id"]), replaced_by)


def _lookup(
    call: dict[str, Any], result: dict[str, Any] | None, replaced_by: int | None
) -> Lookup:
    content = None if result is None else result["content"]
    ok = result is not None and result["ok"]
    said = _object(content)
    return Lookup(
        name=call["name"],
        arguments=_rows(_object(call["arguments"])),
        raw_arguments=indented(call["arguments"]),
        result=None if content is None else indented(content),
        ok=ok,
        found=found_in(said) if ok else None,
        error="" if ok or result is None else str(said.get("message") or "The tool failed."),
        replaced_by=replaced_by,
    )


def _judged(thread: Thread) -> QuerySet[Notice]:
    """Its notices, each card with what the person said of it."""
    said = CardFeedback.objects.filter(
        thread=thread, card_id=KeyTextTransform("cardId", OuterRef("value"))
    )
    notices = Notice.objects.filter(thread=thread).order_by("id")
    return notices.annotate(verdict_=Subquery(said.values("verdict")[:1]))


def _shown(notices: Iterable[Notice]) -> list[Item]:
    return [
        Shown(
            name=notice.name,
            about=_rows(_about(notice)),
            found=found_in(notice.value),
            raw=json.dumps(notice.value, indent=2, ensure_ascii=False),
        )
        for notice in notices
    ]


def _about(notice: Notice) -> dict[str, Any]:
    told = {k: notice.value[k] for k in ("level", "reason", "text") if k in notice.value}
    verdict = getattr(notice, "verdict_", None)
    return told if verdict is None else told | {"the person": CardFeedback.Verdict(verdict).label}


def _rows(value: dict[str, Any]) -> list[tuple[str, str]]:
    """Names and readable values; what was left empty is left out."""
    return [(name, _plain(v)) for name, v in value.items() if v not in (None, "", [], {})]


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False)


def _object(text: str | None) -> dict[str, Any]:
    """What the JSON text says, if it is an object; models write anything."""
    try:
        value = _decoded(text or "")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def indented(text: str) -> str:
    """JSON made readable, anything else as it is."""
    try:
        return json.dumps(_decoded(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _decoded(text: str) -> Any:
    """What the JSON text says; an escaped half of a surrogate pair, as no page can hold, U+FFFD.

    Raises ValueError or RecursionError.
    """
    return json.loads(clean(json.dumps(json.loads(text), ensure_ascii=False)))
