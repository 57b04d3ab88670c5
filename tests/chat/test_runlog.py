from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from realtime.chat import agui, log
from realtime.chat.runlog import BUFFER_CHARACTERS, RunLog

START = agui.TextMessageStart(message_id="m", role="assistant")
END = agui.RunFinished(thread_id="t", run_id="r")


def a_run() -> RunLog:
    return RunLog(
        run_id=uuid4(),
        thread_pk=uuid4(),
        owner_id=1,
        thread_id="t",
        client_run_id="r",
        ord=1,
        epoch=1,
        seq=1,
        renewed_at=0.0,
    )


def delta(text: str, message_id: str = "m") -> agui.TextMessageContent:
    return agui.TextMessageContent(message_id=message_id, delta=text)


async def test_neighbouring_deltas_are_written_as_one_event() -> None:
    run = a_run()

    for event in (START, delta("a"), delta("b"), delta("c")):
        await run.push(event)
    entries = run.take().entries

    assert [entry.kind for entry in entries] == ["TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT"]
    assert '"delta":"abc"' in entries[1].payload
    assert [entry.seq for entry in entries] == [2, 3]


async def test_offsets_count_code_points_of_the_message() -> None:
    run = a_run()
    await run.push(START)
    await run.push(delta("a\U0001f600"))
    run.committed(run.take(), 0.0)

    await run.push(delta("b"))

    assert '"off":2' in run.take().entries[0].payload


async def test_only_the_first_delta_of_a_message_is_urgent() -> None:
    run = a_run()
    seen: list[bool] = []
    run.changed = lambda run, *, urgent: seen.append(urgent)

    for event in (START, delta("a"), delta("b")):
        await run.push(event)

    assert seen == [True, True, False]


async def test_what_was_not_written_stands_before_what_came_meanwhile() -> None:
    run = a_run()
    await run.push(START)
    await run.push(delta("a"))
    run.take()
    await run.push(delta("b"))

    run.put_back()

    assert '"delta":"ab"' in run.take().entries[1].payload


async def test_the_end_closes_what_is_open_and_carries_the_messages() -> None:
    run = a_run()
    await run.push(START)
    await run.push(delta("half"))

    run.end(END, state="completed")
    append = run.take()

    assert [entry.kind for entry in append.entries][-2:] == ["TEXT_MESSAGE_END", "RUN_FINISHED"]
    assert append.state == "completed"
    assert append.messages[0].parts == [{"type": "text", "text": "half"}]


@pytest.mark.parametrize(("state", "complete"), [("completed", True), ("failed", False)])
async def test_what_a_run_that_failed_said_last_is_partial(state: str, complete: bool) -> None:
    run = a_run()
    for event in (START, delta("words"), agui.TextMessageEnd(message_id="m")):
        await run.push(event)

    run.end(END, state=state)

    assert run.take().messages[0].complete is complete


async def test_only_the_first_end_counts() -> None:
    run = a_run()

    run.end(END, state="completed")
    run.end(END, state="failed")

    assert run.take().state == "completed"


async def test_push_waits_while_too_much_is_not_durable() -> None:
    run = a_run()
    await run.push(START)

    waiting = asyncio.create_task(run.push(delta("x" * (BUFFER_CHARACTERS + 1))))
    await asyncio.sleep(0)
    assert not waiting.done()
    run.committed(run.take(), 0.0)

    await asyncio.wait_for(waiting, 1)


async def test_a_conversation_that_is_written_again_counts_in_what_is_not_durable() -> None:
    run, long = a_run(), agui.Message(id="q", role="user", content="x" * 2 * BUFFER_CHARACTERS)
    run.restart([agui.MessagesSnapshot(messages=[long])])

    waiting = asyncio.create_task(run.push(START))
    await asyncio.sleep(0)
    assert not waiting.done()
    run.committed(run.take(), 0.0)

    await asyncio.wait_for(waiting, 1)
    assert run._size == 0


