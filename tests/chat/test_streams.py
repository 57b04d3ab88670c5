"""The recorded streams the page's reducer is held to: stored here, they must read the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from realtime.accounts.models import User
from realtime.chat import agui, log, queries
from realtime.chat.missed import coalesce
from realtime.chat.models import Message, Run, Thread
from realtime.chat.protocol import START, Cursor
from realtime.chat.transcript import Transcript
from tests.support.agui_check import check_event
from tests.support.chat_client import ThreadView

FILES = sorted((Path(__file__).parent.parent / "streams").glob("*.json"))
STREAMS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in FILES}
# What another server may send and a client must bear; we never do.
FOREIGN = {"unknown_and_custom"}
# Runs whose earlier words were superseded need the operation that did it, not a fold of the log.
STORABLE = [
    name
    for name, stream in STREAMS.items()
    if "base" not in stream
    and name not in FOREIGN
    and not stream["expected"]["generating"]
    and "MESSAGES_SNAPSHOT" not in json.dumps(stream)
]


def log_of(stream: dict[str, Any]) -> list[dict[str, Any]]:
    frames = stream.get("log", stream["frames"])
    return [f for f in frames if "chunk" in f and f["threadId"] == stream["threadId"]]


@pytest.mark.parametrize("name", sorted(STREAMS.keys() - FOREIGN))
def test_every_recorded_event_is_ag_ui_and_ours(name: str) -> None:
    for frame in log_of(STREAMS[name]):
        check_event(frame["chunk"])
        assert agui.decode(json.dumps(frame["chunk"])).kind == frame["chunk"]["type"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", STORABLE)
def test_the_stored_thread_is_what_the_frames_told(name: str) -> None:
    stream = STREAMS[name]
    owner = User.objects.create(username="alice").pk
    thread = Thread.objects.create(owner_id=owner, client_thread_id=stream["threadId"])
    runs: dict[int, list[agui.AguiEvent]] = {}
    for frame in log_of(stream):
        cursor = Cursor.parse(frame["id"])
        assert cursor is not None
        runs.setdefault(cursor.ord, []).append(agui.decode(json.dumps(frame["chunk"])))
    for ord_, events in runs.items():
        store(thread, ord_, events)

    missed = queries.catch_up(owner_id=owner, thread_id=stream["threadId"], cursor=None)

    assert missed.snapshot is not None
    assert [comparable(m) for m in missed.snapshot.messages] == [
        without_metadata(message) for message in stream["expected"]["messages"]
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", STORABLE)
def test_a_replay_from_the_start_shows_the_same_words(name: str) -> None:
    stream = STREAMS[name]
    live, replayed = ThreadView(), ThreadView()
    for frame in log_of(stream):
        live.apply(frame["chunk"])
    rows = [
        (*cursor_of(frame), frame["chunk"]["type"], json.dumps(frame["chunk"]))
        for frame in log_of(stream)
    ]

    for merged in coalesce(rows, after=START):
        replayed.apply(json.loads(merged.chunk))

    assert (replayed.texts, replayed.results) == (live.texts, live.results)
    assert (replayed.generating, replayed.outcome) == (live.generating, live.outcome)


def cursor_of(frame: dict[str, Any]) -> Cursor:
    cursor = Cursor.parse(frame["id"])
    assert cursor is not None
    return cursor


def store(thread: Thread, ord_: int, events: list[agui.AguiEvent]) -> None:
    """As submit and the flusher would have done it."""
    run = Run.objects.create(
        owner_id=thread.owner_id,
        thread=thread,
        client_run_id=f"r{ord_}",
        ord=ord_,
        state="running",
        input={},
    )
    for event in events:
        if isinstance(event, agui.RunStarted):
            ask(thread, run, event)
    append = log.Append(run.id, thread.id, 0, 0, "running", log.number(events, after=0), ord=ord_)
    append.state = "completed"
    append.messages = Transcript().apply_all(events).cut().rows()
    with connection.cursor() as sql:
        sql.execute(log.APPEND, log.append_parameters([append], lease_s=1))
        assert log.read_outcomes(sql.fetchall())[run.id] is log.Outcome.WROTE


def ask(thread: Thread, run: Run, started: agui.RunStarted) -> None:
    for message in started.input.messages:
        Message.objects.create(
            thread=thread,
            client_msg_id=message.id,
            role="user",
            ord=run.ord,
            idx=0,
            content=[{"type": "text", "text": message.content}],
            status="complete",
        )


def comparable(message: agui.Message) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(agui.encode_message(message))
    return without_metadata(plain)


def without_metadata(message: dict[str, Any]) -> dict[str, Any]:
    """The page writes "no text" as an empty one."""
    kept = {key: value for key, value in message.items() if key not in ("metadata", "error")}
    return kept if kept.get("content") != "" else {k: v for k, v in kept.items() if k != "content"}
