from __future__ import annotations

import json

import msgspec
import pytest

from realtime.accounts.models import User
from realtime.agent.model import AssistantMessage, UserMessage
from realtime.chat import agui, operations, queries
from realtime.chat.missed import Catchup, coalesce
from realtime.chat.models import Run, RunEvent
from realtime.chat.protocol import START, Cursor
from tests.support.chat_client import ThreadView
from tests.support.runs import START_TEXT, WORDS, append, asking, claim_one

pytestmark = pytest.mark.django_db(transaction=True)

END_TEXT = agui.TextMessageEnd(message_id="m1")


@pytest.fixture
def person() -> User:
    return User.objects.create(username="alice")


def a_finished_run(person: User) -> None:
    operations.submit(submission=asking(person, "hi", run_id="r1"))
    append(claim_one(), START_TEXT, WORDS)
    operations.stop(owner_id=person.pk, run_id="r1")


def test_without_a_cursor_finished_runs_come_as_a_snapshot(person: User) -> None:
    a_finished_run(person)

    missed = queries.catch_up(owner_id=person.pk, thread_id="t1", cursor=None)

    assert missed.snapshot is not None
    assert [m.content for m in missed.snapshot.messages] == ["hi", "Half a rep"]
    assert missed.snapshot.messages[1].metadata == {"kindline": {"status": "partial"}}
    assert (missed.start, missed.frames, missed.active_run_id) == (Cursor(1, 5), [], None)


def test_the_active_run_is_replayed_from_its_start(person: User) -> None:
    a_finished_run(person)
    operations.submit(submission=asking(person, "more", run_id="r2"))

    missed = queries.catch_up(owner_id=person.pk, thread_id="t1", cursor=None)

    assert missed.snapshot is not None
    assert len(missed.snapshot.messages) == 2
    assert [(f.id, f.prev) for f in missed.frames] == [(Cursor(2, 1), Cursor(1, 5))]
    assert missed.active_run_id == "r2"


def test_from_a_known_cursor_only_what_follows_comes(person: User) -> None:
    a_finished_run(person)

    missed = queries.catch_up(owner_id=person.pk, thread_id="t1", cursor=Cursor(1, 3))

    assert missed.snapshot is None
    assert [f.id for f in missed.frames] == [Cursor(1, 4), Cursor(1, 5)]
    assert missed.frames[0].prev == Cursor(1, 3)


@pytest.mark.parametrize("cursor", [Cursor(1, 99), Cursor(7, 1), Cursor(0, 3), Cursor(1, 0)])
def test_an_unknown_cursor_is_answered_by_a_snapshot(person: User, cursor: Cursor) -> None:
    a_finished_run(person)

    missed = queries.catch_up(owner_id=person.pk, thread_id="t1", cursor=cursor)

    assert missed.snapshot is not None


def test_a_thread_that_does_not_exist_is_empty(person: User) -> None:
    missed = queries.catch_up(owner_id=person.pk, thread_id="none", cursor=Cursor(3, 1))

    assert missed.snapshot is not None
    assert (missed.snapshot.messages, missed.start) == ([], START)


def test_every_cursor_leads_to_the_same_words(person: User) -> None:
    operations.submit(submission=asking(person, "hi", run_id="r1"))
    claim = claim_one()
    words = [agui.TextMessageContent(message_id="m1", delta=str(i)) for i in range(8)]
    append(claim, START_TEXT, *words, END_TEXT)
    last = Run.objects.get().last_seq

    for seq in range(1, last + 1):
        missed = queries.catch_up(owner_id=person.pk, thread_id="t1", cursor=Cursor(1, seq))
        deltas = [agui.decode(f.chunk) for f in missed.frames]
        text = "".join(d.delta for d in deltas if isinstance(d, agui.TextMessageContent))
        assert text == "01234567"[max(0, seq - 2) :]
        chain = [Cursor(1, seq), *[frame.id for frame in missed.frames]]
        assert [frame.prev for frame in missed.frames] == chain[:-1]


def delta(message_id: str) -> str:
    return agui.encode(agui.TextMessageContent(message_id=message_id, delta="x"))


def test_deltas_are_coalesced_per_message_only() -> None:
    rows = [
        (
            1,
            seq,
            "TEXT_MESSAGE_CONTENT",
            agui.encode(agui.TextMessageContent(message_id=m, delta=m)),
        )
        for seq, m in enumerate(["a", "a", "b"], start=1)
    ]

    frames = coalesce(rows, after=START)

    assert [(f.id, f.prev) for f in frames] == [
        (Cursor(1, 2), START),
        (Cursor(1, 3), Cursor(1, 2)),
    ]


def rows(*payloads: str) -> list[tuple[int, int, str, str]]:
    return [(1, seq, "TEXT_MESSAGE_CONTENT", text) for seq, text in enumerate(payloads, start=1)]


