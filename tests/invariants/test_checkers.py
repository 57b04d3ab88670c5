"""The checkers see each fault they are for: else a green drive would say nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from realtime.accounts.models import User
from realtime.chat import agui, operations
from realtime.chat.models import Message, Run, Thread
from tests.invariants.samples import (
    CARD,
    FINISHED,
    STARTED,
    a_call,
    a_good_run,
    a_good_thread,
    a_result,
    a_text,
    wire,
    words,
)
from tests.support.agui_grammar import BadStream, check_stream
from tests.support.invariants import StoredRun, StoredThread, assert_log_invariants, faults
from tests.support.runs import START_TEXT, WORDS, append, asking, claim_one

OPEN = agui.TextMessageStart(message_id="m1", role="assistant")
SNAPSHOT = agui.MessagesSnapshot(messages=[])


def test_a_good_thread_has_no_fault() -> None:
    assert list(faults(a_good_thread())) == []


def a_hole(run: StoredRun) -> None:
    del run.events[4]


def a_doubled_event(run: StoredRun) -> None:
    run.events.insert(4, run.events[4])


def a_position_too_far(run: StoredRun) -> None:
    run.last_seq += 1


def no_end(run: StoredRun) -> None:
    run.events.pop()
    run.last_seq -= 1


def an_end_of_a_run_that_goes_on(run: StoredRun) -> None:
    run.state = "running"


def a_zombie(run: StoredRun) -> None:
    run.events[6].epoch = 1


def a_claim_after_the_end(run: StoredRun) -> None:
    run.epoch += 1


def another_answer(run: StoredRun) -> None:
    run.events[9] = run.events[8]


def an_open_text(run: StoredRun) -> None:
    del run.events[-2]


def other_words(run: StoredRun) -> None:
    run.messages[0][0].text = "Let me."


def no_transcript(run: StoredRun) -> None:
    run.messages.clear()


def another_order(run: StoredRun) -> None:
    run.messages.reverse()


def half_a_message(run: StoredRun) -> None:
    run.messages[2] = (run.messages[2][0], "partial")


def a_forgotten_notice(run: StoredRun) -> None:
    run.notices.clear()


def an_unknown_key(run: StoredRun) -> None:
    run.events[2].payload = run.events[2].payload.replace('"role"', '"seq":3,"role"')


BREAKS: dict[Callable[[StoredRun], None], str] = {
    a_hole: "I2",
    a_doubled_event: "I2",
    a_position_too_far: "I2",
    no_end: "I3",
    an_end_of_a_run_that_goes_on: "I3",
    a_zombie: "I4",
    a_claim_after_the_end: "I4",
    another_answer: "I12",
    an_open_text: "I13",
    an_unknown_key: "I13",
    other_words: "messages",
    no_transcript: "messages",
    another_order: "messages",
    half_a_message: "partial",
    a_forgotten_notice: "notices",
}


@pytest.mark.parametrize("spoil", BREAKS, ids=lambda spoil: spoil.__name__)
def test_a_spoiled_run_is_found_out(spoil: Callable[[StoredRun], None]) -> None:
    thread = a_good_thread()

    spoil(thread.runs[0])

    assert any(BREAKS[spoil] in what for what in faults(thread)), list(faults(thread))


def test_two_active_runs_are_found_out() -> None:
    first, second = a_good_run(), a_good_run()
    first.state, second.state, second.ord = "running", "queued", 2

    found = list(faults(StoredThread("t", 2, [first, second], {"q1"})))

    assert "I5: active runs [1, 2]" in found


def test_a_question_that_is_not_stored_is_found_out() -> None:
    thread = a_good_thread()
    thread.questions.clear()

    assert "question {'q1'} is not stored" in list(faults(thread))


BAD_STREAMS: dict[str, list[agui.AguiEvent]] = {
    "no run": a_text("hi"),
    "a notice before the run": [CARD, STARTED],
    "two runs at once": [STARTED, STARTED],
    "words after the end": [STARTED, FINISHED, *a_text("hi")],
    "a notice after the end": [STARTED, FINISHED, CARD],
    "two ends": [STARTED, FINISHED, FINISHED],
    "an end of another run": [STARTED, agui.RunFinished(thread_id="t", run_id="r2")],
    "an end in a text": [STARTED, OPEN, FINISHED],
    "an end in a call": [STARTED, *a_call()[:2], FINISHED],
    "words of no message": [STARTED, words("hi")],
    "words after their message": [STARTED, *a_text("hi"), words("ho", off=2)],
    "a message opened twice": [STARTED, *a_text("hi"), OPEN],
    "two messages at once": [STARTED, OPEN, *a_text("hi", "m2")],
    "a call in a text": [STARTED, OPEN, *a_call()],
    "a call begun twice": [STARTED, *a_call(), *a_call()],
    "arguments of no call": [STARTED, *a_call()[1:]],
    "a result before the arguments ended": [STARTED, *a_call()[:2], a_result()],
    "two results": [STARTED, *a_call(), a_result(), a_result()],
    "a snapshot in a text": [STARTED, OPEN, SNAPSHOT],
    "a wrong offset": [STARTED, OPEN, words("hi", off=1)],
    "repeated words": [STARTED, OPEN, words("hi"), words("hi")],
}


@pytest.mark.parametrize("name", BAD_STREAMS)
def test_a_stream_that_breaks_the_grammar_is_found_out(name: str) -> None:
    with pytest.raises(BadStream):
        check_stream(map(wire, BAD_STREAMS[name]))


def test_a_stream_that_does_not_end_is_found_out_where_it_should() -> None:
    check_stream([wire(STARTED)])
    with pytest.raises(BadStream, match="does not end"):
        check_stream([wire(STARTED)], over=True)


@pytest.mark.django_db
def test_the_rows_of_a_stopped_reply_hold_until_one_is_changed() -> None:
    person = User.objects.create(username="alice")
    operations.submit(submission=asking(person, run_id="r1"))
    append(claim_one(), START_TEXT, WORDS)
    operations.stop(owner_id=person.pk, run_id="r1")
    assert_log_invariants([Thread.objects.get().id])

    Message.objects.filter(role="assistant").delete()
    Run.objects.update(last_seq=3)

    with pytest.raises(AssertionError, match=r"I2.*\n.*I3.*\n.*messages"):
        assert_log_invariants()
