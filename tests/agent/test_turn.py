"""The pure turn: its table, its rules, and what it refuses."""

from __future__ import annotations

import itertools
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.agent.errors import (
    ContentFiltered,
    ModelError,
    ModelRefused,
    ModelUnavailable,
)
from realtime.agent.events import (
    Retrying,
    TextDelta,
    TextEnded,
    TextStarted,
    ToolArgumentsDelta,
    ToolCallEnded,
    ToolCallStarted,
    ToolFinished,
    TurnEvent,
    TurnFailed,
    TurnFinished,
    Usage,
)
from realtime.agent.model import (
    AssistantMessage,
    ModelCallArguments,
    ModelCallCompleted,
    ModelCallStarted,
    ModelEvent,
    ModelFinished,
    ModelText,
    ToolCall,
    ToolMessage,
)
from realtime.agent.turn import IllegalEvent, Turn, TurnState

STOP = ModelFinished("stop", None)
UNAVAILABLE = ModelUnavailable("gone")


def new_turn(*, rounds: int = 6, retries: int = 3) -> Turn:
    ids = itertools.count(1)
    return Turn(new_id=lambda: f"id{next(ids)}", rounds=rounds, retries=retries)


def waiting(*, rounds: int = 6, retries: int = 3) -> Turn:
    turn = new_turn(rounds=rounds, retries=retries)
    turn.open_round()
    return turn


def feed(turn: Turn, *events: ModelEvent) -> list[TurnEvent]:
    return [out for event in events for out in turn.receive(event)]


def a_call(model_id: str = "c", arguments: str = "{}") -> list[ModelEvent]:
    return [
        ModelCallStarted(model_id, "find"),
        ModelCallArguments(model_id, arguments),
        ModelCallCompleted(model_id),
    ]


def after_a_round_with_a_call(turn: Turn) -> Turn:
    feed(turn, *a_call(), STOP)
    turn.answer(turn.take_calls()[0].call_id, content="{}", ok=True)
    return turn


def test_text_opens_streams_and_closes() -> None:
    assert feed(waiting(), ModelText("Hel"), ModelText("lo"), STOP) == [
        TextStarted("id1"),
        TextDelta("id1", "Hel"),
        TextDelta("id1", "lo"),
        TextEnded("id1"),
        TurnFinished(None),
    ]


def test_a_call_opens_streams_and_closes_under_an_id_of_ours() -> None:
    turn = waiting()

    assert feed(turn, *a_call(arguments='{"a":1}')) == [
        ToolCallStarted("id2", "find", "id1"),
        ToolArgumentsDelta("id2", '{"a":1}'),
        ToolCallEnded("id2"),
    ]
    assert turn.take_calls() == [ToolCall("id2", "find", '{"a":1}')]


def test_a_call_is_handed_over_once() -> None:
    turn = waiting()
    feed(turn, *a_call())

    turn.take_calls()

    assert turn.take_calls() == []


def test_text_closes_before_a_call_and_is_its_parent() -> None:
    events = feed(waiting(), ModelText("One moment."), ModelCallStarted("c", "find"))

    assert events[2:] == [TextEnded("id1"), ToolCallStarted("id2", "find", "id1")]


def test_text_after_a_call_is_a_message_of_its_own() -> None:
    events = feed(waiting(), ModelText("One"), *a_call(), ModelText("two"), STOP)

    started = [event.message_id for event in events if isinstance(event, TextStarted)]
    assert len(set(started)) == len(started) == 2


def test_calls_that_overlap_keep_their_arguments() -> None:
    turn = waiting()
    feed(turn, ModelCallStarted("a", "find"), ModelCallStarted("b", "find"))
    feed(turn, ModelCallArguments("b", "B"), ModelCallArguments("a", "A"), STOP)

    assert [call.arguments for call in turn.take_calls()] == ["A", "B"]


def test_calls_with_the_same_id_get_ids_of_their_own() -> None:
    turn = waiting()
    feed(turn, *a_call("same"), *a_call("same"))

    first, second = turn.take_calls()
    assert first.call_id != second.call_id


def test_the_end_of_a_reply_closes_what_is_open() -> None:
    turn = waiting()

    assert feed(turn, ModelCallStarted("c", "find"), STOP)[1:] == [ToolCallEnded("id2")]
    assert turn.state is TurnState.ANSWERING


def test_a_result_is_told_and_kept_for_the_next_request() -> None:
    turn = waiting()
    feed(turn, ModelText("One moment."), *a_call(), STOP)

    assert turn.answer("id2", content="[]", ok=False) == [ToolFinished("id3", "id2", "[]", False)]
    assert turn.said == [
        AssistantMessage("One moment.", (ToolCall("id2", "find", "{}"),)),
        ToolMessage("id2", "[]"),
    ]
    assert turn.state is TurnState.READY


