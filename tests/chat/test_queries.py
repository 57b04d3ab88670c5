from __future__ import annotations

import pytest

from realtime.accounts.models import User
from realtime.agent.model import AssistantMessage, UserMessage
from realtime.chat import agui, operations, queries
from realtime.chat.missed import coalesce
from realtime.chat.models import Run
from realtime.chat.protocol import START, Cursor
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


def test_the_model_reads_the_active_branch_in_order(person: User) -> None:
    a_finished_run(person)
    operations.submit(submission=asking(person, "more", run_id="r2"))
    run = Run.objects.get(client_run_id="r2")

    said = queries.history(thread_id=run.thread_id, up_to_ord=2)

    assert said == [UserMessage("hi"), AssistantMessage("Half a rep"), UserMessage("more")]
