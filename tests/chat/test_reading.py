from __future__ import annotations

import json

import pytest

from realtime.accounts.models import User
from realtime.chat import agui, log, operations
from realtime.chat.models import Run, Thread
from realtime.chat.reading import Lookup, Reading, Said, Shown, reading_of
from tests.support.runs import START_TEXT, WORDS, append, asking, claim_one

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person() -> User:
    return User.objects.create(username="alice")


def call(arguments: str) -> list[agui.AguiEvent]:
    return [
        agui.ToolCallStart(
            tool_call_id="c1", tool_call_name="find_hotlines", parent_message_id="m1"
        ),
        agui.ToolCallArgs(tool_call_id="c1", delta=arguments),
        agui.ToolCallEnd(tool_call_id="c1"),
    ]


def result(content: str) -> agui.ToolCallResult:
    return agui.ToolCallResult(message_id="x1", tool_call_id="c1", content=content, role="tool")


def read() -> Reading:
    return reading_of(Thread.objects.get())


def looked_up(person: User, *events: agui.AguiEvent) -> Lookup:
    """What is read of a reply with these events, once it was stopped."""
    operations.submit(submission=asking(person, run_id="r"))
    append(claim_one(), *events)
    operations.stop(owner_id=person.pk, run_id="r")
    [item] = [item for item in read().turns[0].items if isinstance(item, Lookup)]
    return item


@pytest.mark.parametrize("arguments", ["", "nonsense", "[1]", "null", "[" * 100_000])
def test_arguments_that_are_no_object_are_read_as_they_came(person: User, arguments: str) -> None:
    item = looked_up(person, *call(arguments))

    assert item.arguments == []
    assert "".join(item.raw_arguments.split()) == "".join(arguments.split())


@pytest.mark.parametrize(
    "content",
    ["", "plain words", '{"lines": "many"}', "[]", "[" * 9_000, '{"a":"\\ud800"}'],
)
def test_a_result_that_is_no_find_is_shown_raw(person: User, content: str) -> None:
    item = looked_up(person, *call("{}"), result(content))

    assert (item.ok, item.found) == (True, None)
    assert item.result is not None


def test_half_a_surrogate_pair_is_read_as_unreadable_wherever_it_stands(person: User) -> None:
    half = '{"a":"\\ud800","\\udfff":["\\ud83d\\ude00"]}'
    item = looked_up(person, *call(half), result(half))

    assert item.arguments == [("a", "\ufffd"), ("\ufffd", "\U0001f600")]
    assert item.result == item.raw_arguments
    assert item.raw_arguments.encode()


def test_a_call_that_was_cut_off_has_no_result(person: User) -> None:
    item = looked_up(person, *call('{"needs": ["gambling"], "channel": null, "audiences": []}'))

    assert (item.result, item.arguments) == (None, [("needs", "gambling")])


def test_a_reply_that_is_being_written_shows_the_question_alone(person: User) -> None:
    operations.submit(submission=asking(person, "hi"))
    append(claim_one(), START_TEXT, WORDS)

    [turn] = read().turns

    assert (turn.state, turn.mood) == ("being written", "open")
    assert [item.text for item in turn.items if isinstance(item, Said)] == ["hi"]


def test_a_run_whose_server_was_lost_is_interrupted(person: User) -> None:
    operations.submit(submission=asking(person))
    Run.objects.update(state="failed", error_code="interrupted")

    [turn] = read().turns

    assert (turn.state, turn.mood) == ("interrupted", "cut")


def test_a_notice_whose_message_is_unknown_stands_first_in_its_turn(person: User) -> None:
    operations.submit(submission=asking(person))
    append(claim_one(), notices=[log.NoticeRow(1, "gone", "kindline.disclosure", {"a": 1})])

    first = read().turns[0].items[0]

    assert isinstance(first, Shown)
    assert (first.name, first.found, json.loads(first.raw)) == (
        "kindline.disclosure",
        None,
        {"a": 1},
    )


def test_a_thread_without_runs_was_last_active_when_it_began(person: User) -> None:
    thread = Thread.objects.create(owner=person, client_thread_id="t")

    reading = reading_of(thread)

    assert (reading.turns, reading.message_count) == ([], 0)
    assert reading.last_activity == thread.created_at


def test_a_clients_place_is_read_country_first(person: User) -> None:
    operations.submit(submission=asking(person))
    place = {"locale": "en-GB", "timeZone": None, "country": "GB"}
    Run.objects.update(input={"digest": "", "place": place})

    assert read().place == "GB, en-GB"