async def test_a_lost_run_tells_its_owner_once_and_takes_no_more() -> None:
    run = a_run()
    told: list[int] = []
    run.on_lost = lambda: told.append(1)

    run.close(lost=True)
    run.close(lost=True)
    await run.push(START)

    assert told == [1]
    assert not run.dirty


@pytest.mark.parametrize("text", ["\u2028", "\u202eabc", "e\u0301" * 100])
async def test_any_text_stays_as_it_is(text: str) -> None:
    run = a_run()
    await run.push(START)
    await run.push(delta(text))

    event = agui.decode(run.take().entries[1].payload)

    assert isinstance(event, agui.TextMessageContent)
    assert event.delta == text


@pytest.mark.parametrize("letter", ["x", "\U0001f600", "\x01"])
async def test_a_long_delta_is_written_in_events_below_64_kb_whatever_it_is_made_of(
    letter: str,
) -> None:
    run = a_run()
    await run.push(START)

    await run.push(delta(letter * 40_000))
    entries = run.take().entries

    assert max(len(entry.payload.encode()) for entry in entries) < 65_536


CARD = agui.Custom(name="kindline.help", value={"cardId": "r"})
FLAG = log.FlagRow("m1", "crisis", "suicide", "moderation")


async def test_a_notice_stands_where_it_was_put_among_the_words() -> None:
    run = a_run()
    for event in (START, delta("a"), delta("b")):
        await run.push(event)
    durable = run.note(CARD, after_message="m1", flags=[FLAG], level="crisis")
    await run.push(delta("c"))

    append = run.take()

    kinds = [entry.kind for entry in append.entries]
    assert kinds == ["TEXT_MESSAGE_START", *["TEXT_MESSAGE_CONTENT", "CUSTOM"], kinds[1]]
    assert append.notices == [log.NoticeRow(4, "m1", "kindline.help", {"cardId": "r"})]
    assert (append.flags, append.level, durable.done()) == ([FLAG], "crisis", False)
    run.committed(append, 0.0)
    assert durable.result() is True


async def test_what_was_not_written_is_written_the_next_time_once() -> None:
    run = a_run()
    durable = run.note(CARD, after_message=None, flags=[FLAG], level="concern")
    run.take()
    run.put_back()

    again = run.take()

    assert (len(again.notices), again.flags, again.level) == (1, [FLAG], "concern")
    assert not durable.done()
    run.committed(again, 0.0)
    assert (run.take().notices, run.take().flags, run.dirty) == ([], [], False)


async def test_a_flag_alone_is_reason_enough_to_write() -> None:
    run = a_run()
    run.note(None, after_message=None, flags=[FLAG])

    assert run.dirty
    append = run.take()
    assert (append.entries, append.notices, append.level) == ([], [], None)


@pytest.mark.parametrize("moment", ["waiting", "in flight", "over", "ending"])
async def test_who_waits_for_a_notice_is_told_when_it_will_never_be_durable(moment: str) -> None:
    run = a_run()
    if moment == "over":
        run.close(lost=True)
    if moment == "ending":
        run.end(END, state="completed")
    durable = run.note(CARD, after_message=None)
    if moment == "in flight":
        run.take()
    run.close(lost=True)

    assert durable.result() is False


async def test_help_goes_out_before_the_error_that_ends_a_run() -> None:
    run = a_run()
    run.on_failure = lambda: run.note(CARD, after_message=None)
    await run.push(START)

    run.end(agui.RunError(message="No.", code="internal"), state="failed")

    kinds = [entry.kind for entry in run.take().entries]
    assert kinds[1:] == ["TEXT_MESSAGE_END", "CUSTOM", "RUN_ERROR"]


async def test_a_run_that_ends_well_shows_no_help_for_its_end() -> None:
    run = a_run()
    run.on_failure = lambda: run.note(CARD, after_message=None)

    run.end(END, state="completed")

    assert [entry.kind for entry in run.take().entries] == ["RUN_FINISHED"]
