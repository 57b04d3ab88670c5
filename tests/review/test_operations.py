"""What may be learnt from is what its person allows at that moment; of all else no word stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from pytest_django import Settings

from realtime.accounts import consenting
from realtime.accounts.models import LearningConsent, User
from realtime.accounts.operations import claim_guest, create_guest
from realtime.accounts.signals import learning_withdrawn
from realtime.chat import operations as chat
from realtime.chat import purging
from realtime.chat.models import Message, Run, Thread
from realtime.corpus.models import Exchange, Import
from realtime.review import operations, queries, signals, tasks
from realtime.review.models import ReviewedEdit, ReviewedReply
from realtime.review.operations import NotAllowed, Words
from tests.review.talk import ANSWER, QUESTION, somebody, talk, thread_of
from tests.support.elsewhere import another_connection, somebody_waits_for_a_lock
from tests.support.eventually import wait_until
from tests.support.rows import columns_holding
from tests.support.runs import asking

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = Words("My husband and I argue a lot about lighthouses.", "That sounds lonely.", ("love",))


@pytest.fixture
def reviewer() -> User:
    return User.objects.create_superuser("reviewer")


@pytest.fixture
def person() -> User:
    return somebody()


@pytest.fixture
def reply(person: User) -> Message:
    return talk(person)


@pytest.fixture
def picked(reply: Message, reviewer: User) -> ReviewedReply:
    return operations.pick(message_id=reply.pk, words=WORDS, by=reviewer)


def learnt() -> list[tuple[str, str]]:
    rows = Exchange.objects.filter(source__origin=Import.Origin.REVIEWED)
    return list(rows.values_list("question", "answer"))


def erased() -> bool:
    return not columns_holding("lighthouses")


# --- picked --------------------------------------------------------------------------------------


def test_what_was_picked_can_be_learnt_from(picked: ReviewedReply, reviewer: User) -> None:
    assert learnt() == [(WORDS.question, WORDS.answer)]
    assert Exchange.objects.get().topics == ["love"]
    assert (picked.reviewer, picked.ended_at) == (reviewer, None)
    assert queries.counts() == {"standing": 1, "usable": 1, "ended": {}}


def test_a_change_is_learnt_from_and_all_that_it_said_is_kept(
    picked: ReviewedReply, reviewer: User
) -> None:
    row = Exchange.objects.get().pk
    other = User.objects.create_user("other")

    assert operations.change(reviewed_id=picked.pk, words=Words("Q", "A"), by=other)

    assert (learnt(), Exchange.objects.get().pk) == ([("Q", "A")], row)
    edits = ReviewedEdit.objects.values_list("by__username", "question")
    assert list(edits) == [("reviewer", WORDS.question), ("other", "Q")]


def test_one_that_was_taken_out_leaves_no_word_but_who_did_what(
    picked: ReviewedReply, reviewer: User
) -> None:
    assert operations.remove(reviewed_id=picked.pk, by=reviewer)
    assert not operations.remove(reviewed_id=picked.pk, by=reviewer)
    assert not operations.change(reviewed_id=picked.pk, words=WORDS, by=reviewer)

    picked.refresh_from_db()
    assert (picked.ending, picked.ended_by, picked.reviewer) == ("removed", reviewer, reviewer)
    assert erased()
    assert (learnt(), Import.objects.count()) == ([], 0)


def test_a_reply_is_picked_once_until_it_was_taken_out(
    picked: ReviewedReply, reply: Message, reviewer: User
) -> None:
    with pytest.raises(NotAllowed):
        operations.pick(message_id=reply.pk, words=WORDS, by=reviewer)

    operations.remove(reviewed_id=picked.pk, by=reviewer)
    operations.pick(message_id=reply.pk, words=WORDS, by=reviewer)

    assert queries.counts() == {"standing": 1, "usable": 1, "ended": {"removed": 1}}


def test_several_people_are_several_rows(picked: ReviewedReply, reviewer: User) -> None:
    other = talk(somebody())
    operations.pick(message_id=other.pk, words=Words("Q", "A"), by=reviewer)
    operations.remove(reviewed_id=picked.pk, by=reviewer)

    assert learnt() == [("Q", "A")]


# --- what may not be -----------------------------------------------------------------------------


def _not_asked(reply: Message) -> None:
    LearningConsent.objects.all().delete()


def _withdrawn(reply: Message) -> None:
    consenting.withdraw(user_id=reply.thread.owner_id)


def _minor(reply: Message) -> None:
    """In another thread of theirs."""
    owner = reply.thread.owner
    Thread.objects.create(owner=owner, client_thread_id="other", minor=True)


def _synthetic(reply: Message) -> None:
    Thread.objects.update(synthetic=True)


def _concern(reply: Message) -> None:
    Thread.objects.update(level="concern")


def _crisis(reply: Message) -> None:
    Thread.objects.update(level="crisis")


def _gone(reply: Message) -> None:
    Thread.objects.all().delete()


def _replaced(reply: Message) -> None:
    question = Message.objects.get(role="user").client_msg_id
    again = asking(reply.thread.owner, QUESTION, message_id=question)
    chat.submit(submission=again)


def _cut(reply: Message) -> None:
    Message.objects.filter(pk=reply.pk).update(status="partial")


def _failed(reply: Message) -> None:
    Run.objects.update(state="failed")


def _wordless(reply: Message) -> None:
    Message.objects.filter(pk=reply.pk).update(content=[])


def _question_is_gone(reply: Message) -> None:
    Message.objects.filter(role="user").delete()


def _deactivated(reply: Message) -> None:
    User.objects.filter(pk=reply.thread.owner_id).update(is_active=False)


LATER = [_withdrawn, _minor, _concern, _crisis, _gone, _deactivated]
NEVER = [*LATER, _not_asked, _synthetic, _replaced, _cut, _failed, _wordless, _question_is_gone]


@pytest.mark.parametrize("spoilt", NEVER)
def test_not_every_reply_may_be_picked(
    reply: Message, reviewer: User, spoilt: Callable[[Message], None]
) -> None:
    spoilt(reply)

    assert queries.turn_of(reply.pk) is None
    with pytest.raises(NotAllowed):
        operations.pick(message_id=reply.pk, words=WORDS, by=reviewer)
    assert not ReviewedReply.objects.exists()


def test_a_question_is_no_reply(reply: Message) -> None:
    assert queries.turn_of(Message.objects.get(role="user").pk) is None


def test_a_turn_is_all_that_was_said_in_it(reply: Message) -> None:
    turn = queries.turn_of(reply.pk)

    assert turn is not None
    assert (turn.question, turn.answer) == (QUESTION, ANSWER)
    later = Message.objects.create(
        thread=reply.thread, client_msg_id="later", run_id=reply.run_id, role="assistant",
        ord=reply.ord, idx=reply.idx + 1, content=[{"type": "text", "text": "And more."}],
        status="complete",
    )  # fmt: skip
    whole = queries.turn_of(later.pk)
    assert whole is not None
    assert whole.answer == f"{ANSWER}\n\nAnd more."
    assert queries.turn_of(reply.pk) is None  # the link stands beside the last words


# --- taken back ----------------------------------------------------------------------------------


def test_taking_it_back_erases_at_once_what_was_picked(
    picked: ReviewedReply, person: User
) -> None:
    consenting.withdraw(user_id=person.pk)

    picked.refresh_from_db()
    assert (picked.ending, picked.ended_by) == ("not_allowed", None)
    assert erased()
    assert learnt() == []


def test_allowing_it_again_brings_nothing_back(picked: ReviewedReply, person: User) -> None:
    consenting.withdraw(user_id=person.pk)
    consenting.give(user_id=person.pk, words=consenting.WORDS_VERSION)
    operations.join()

    assert learnt() == []


@pytest.fixture
def deaf() -> Iterator[None]:
    """Nothing that is told between the rooms arrives."""
    learning_withdrawn.disconnect(dispatch_uid="review.consent_withdrawn")
    yield
    learning_withdrawn.connect(signals.erase, dispatch_uid="review.consent_withdrawn")


@pytest.mark.parametrize("spoilt", LATER)
def test_the_next_build_sees_it_even_if_nothing_told_of_it(
    picked: ReviewedReply, reply: Message, deaf: None, spoilt: Callable[[Message], None]
) -> None:
    spoilt(reply)

    assert operations.join() == 0

    assert learnt() == []
    assert erased()


def test_the_worker_sees_it_within_the_hour(
    picked: ReviewedReply, reply: Message, deaf: None
) -> None:
    _withdrawn(reply)

    tasks.join_reviewed(timestamp=0)

    assert (erased(), learnt()) == (True, [])


def test_a_join_that_fails_undoes_nothing_and_says_no_word_of_it(
    picked: ReviewedReply, person: User, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(execute: Any, sql: str, *rest: Any) -> Any:
        if "corpus_" in sql:
            raise OperationalError("lighthouses")
        return execute(sql, *rest)

    with connection.execute_wrapper(refuse):
        consenting.withdraw(user_id=person.pk)

    assert not ReviewedReply.objects.get().question
    assert "OperationalError" in caplog.text
    assert "lighthouses" not in caplog.text
    operations.join()
    assert learnt() == []


def test_deleting_the_conversation_deletes_all(picked: ReviewedReply, person: User) -> None:
    chat.delete_thread(owner_id=person.pk, thread_id=thread_of(person).client_thread_id)

    assert not ReviewedReply.objects.exists()
    assert (erased(), learnt()) == (True, [])


def test_so_does_its_age(picked: ReviewedReply, settings: Settings) -> None:
    settings.RETENTION_DAYS = 1
    with connection.cursor() as sql:
        sql.execute("UPDATE run SET created_at = now() - interval '3 days', started_at = NULL,"
                    " finished_at = now() - interval '3 days'")  # fmt: skip
        sql.execute("UPDATE message SET created_at = now() - interval '3 days'")
        sql.execute("UPDATE thread SET created_at = now() - interval '3 days'")

    purging.purge()

    assert not ReviewedReply.objects.exists()
    assert (erased(), learnt()) == (True, [])


def test_deleting_the_person_deletes_all(picked: ReviewedReply, person: User) -> None:
    person.delete()

    assert not ReviewedReply.objects.exists()
    assert (erased(), learnt()) == (True, [])


def test_a_reviewer_may_go_and_what_they_picked_stays(
    picked: ReviewedReply, reviewer: User
) -> None:
    reviewer.delete()

    assert learnt() == [(WORDS.question, WORDS.answer)]


def test_a_guest_who_becomes_an_account_takes_it_along(
    picked: ReviewedReply, person: User
) -> None:
    account = User.objects.create_user("alice")
    claim_guest(guest_id=person.pk, account_id=account.pk)

    assert operations.join() == 1
    consenting.withdraw(user_id=account.pk)
    assert learnt() == []


def test_an_account_that_said_no_erases_what_the_guest_allowed(
    picked: ReviewedReply, person: User
) -> None:
    account = User.objects.create_user("alice")
    consenting.give(user_id=account.pk, words=consenting.WORDS_VERSION)
    consenting.withdraw(user_id=account.pk)

    claim_guest(guest_id=person.pk, account_id=account.pk)

    assert (erased(), learnt()) == (True, [])


def test_where_the_site_does_not_ask_nothing_is_used_and_nothing_lost(
    picked: ReviewedReply, settings: Settings
) -> None:
    settings.LEARN_FROM_CHATS = False
    assert operations.join() == 0
    assert learnt() == []

    settings.LEARN_FROM_CHATS = True
    assert operations.join() == 1


def test_words_of_danger_are_told_apart_from_a_consent_that_ended(picked: ReviewedReply) -> None:
    Thread.objects.update(level="concern")
    operations.join()

    assert queries.counts() == {"standing": 0, "usable": 0, "ended": {"risk": 1}}


def test_who_takes_it_back_while_a_reply_is_picked_is_heard(
    reply: Message, person: User, reviewer: User
) -> None:
    with another_connection() as elsewhere:
        with transaction.atomic():
            consenting.withdraw(user_id=person.pk)
            picking = elsewhere(
                lambda: operations.pick(message_id=reply.pk, words=WORDS, by=reviewer)
            )
            wait_until(somebody_waits_for_a_lock)

        with pytest.raises(NotAllowed):
            picking.result(10)
    assert erased()


def test_a_guest_who_never_allowed_it_has_nothing_to_take_back(person: User) -> None:
    assert operations.let_go_of(user_id=create_guest().pk) == 0