def test_results_may_come_while_the_reply_goes_on() -> None:
    turn = waiting()
    feed(turn, *a_call("a"), *a_call("b"))
    first, second = turn.take_calls()

    turn.answer(second.call_id, content="2", ok=True)
    feed(turn, STOP)
    turn.answer(first.call_id, content="1", ok=True)

    assert turn.said[1:] == [ToolMessage(first.call_id, "1"), ToolMessage(second.call_id, "2")]


def test_a_reply_whose_calls_are_all_answered_leads_straight_to_the_next_round() -> None:
    turn = waiting()
    feed(turn, *a_call())
    turn.answer("id2", content="{}", ok=True)

    feed(turn, STOP)

    assert turn.state is TurnState.READY


def test_the_round_after_the_last_with_calls_offers_no_tools() -> None:
    turn = after_a_round_with_a_call(waiting(rounds=1))

    assert turn.open_round() is False


def test_calls_that_were_not_offered_are_not_heard() -> None:
    turn = waiting(rounds=0)

    events = feed(turn, ModelText("Well"), *a_call(), STOP)

    assert [type(event) for event in events] == [TextStarted, TextDelta, TextEnded, TurnFinished]


def test_usage_is_summed_over_the_rounds() -> None:
    turn = waiting()
    feed(turn, *a_call(), ModelFinished("tool_calls", Usage(10, 2)))
    turn.answer("id2", content="{}", ok=True)
    turn.open_round()

    events = feed(turn, ModelText("Hi"), ModelFinished("stop", Usage(20, 3)))

    assert events[-1] == TurnFinished(Usage(30, 5))


def test_a_reply_cut_by_length_finishes_normally() -> None:
    events = feed(waiting(), ModelText("And so"), ModelFinished("length", None))

    assert events[-1] == TurnFinished(None)


def test_white_space_alone_is_an_empty_reply() -> None:
    turn = waiting()

    assert feed(turn, ModelText("\n"), ModelText(" "), ModelText("")) == []
    with pytest.raises(ModelUnavailable, match="empty"):
        turn.receive(STOP)


def test_white_space_before_text_is_kept() -> None:
    events = feed(waiting(), ModelText("\n"), ModelText("Hi"), ModelText(""))

    assert events == [TextStarted("id1"), TextDelta("id1", "\nHi")]


def test_white_space_before_a_call_is_no_message() -> None:
    events = feed(waiting(), ModelText("\n\n"), *a_call(), ModelText("Hi"))

    assert [event.text for event in events if isinstance(event, TextDelta)] == ["Hi"]
    assert isinstance(events[0], ToolCallStarted)


def test_an_empty_piece_of_arguments_is_no_event() -> None:
    events = feed(waiting(), ModelCallStarted("c", "find"), ModelCallArguments("c", ""))

    assert [type(event) for event in events] == [ToolCallStarted]


@pytest.mark.parametrize("bad", ["\x00", chr(0xD83D), chr(0xDFFF)])
def test_characters_postgres_refuses_are_replaced_everywhere(bad: str) -> None:
    turn = waiting()

    events = feed(turn, ModelText(f"a{bad}"), *a_call(arguments=f"b{bad}"), STOP)
    result = turn.answer(turn.take_calls()[0].call_id, content=f"c{bad}", ok=True)

    assert TextDelta("id1", "a\ufffd") in events
    assert ToolArgumentsDelta("id2", "b\ufffd") in events
    assert result == [ToolFinished("id3", "id2", "c\ufffd", True)]


@pytest.mark.parametrize(
    ("made_up", "kept"), [("find lines!", "find_lines_"), ("", "_"), ("x" * 99, "x" * 64)]
)
def test_a_name_no_vendor_would_take_back_is_made_harmless(made_up: str, kept: str) -> None:
    [started] = feed(waiting(), ModelCallStarted("c", made_up))

    assert started == ToolCallStarted("id2", kept, "id1")


def test_a_filtered_reply_is_a_failure() -> None:
    turn = waiting()
    feed(turn, ModelText("Well"))

    with pytest.raises(ContentFiltered):
        turn.receive(ModelFinished("content_filter", None))


def test_a_failure_closes_what_is_open_and_comes_last() -> None:
    turn = waiting()
    feed(turn, *a_call("a"), ModelCallStarted("b", "find"), ModelText("Hi"))

    events = turn.fail(UNAVAILABLE)

    assert [type(event) for event in events] == [TextEnded, ToolCallEnded, TurnFailed]
    assert turn.take_calls() == []


def test_what_a_person_reads_of_a_failure_is_ours() -> None:
    [failed] = waiting().fail(ModelRefused("401 key sk-123"))

    assert failed == TurnFailed("upstream_unavailable", ModelRefused.message, retryable=False)


def test_a_round_is_asked_again_until_its_retries_are_spent() -> None:
    turn = waiting(retries=1)

    assert turn.may_retry(UNAVAILABLE)
    assert turn.retry(2.5) == [Retrying(1, 2.5)]
    turn.open_round()
    assert not turn.may_retry(UNAVAILABLE)


