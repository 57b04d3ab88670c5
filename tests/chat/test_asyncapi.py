"""docs/asyncapi.yaml is what the code reads and writes."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from realtime.chat import agui, asyncapi, protocol
from realtime.chat.frames import OUTBOUND
from realtime.chat.padding import padded
from realtime.chat.protocol import Cursor, Frame
from tests.support.documents import text

DOCUMENT = asyncapi.document()
HELLO = agui.Message(id="m", role="user", content="hi")
NOTICE: dict[str, Any] = {
    "id": "1-2",
    "afterMessageId": None,
    "name": "kindline.help",
    "value": {},
}
ENDED = agui.encode(agui.RunFinished(thread_id="t", run_id="r"))
REFUSED: dict[str, Any] = {"code": "thread_busy", "message": "…", "thread_id": "t", "run_id": "r"}

# Each frame in its barest and its fullest form.
WRITTEN = {
    "ready": [protocol.ready(connection_id="c", heartbeat_ms=25_000)],
    "snapshot": [
        protocol.snapshot(thread_id="t", cursor=Cursor(1, 2), messages=[], notices=[]),
        protocol.snapshot(thread_id="t", cursor=Cursor(1, 2), messages=[HELLO], notices=[NOTICE]),
    ],
    "subscribed": [
        protocol.subscribed(
            thread_id="t", recovered=True, cursor=Cursor(1, 2), active_run_id=active
        )
        for active in (None, "r")
    ],
    "envelope": [protocol.envelope(Frame(Cursor(1, 2), Cursor(1, 1), ENDED), thread_id="t")],
    "refusal": [
        protocol.refusal(**REFUSED),
        protocol.refusal(**REFUSED, active_run_id="r", help={"cardId": "r"}),
    ],
    "status": [
        protocol.status(thread_id="t", run_id="r", state=state)
        for state in ("queued", "retrying", "storage_wait")
    ],
    "error": [protocol.error("no"), protocol.error("slower", code="rate_limited")],
    "draining": [protocol.draining(reconnect_ms=1_500)],
    "ping": [protocol.ping()],
    "pong": [protocol.pong(None), protocol.pong(1)],
}
SAID = [
    {"threadId": "t", "runId": "r", "messages": [{"id": "m", "role": "user", "content": "hi"}]},
    {"type": "subscribe", "threadId": "t", "cursor": None},
    {"type": "unsubscribe", "threadId": "t"},
    {"type": "abort", "runId": "r"},
    {"type": "ping", "n": 1},
    {"type": "pong"},
    {"type": "say", "text": "hi"},
]


def validator(name: str) -> Draft202012Validator:
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    return Draft202012Validator(schema)


def writers() -> set[str]:
    """The functions of protocol.py that write a frame."""
    source = Path(str(protocol.__file__)).read_text("utf-8")
    _, _, source = source.partition("# --- out ")[2].partition("\n")
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    return {each.name for each in functions if not each.name.startswith("_")}


def test_the_file_is_what_the_code_says() -> None:
    assert text("docs/asyncapi.yaml") == asyncapi.as_yaml(), "say ./dev protocol"


def test_every_frame_that_is_written_is_told() -> None:
    assert set(OUTBOUND) == set(WRITTEN) == writers()


@pytest.mark.parametrize("name", OUTBOUND)
def test_a_frame_is_written_as_told(name: str) -> None:
    for written in [*WRITTEN[name], *map(padded, WRITTEN[name])]:
        msgspec.json.decode(written, type=OUTBOUND[name])
        validator(OUTBOUND[name].__name__).validate(json.loads(written))


@pytest.mark.parametrize("said", SAID, ids=lambda said: said.get("type", "a message"))
def test_a_frame_is_read_as_told(said: dict[str, Any]) -> None:
    told = validator(type(protocol.parse(json.dumps(said))).__name__)

    told.validate(said)
    assert "type" not in said or not told.is_valid({**said, "type": "other"})


def test_every_reference_leads_somewhere() -> None:
    def follow(node: Any) -> None:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                place: Any = DOCUMENT
                for part in node["$ref"].removeprefix("#/").split("/"):
                    place = place[part]
            for inner in node.values():
                follow(inner)
        elif isinstance(node, list):
            for inner in node:
                follow(inner)

    follow(DOCUMENT)
