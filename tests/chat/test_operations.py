from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.db import connection

from realtime.accounts.models import User
from realtime.chat import agui, log, operations, queries
from realtime.chat.models import Message, Run, RunEvent, Thread
from realtime.chat.operations import Refusal, Submission
from realtime.chat.protocol import START, Cursor

pytestmark = pytest.mark.django_db(transaction=True)

PLACE: dict[str, str | None] = {"country": None, "timeZone": None, "locale": None}


@pytest.fixture
def person() -> User:
    return User.objects.create(username="alice")


def asking(person: User, text: str = "hi", **ids: str) -> Submission:
    return Submission(
        owner_id=person.pk,
        thread_id=ids.get("thread_id", "t1"),
        run_id=ids.get("run_id", str(uuid4())),
        message_id=ids.get("message_id", str(uuid4())),
        text=text,
        place=PLACE,
    )


def claim_one() -> operations.Claim:
    [claim] = operations.claim(me="test", lease_s=15, limit=1, model="m", prompt_version="p")
    return claim


def append(claim: operations.Claim, *events: agui.AguiEvent, **changes: object) -> log.Outcome:
    """Write as the owner of this claim would."""
    entry = log.Append(
        claim.run_id,
        claim.thread_pk,
        claim.epoch,
        claim.last_seq,
        "running",
        log.number(events, after=claim.last_seq),
        ord=claim.ord,
    )
    for name, value in changes.items():
        setattr(entry, name, value)
    with connection.cursor() as sql:
        sql.execute(log.APPEND, log.append_parameters([entry], lease_s=15))
        return log.read_outcomes(sql.fetchall())[claim.run_id]


def expire(run: Run) -> None:
    with connection.cursor() as sql:
        sql.execute(
            "UPDATE run SET lease_until = clock_timestamp() - interval '1 s' WHERE id = %s",
            [run.id],
        )


START_TEXT = agui.TextMessageStart(message_id="m1", role="assistant")
WORDS = agui.TextMessageContent(message_id="m1", delta="Half a rep")


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


def test_a_claim_raises_the_epoch_and_takes_a_run_once(person: User) -> None:
    operations.submit(submission=asking(person))

    claim = claim_one()

    assert (claim.epoch, claim.last_seq) == (1, 1)
    assert operations.claim(me="x", lease_s=15, limit=5, model=None, prompt_version="p") == []


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


def test_a_run_whose_lease_is_over_ends_as_interrupted_with_its_words(person: User) -> None:
    operations.submit(submission=asking(person))
    claim = claim_one()
    append(claim, START_TEXT, WORDS)
    expire(Run.objects.get())

    [run_id] = operations.expired_runs()
    operations.interrupt(run_id=run_id)

    run = Run.objects.get()
    assert (run.state, run.error_code, run.epoch) == ("failed", "interrupted", 2)
    assert Message.objects.get(role="assistant").status == "partial"
    assert operations.expired_runs() == []


def test_a_run_that_lives_is_not_interrupted(person: User) -> None:
    operations.submit(submission=asking(person))
    claim = claim_one()

    assert operations.interrupt(run_id=claim.run_id) is None
    assert Run.objects.get().state == "running"


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