def test_a_new_round_has_its_own_retries() -> None:
    turn = waiting(retries=1)
    turn.retry(0)
    turn.open_round()

    after_a_round_with_a_call(turn).open_round()

    assert turn.may_retry(UNAVAILABLE)


@pytest.mark.parametrize("seen", [ModelText("Hi"), ModelCallStarted("c", "find")])
def test_what_was_seen_is_never_asked_again(seen: ModelEvent) -> None:
    turn = waiting()
    feed(turn, seen)

    assert not turn.may_retry(UNAVAILABLE)


def test_what_would_be_refused_again_is_not_asked_again() -> None:
    assert not waiting().may_retry(ModelRefused("401"))


def test_a_stream_that_ends_before_its_reply_was_cut() -> None:
    turn = waiting()

    with pytest.raises(ModelUnavailable):
        turn.end_of_stream()


def test_a_stream_may_end_after_its_reply() -> None:
    turn = waiting()
    feed(turn, ModelText("Hi"), STOP)

    turn.end_of_stream()

    assert turn.state is TurnState.OVER


@pytest.mark.parametrize(
    "event",
    [
        ModelCallArguments("nobody", "x"),
        ModelCallCompleted("nobody"),
        ModelCallArguments("done", "x"),
        ModelCallCompleted("done"),
    ],
)
def test_an_event_for_no_open_call_is_illegal(event: ModelEvent) -> None:
    turn = waiting()
    feed(turn, *a_call("done"))

    with pytest.raises(IllegalEvent, match=rf"{type(event).__name__} .*SPEAKING"):
        turn.receive(event)


@pytest.mark.parametrize("call_id", ["nobody", "id2"])
def test_an_answer_to_no_waiting_call_is_illegal(call_id: str) -> None:
    turn = waiting()
    feed(turn, *a_call(), *a_call("other"))
    turn.answer("id2", content="{}", ok=True)

    with pytest.raises(IllegalEvent, match="ToolMessage"):
        turn.answer(call_id, content="{}", ok=True)


def test_an_answer_before_the_arguments_are_whole_is_illegal() -> None:
    turn = waiting()
    feed(turn, ModelCallStarted("c", "find"))

    with pytest.raises(IllegalEvent):
        turn.answer("id2", content="{}", ok=True)


def test_nothing_is_legal_once_the_turn_is_over() -> None:
    turn = waiting()
    turn.fail(UNAVAILABLE)

    for illegal in (
        turn.open_round,
        lambda: turn.receive(STOP),
        lambda: turn.answer("id2", content="", ok=True),
        lambda: turn.retry(0),
        lambda: turn.fail(UNAVAILABLE),
    ):
        with pytest.raises(IllegalEvent, match="OVER"):
            illegal()


def test_what_is_no_model_event_is_a_defect() -> None:
    with pytest.raises(AssertionError):
        waiting().receive(cast(Any, "text"))


def test_a_reply_goes_on_only_after_it_was_asked_for() -> None:
    with pytest.raises(IllegalEvent, match="READY"):
        new_turn().receive(ModelText("Hi"))


MODEL_EVENTS = st.one_of(
    st.builds(ModelText, st.text(max_size=3)),
    st.builds(ModelCallStarted, st.sampled_from("ab"), st.text(max_size=3)),
    st.builds(ModelCallArguments, st.sampled_from("ab"), st.text(max_size=3)),
    st.builds(ModelCallCompleted, st.sampled_from("ab")),
    st.builds(
        ModelFinished,
        st.sampled_from(["stop", "tool_calls", "length", "content_filter"]),
        st.none(),
    ),
)


def play(turn: Turn, script: list[ModelEvent]) -> list[TurnEvent]:
    """Feed whatever comes, answer calls at once, and end as the loop would."""
    events: list[TurnEvent] = []
    for event in script:
        if turn.state is TurnState.READY:
            turn.open_round()
        if turn.state is TurnState.OVER:
            return events
        try:
            events += turn.receive(event)
        except (ModelError, IllegalEvent):
            return events + turn.fail(UNAVAILABLE)
        for call in turn.take_calls():
            events += turn.answer(call.call_id, content="{}", ok=True)
    return events if turn.state is TurnState.OVER else events + turn.fail(UNAVAILABLE)


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(MODEL_EVENTS, max_size=30))
def test_whatever_comes_is_opened_once_closed_and_ended_once(script: list[ModelEvent]) -> None:
    open_now: set[str] = set()
    ever: set[str] = set()

    events = play(new_turn(rounds=2), script)

    for event in events:
        match event:
            case TextStarted(key) | ToolCallStarted(key):
                assert key not in ever
                open_now.add(key)
                ever.add(key)
            case TextDelta(key) | ToolArgumentsDelta(key):
                assert key in open_now
            case TextEnded(key) | ToolCallEnded(key):
                open_now.remove(key)
    assert not open_now
    assert [type(e) for e in events].count(TurnFinished) + [type(e) for e in events].count(
        TurnFailed
    ) == 1
    assert isinstance(events[-1], TurnFinished | TurnFailed)
