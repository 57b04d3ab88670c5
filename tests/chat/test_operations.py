from __future__ import annotations

import json

import pytest

from realtime.accounts.models import User
from realtime.chat import agui, log, operations, queries
from realtime.chat.models import Message, Run, RunEvent, Thread
from realtime.chat.protocol import START, Cursor
from realtime.chat.refusals import Refusal
from tests.support.runs import START_TEXT, WORDS, append, asking, claim_one

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person() -> User:
    return User.objects.create(username="alice")


def test_a_submit_logs_run_started_with_the_question(person: User) -> None:
    logged = operations.submit(submission=asking(person, "hi"))

    [frame] = logged.frames
    started = json.loads(frame.chunk)
    assert (frame.id, frame.prev) == (Cursor(1, 1), START)
    assert started["type"] == "RUN_STARTED"
    assert started["input"]["messages"][0]["content"] == "hi"


def test_the_same_submit_gives_the_same_place_and_no_new_frames(person: User) -> None:
    submission = asking(person)

    first = operations.submit(submission=submission)
    again = operations.submit(submission=submission)

    assert (again.run_id, again.start, again.frames) == (first.run_id, first.start, [])
    assert Run.objects.count() == Message.objects.count() == 1


@pytest.mark.parametrize("changed", [{"thread_id": "t2"}, {"message_id": "other"}])
def test_a_run_id_stands_for_one_submission(person: User, changed: dict[str, str]) -> None:
    ids = {"run_id": "r", "message_id": "m", "thread_id": "t1"}
    operations.submit(submission=asking(person, **ids))

    with pytest.raises(Refusal, match="runId"):
        operations.submit(submission=asking(person, **{**ids, **changed}))


def test_one_run_at_a_time_in_a_thread(person: User) -> None:
    operations.submit(submission=asking(person, run_id="first"))

    with pytest.raises(Refusal) as refused:
        operations.submit(submission=asking(person))

    assert (refused.value.code, refused.value.active_run_id) == ("thread_busy", "first")
    assert Message.objects.count() == 1


def test_two_people_may_use_the_same_ids(person: User) -> None:
    other = User.objects.create(username="bob")
    ids = {"run_id": "r", "message_id": "m"}

    operations.submit(submission=asking(person, **ids))
    operations.submit(submission=asking(other, **ids))

    assert Thread.objects.count() == 2


def test_a_message_id_cannot_stand_for_other_words(person: User) -> None:
    operations.submit(submission=asking(person, "hi", message_id="m", run_id="r"))
    operations.stop(owner_id=person.pk, run_id="r")

    with pytest.raises(Refusal, match="another message"):
        operations.submit(submission=asking(person, "ho", message_id="m"))


def test_the_owner_writes_and_a_second_write_at_the_same_place_is_fenced(person: User) -> None:
    operations.submit(submission=asking(person))
    claim = claim_one()

    assert append(claim, START_TEXT) is log.Outcome.WROTE
    assert append(claim, START_TEXT) is log.Outcome.FENCED

    assert list(RunEvent.objects.values_list("seq", flat=True)) == [1, 2]


def test_after_a_stop_the_old_owner_writes_nothing(person: User) -> None:
    operations.submit(submission=asking(person, run_id="r"))
    claim = claim_one()
    append(claim, START_TEXT, WORDS)

    logged = operations.stop(owner_id=person.pk, run_id="r")

    assert logged is not None
    assert [agui.decode(f.chunk).kind for f in logged.frames] == [
        "TEXT_MESSAGE_END",
        "RUN_FINISHED",
    ]
    assert append(claim, WORDS) is log.Outcome.FENCED
    message = Message.objects.get(role="assistant")
    assert (message.status, message.content[0]["text"]) == ("partial", "Half a rep")


def test_a_stop_is_idempotent_and_only_the_owners(person: User) -> None:
    operations.submit(submission=asking(person, run_id="r"))

    assert operations.stop(owner_id=person.pk + 1, run_id="r") is None
    assert operations.stop(owner_id=person.pk, run_id="r") is not None
    assert operations.stop(owner_id=person.pk, run_id="r") is None
    assert RunEvent.objects.filter(kind="RUN_FINISHED").count() == 1


def test_a_deleted_thread_leaves_nothing_and_its_owner_is_told(person: User) -> None:
    operations.submit(submission=asking(person))
    claim = claim_one()

    active = operations.delete_thread(owner_id=person.pk, thread_id="t1")

    assert active == [claim.run_id]
    assert append(claim, START_TEXT) is log.Outcome.GONE
    for model in (Thread, Run, Message, RunEvent):
        assert not model._default_manager.exists()


def test_deleting_a_person_deletes_every_word_of_theirs(person: User) -> None:
    operations.submit(submission=asking(person))
    append(claim_one(), START_TEXT, WORDS)

    person.delete()

    for model in (Thread, Run, Message, RunEvent):
        assert not model._default_manager.exists()


def test_deleting_what_is_not_ones_own_does_nothing(person: User) -> None:
    operations.submit(submission=asking(person))

    assert operations.delete_thread(owner_id=person.pk + 1, thread_id="t1") == []
    assert Thread.objects.exists()


def test_a_locked_run_is_busy_and_the_others_are_written(person: User) -> None:
    import psycopg

    from tests.support.server import database_url

    operations.submit(submission=asking(person))
    claim = claim_one()
    with psycopg.connect(database_url()) as other:
        other.execute("SELECT 1 FROM run WHERE id = %s FOR UPDATE", [claim.run_id])

        assert append(claim, START_TEXT) is log.Outcome.BUSY

    assert append(claim, START_TEXT) is log.Outcome.WROTE


def test_a_notice_is_written_with_its_event(person: User) -> None:
    operations.submit(submission=asking(person))
    claim = claim_one()
    shown = agui.Custom(name="kindline.help", value={"cardId": "c"})

    notice = log.NoticeRow(2, None, "kindline.help", {"cardId": "c"})
    append(claim, shown, notices=[notice])

    missed = queries.catch_up(owner_id=person.pk, thread_id="t1", cursor=None)
    assert missed.snapshot is not None
    assert missed.snapshot.notices == []  # its run still goes on: the replay shows it
    operations.stop(owner_id=person.pk, run_id=claim.client_run_id)
    missed = queries.catch_up(owner_id=person.pk, thread_id="t1", cursor=None)
    assert missed.snapshot is not None
    assert missed.snapshot.notices[0]["id"] == "1-2"
