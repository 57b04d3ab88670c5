"""The wire `kindline.v1`: tolerant frames in, strict frames out (protocol.md 1.6 and 1.7).

Inbound, unknown keys are ignored unread (a frame may carry a megabyte of them) and a wrong type is
a FrameError that says where. `clean` turns what Postgres refuses into U+FFFD.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable
from itertools import chain, islice
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
import orjson

PROTOCOL = "kindline.v1"
MAX_FRAME_BYTES = 1_048_576
MAX_DEPTH, MAX_PARTS = 32, 10_000
MAX_ID = 128
MAX_WORD = 64
_PRINTABLE_ID = re.compile(r"[\x21-\x7e]{1,128}")
_PLAIN_WORD = re.compile(r"[\x20-\x7e]{0,64}")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class FrameError(Exception):
    """A frame we cannot read; `str(error)` is safe to send back."""


class MessageError(FrameError):
    """A message that cannot be taken but can be read, so far that its refusal can bring help.

    `message` holds what is readable of it.
    """

    def __init__(self, text: str, message: Inbound) -> None:
        super().__init__(text)
        self.message = message


class Cursor(NamedTuple):
    """A place in a thread: run `ord`, event `seq` of that run. Totally ordered."""

    ord: int
    seq: int

    def __str__(self) -> str:
        return f"{self.ord}-{self.seq}"

    @classmethod
    def parse(cls, text: str) -> Cursor | None:
        """The cursor that `text` names, or None: an unknown cursor is answered by a snapshot."""
        match = re.fullmatch(r"(\d{1,9})-(\d{1,18})", text, re.ASCII)
        return cls(int(match[1]), int(match[2])) if match else None


START = Cursor(0, 0)


class Frame(NamedTuple):
    """A durable event on its way to sockets: it covers (prev, id] of its thread."""

    id: Cursor
    prev: Cursor
    chunk: str  # the event as JSON, sent verbatim


# --- in ------------------------------------------------------------------------------------------


class InboundMessage(msgspec.Struct):
    id: Any = None
    role: Any = None
    content: Any = None


class KindlineProps(msgspec.Struct, rename="camel"):
    if_busy: Literal["reject", "stop"] | None = None  # None: reject
    replaces: str | None = None
    country: str | None = None
    time_zone: str | None = None
    locale: str | None = None


class ForwardedProps(msgspec.Struct):
    kindline: KindlineProps | None = None


class RunAgentInput(msgspec.Struct, rename="camel"):
    thread_id: str
    run_id: str
    messages: list[InboundMessage]
    forwarded_props: ForwardedProps | None = None


class Subscribe(msgspec.Struct, rename="camel"):
    thread_id: str
    cursor: str | None = None


class Unsubscribe(msgspec.Struct, rename="camel"):
    thread_id: str


class Abort(msgspec.Struct, rename="camel"):
    run_id: str
    thread_id: str | None = None


class Ping(msgspec.Struct):
    n: Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)] | None = None


class Pong(msgspec.Struct):
    pass


class Say(msgspec.Struct, rename="camel"):
    text: str
    thread_id: str | None = None
    id: str | None = None


Inbound = RunAgentInput | Subscribe | Unsubscribe | Abort | Ping | Pong | Say
INBOUND: dict[str, type[Inbound]] = {
    "subscribe": Subscribe,
    "unsubscribe": Unsubscribe,
    "abort": Abort,
    "ping": Ping,
    "pong": Pong,
    "say": Say,
}


def parse(text: str) -> Inbound:
    """Read one inbound frame; raises FrameError."""
    value = _json_object(text)
    kind = value.get("type")
    if kind is None:
        if isinstance(value.get("messages"), list):
            value["messages"] = value["messages"][-1:]  # stock clients send the whole history
        _check_depth(value)
        return _convert(value, RunAgentInput)
    _check_depth(value)
    if not isinstance(kind, str) or kind not in INBOUND:
        raise FrameError("unknown frame type: say one of " + ", ".join(INBOUND))
    return _convert(value, INBOUND[kind])


def check_word(value: str | None, *, name: str) -> str | None:
    """A country, time zone or locale: short and plain, or absent."""
    if value is not None and not _PLAIN_WORD.fullmatch(value):
        raise FrameError(f"{name} must be at most {MAX_WORD} printable ASCII characters")
    return value


def check_id(value: str, *, name: str) -> str:
    """Ids chosen by clients are 1 to 128 printable ASCII characters."""
    if not _PRINTABLE_ID.fullmatch(value):
        raise FrameError(f"{name} must be 1 to {MAX_ID} printable ASCII characters")
    return value


def clean(text: str) -> str:
    """The same text with NUL and lone surrogates as U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