@pytest.mark.parametrize("letter", ["x", "\U0001f600", "\\", "\x01"])
def test_a_coalesced_delta_stays_below_64_kb_whatever_it_is_made_of(letter: str) -> None:
    piece = agui.encode(agui.TextMessageContent(message_id="m", delta=letter * 1_000))

    frames = coalesce(rows(*[piece] * 100), after=START)

    sizes = [len(frame.chunk.encode()) for frame in frames]
    assert max(sizes) < 65_536
    assert len(frames) > 1
    assert "".join(decoded_delta(frame.chunk) for frame in frames) == letter * 100_000


def decoded_delta(chunk: str) -> str:
    event = agui.decode(chunk)
    assert isinstance(event, agui.TextMessageContent)
    return event.delta


def pages(person: User, cursor: Cursor | None) -> list[Catchup]:
    """All a client is given from there on."""
    given = []
    while True:
        missed = queries.catch_up(owner_id=person.pk, thread_id="t1", cursor=cursor)
        given.append(missed)
        if not missed.more:
            return given
        cursor = missed.frames[-1].id


def an_answered_run(person: User, run_id: str, text: str, question: str | None = None) -> None:
    """Its answer has the id `a-<run_id>`, its question `q-<run_id>` if it is a new one."""
    message_id = question or f"q-{run_id}"
    operations.submit(submission=asking(person, "hi", run_id=run_id, message_id=message_id))
    append(
        claim_one(),
        agui.TextMessageStart(message_id=f"a-{run_id}", role="assistant"),
        agui.TextMessageContent(message_id=f"a-{run_id}", delta=text),
    )
    operations.stop(owner_id=person.pk, run_id=run_id)


def test_what_was_missed_comes_in_pages_without_a_hole(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE_BYTES", 1_000)
    for n in range(1, 4):
        an_answered_run(person, f"r{n}", "word " * 50)

    given = pages(person, START)

    frames = [frame for page in given for frame in page.frames]
    assert len(given) > 2
    assert [frame.prev for frame in frames] == [START, *[frame.id for frame in frames[:-1]]]
    assert frames[-1].id == Cursor(3, Run.objects.get(ord=3).last_seq)


def test_a_row_that_is_larger_than_a_page_comes_alone(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE_BYTES", 1_000)
    an_answered_run(person, "r1", "x" * 5_000)

    sizes = [[len(frame.chunk) for frame in page.frames] for page in pages(person, START)]

    assert [len(page) for page in sizes if max(page) > 5_000] == [1]


def folded(given: list[Catchup]) -> ThreadView:
    """What a client sees that was given this."""
    view = ThreadView()
    for page in given:
        if page.snapshot is not None:
            snapshot = [msgspec.to_builtins(message) for message in page.snapshot.messages]
            view.take_snapshot({"cursor": str(page.snapshot.cursor), "messages": snapshot})
        for frame in page.frames:
            view.apply(json.loads(frame.chunk))
    return view


@pytest.mark.parametrize("most", [0, 100, 300, 100_000])
def test_a_long_snapshot_begins_at_an_earlier_run_and_leads_to_the_same(
    person: User, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(queries, "SNAPSHOT_CHARACTERS", most)
    an_answered_run(person, "r1", "one " * 50)
    an_answered_run(person, "r2", "two " * 50)
    an_answered_run(person, "r3", "replaces one " * 20, question="q-r1")
    an_answered_run(person, "r4", "four " * 50)

    view = folded(pages(person, None))

    whole, _ = queries.thread_snapshot(owner_id=person.pk, thread_id="t1")
    assert view.texts == {message.id: message.content for message in whole.messages}


def test_a_snapshot_of_an_earlier_run_shows_what_was_valid_then(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "SNAPSHOT_CHARACTERS", 100)
    an_answered_run(person, "r1", "one " * 5)
    an_answered_run(person, "r2", "replaces one " * 50, question="q-r1")

    snapshot = pages(person, None)[0].snapshot

    assert snapshot is not None
    assert snapshot.cursor.ord == 1
    assert [message.id for message in snapshot.messages] == ["q-r1", "a-r1"]


def test_a_long_snapshot_is_whole_where_the_log_is_gone(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "SNAPSHOT_CHARACTERS", 0)
    an_answered_run(person, "r1", "one " * 50)
    RunEvent.objects.all().delete()

    [page] = pages(person, None)

    assert page.snapshot is not None
    assert len(page.snapshot.messages) == 2


def test_the_model_reads_the_active_branch_in_order(person: User) -> None:
    a_finished_run(person)
    operations.submit(submission=asking(person, "more", run_id="r2"))
    run = Run.objects.get(client_run_id="r2")

    said = queries.history(thread_id=run.thread_id, up_to_ord=2)

    assert said == [UserMessage("hi"), AssistantMessage("Half a rep"), UserMessage("more")]