def message_text(content: Any) -> str:
    """The text of a message: a string, or the text among its parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(
            part["text"]
            for part in content
            if isinstance(part, dict)
            and part.get("type") == "text"
            and isinstance(part.get("text"), str)
        )
    return ""


def shortened(frame: RunAgentInput | Say, characters: int) -> RunAgentInput | Say:
    """The same frame with no more of its message's text than that."""
    if isinstance(frame, Say):
        return msgspec.structs.replace(frame, text=frame.text[:characters])
    said = [
        InboundMessage(last.id, last.role, message_text(last.content)[:characters])
        for last in frame.messages[-1:]
    ]
    return msgspec.structs.replace(frame, messages=said)


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        value = _lenient_json(text)
    if not isinstance(value, dict):
        raise FrameError("a frame is a JSON object")
    return value


def _check_depth(value: dict[str, Any]) -> None:
    """Neither deep nor wide: somebody else's loop must not pay for it."""
    level: list[Any] = [value]
    left = MAX_PARTS
    for _ in range(MAX_DEPTH):
        each = (part.values() if isinstance(part, dict) else part for part in level)
        inner = (child for child in chain.from_iterable(each) if isinstance(child, (dict, list)))
        level = list(islice(inner, left))
        left -= len(level)
        if not level:
            return
        if not left:
            raise FrameError(f"a frame holds fewer than {MAX_PARTS} objects and lists")
    raise FrameError(f"a frame is at most {MAX_DEPTH} levels deep")


def _lenient_json(text: str) -> Any:
    """The standard library reads the lone surrogates that orjson refuses."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise FrameError("that is not JSON") from None


def _convert(value: dict[str, Any], kind: type[Inbound]) -> Inbound:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        problem = str(error)
    except UnicodeEncodeError:  # half a surrogate in a name or a word
        problem = "its names and words must be valid Unicode"
    needed = {field.encode_name: field.required for field in msgspec.structs.fields(kind)}
    with contextlib.suppress(msgspec.ValidationError, UnicodeEncodeError):
        readable = msgspec.convert({n: value.get(n) for n, must in needed.items() if must}, kind)
        if isinstance(readable, RunAgentInput | Say):
            raise MessageError(problem, readable)
    raise FrameError(problem)


# --- out -----------------------------------------------------------------------------------------


def envelope(frame: Frame, *, thread_id: str) -> str:
    """A durable event in its envelope."""
    return (
        f'{{"id":"{frame.id}","prev":"{frame.prev}","threadId":{_dumps(thread_id)},'
        f'"chunk":{frame.chunk}}}'
    )


def ready(*, connection_id: str, heartbeat_ms: int) -> str:
    return _dumps(
        {
            "type": "ready",
            "protocol": PROTOCOL,
            "connectionId": connection_id,
            "heartbeatMs": heartbeat_ms,
            "maxFrameBytes": MAX_FRAME_BYTES,
        }
    )


def snapshot(
    *, thread_id: str, cursor: Cursor, messages: Iterable[Any], notices: Iterable[dict[str, Any]]
) -> str:
    return _dumps(
        {
            "type": "snapshot",
            "threadId": thread_id,
            "cursor": str(cursor),
            "messages": [msgspec.to_builtins(message) for message in messages],
            "notices": list(notices),
        }
    )


def subscribed(
    *, thread_id: str, recovered: bool, cursor: Cursor, active_run_id: str | None
) -> str:
    return _dumps(
        {
            "type": "subscribed",
            "threadId": thread_id,
            "recovered": recovered,
            "cursor": str(cursor),
            "active": None if active_run_id is None else {"runId": active_run_id},
        }
    )


def refusal(
    *,
    code: str,
    message: str,
    thread_id: str,
    run_id: str,
    retryable: bool = False,
    retry_after_ms: int = 0,
    active_run_id: str | None = None,
    help: dict[str, Any] | None = None,
) -> str:
    """A bare RUN_ERROR: nothing was stored."""
    about: dict[str, Any] = {
        "threadId": thread_id,
        "runId": run_id,
        "retryable": retryable,
        "retryAfterMs": retry_after_ms,
    }
    if active_run_id is not None:
        about["activeRunId"] = active_run_id
    if help is not None:
        about["help"] = help
    return _dumps(
        {"type": "RUN_ERROR", "code": code, "message": message, "metadata": {"kindline": about}}
    )


def status(*, thread_id: str, run_id: str, state: str) -> str:
    """An undurable hint about a run."""
    value = {"threadId": thread_id, "runId": run_id, "state": state}
    return _dumps({"type": "CUSTOM", "name": "kindline.status", "value": value})


def error(message: str, *, code: str = "bad_frame") -> str:
    return _dumps({"type": "error", "code": code, "message": message})


def draining(*, reconnect_ms: int) -> str:
    """This server will stop: there will be another."""
    return _dumps({"type": "draining", "reconnectMs": reconnect_ms})


def ping() -> str:
    return '{"type":"ping"}'


def pong(n: int | None) -> str:
    return _dumps({"type": "pong", "n": n} if n is not None else {"type": "pong"})


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()
