"""A log cut anywhere, by anybody, any number of times: what the next owner makes of it (1.4).

I12 and I13 after takeover: the stream stays one that AG-UI's clients accept, what was complete
stays, what was not goes, and no call is executed twice or with arguments that may be cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.chat import agui
from realtime.chat.runlog import RunLog
from realtime.chat.takeover import Resumption, resumption
from realtime.chat.transcript import Transcript
from tests.invariants.log_model import at_once
from tests.invariants.profiles import effort
from tests.invariants.run_logs import run_logs
from tests.invariants.samples import QUESTION, a_result, wire
from tests.support.agui_check import check_event
from tests.support.agui_grammar import check_stream
from tests.support.folding import Folded, FoldedMessage

Log = list[agui.AguiEvent]


@dataclass
class Left:
    """What a log holds when its owner is gone, read as the contract says and not as our code."""

    log: Log

    def __post_init__(self) -> None:
        self.told = Folded().apply_all(map(wire, self.log))
        self.kinds = [(event.kind, _subject(event)) for event in self.log]

    def happened(self, kind: str, subject: str) -> bool:
        return (kind, subject) in self.kinds

    @property
    def rounds(self) -> list[FoldedMessage]:
        return [m for m in self.told.messages if m.role == "assistant"]

    def is_open(self, message: FoldedMessage) -> bool:
        begun = self.happened("TEXT_MESSAGE_START", message.id)
        text = begun and not self.happened("TEXT_MESSAGE_END", message.id)
        return text or any(not self.happened("TOOL_CALL_END", i) for i, _, _ in message.calls)

    @property
    def complete(self) -> list[FoldedMessage]:
        """Closed, and followed by a call or another message: before the first that is not."""
        kept: list[FoldedMessage] = []
        for message in self.rounds:
            if self.is_open(message) or (message is self.rounds[-1] and not message.calls):
                break
            kept.append(message)
        return kept

    @property
    def answered(self) -> set[str]:
        return {m.answers for m in self.told.messages if m.answers is not None}


def _subject(event: agui.AguiEvent) -> str:
    sent = wire(event)
    return str(sent.get("toolCallId") or sent.get("messageId") or "")


def taken_over(log: Log, *, prefill: bool = False) -> tuple[Resumption, RunLog]:
    """As `turns` does it: the plan, and a run log that has it to write."""
    said = Transcript().apply_all(log)
    run = RunLog(uuid4(), uuid4(), 1, "t", "r1", 1, epoch=2, seq=len(log), renewed_at=0.0)
    run.resume(said)
    plan = resumption(said, [QUESTION], prefill=prefill)
    run.restart(plan.closing)
    return plan, run


def written(run: RunLog) -> Log:
    append = run.take()
    run.committed(append, 0.0)
    return [agui.decode(entry.payload) for entry in append.entries]


def answer(run: RunLog, plan: Resumption) -> None:
    for call in plan.pending:
        at_once(run.push(a_result(call.call_id, "found again")))


def go_on(run: RunLog, events: Log) -> None:
    for event in events:
        if isinstance(event, agui.RunFinished):
            run.end(event, state="completed")
        elif not isinstance(event, agui.RunStarted):
            at_once(run.push(event))


def accepted(log: Log, *, over: bool) -> list[dict[str, Any]]:
    events = [wire(event) for event in log]
    for event in events:
        check_event(event)
    check_stream(events, over=over)
    return events


def cut_at(log: Log, where: float) -> Log:
    return log[: 1 + int(where * (len(log) - 1))]


places = st.floats(0, 1, exclude_max=True)


@effort(80, 3_000)
@given(log=run_logs(), where=places)
def test_what_was_complete_stays_and_what_was_not_goes(log: Log, where: float) -> None:
    cut = cut_at(log, where)
    left = Left(cut)

    plan, run = taken_over(cut)
    told = Folded().apply_all(accepted([*cut, *written(run)], over=False))

    kept = {call for message in left.complete for call, _, _ in message.calls}
    assert [m for m in told.messages if m.role == "assistant"] == left.complete
    assert {m.answers for m in told.messages} - {None} == left.answered & kept
    assert bool(plan.closing) == (len(left.complete) < len(left.rounds))


@effort(80, 3_000)
@given(log=run_logs(), where=places)
def test_whole_calls_without_a_result_are_executed_and_no_others(log: Log, where: float) -> None:
    cut = cut_at(log, where)
    left, whole = Left(cut), Left(log)
    arguments = {i: arguments for m in whole.rounds for i, _, arguments in m.calls}

    plan, run = taken_over(cut)
    answer(run, plan)
    told = Folded().apply_all(accepted([*cut, *written(run)], over=False))

    for call in plan.pending:
        assert call.call_id not in left.answered
        assert left.happened("TOOL_CALL_END", call.call_id)
        assert call.arguments == arguments[call.call_id]
    kept = sorted(call for message in left.complete for call, _, _ in message.calls)
    assert sorted(m.answers for m in told.messages if m.answers is not None) == kept


@effort(80, 3_000)
@given(data=st.data(), cuts=st.lists(places, min_size=1, max_size=3), prefill=st.booleans())
def test_any_number_of_takeovers_leaves_a_stream_that_clients_accept(
    data: st.DataObject, cuts: list[float], prefill: bool
) -> None:
    log = data.draw(run_logs())
    for number, where in enumerate(cuts):
        log = cut_at(log, where)
        plan, run = taken_over(log, prefill=prefill)
        if plan.open_text is not None:
            text = agui.TextMessageContent(message_id=plan.open_text.message_id, delta="more")
            at_once(run.push(text))
            at_once(run.push(agui.TextMessageEnd(message_id=plan.open_text.message_id)))
        # The plan goes out in one append; results and what follows may come in others.
        log = [*log, *written(run)]
        answer(run, plan)
        go_on(run, data.draw(run_logs(name=f" of owner {number}")))
        log = [*log, *written(run)]

    accepted(log, over=True)


@effort(60, 2_000)
@given(log=run_logs(), where=places)
def test_what_is_given_up_is_closed_and_kept(log: Log, where: float) -> None:
    cut = cut_at(log, where)
    closing = Transcript().apply_all(cut).closing_events()
    error = agui.RunError(message="The reply was interrupted.", code="interrupted")

    told = Folded().apply_all(accepted([*cut, *closing, error], over=True))

    assert told.messages == Left(cut).told.messages


@effort(60, 2_000)
@given(log=run_logs(), where=places)
def test_the_model_reads_what_stays_and_nothing_else(log: Log, where: float) -> None:
    cut = cut_at(log, where)
    plan, run = taken_over(cut)

    told = Folded().apply_all(map(wire, [*cut, *written(run)]))

    stays = [message.text for message in told.messages if message.role != "user"]
    assert [message.content for message in plan.said] == stays


@pytest.mark.parametrize("event", ["TEXT_MESSAGE_CONTENT", "TOOL_CALL_ARGS", "TOOL_CALL_END"])
def test_the_logs_hold_what_they_are_for(event: str) -> None:
    """Else the tests above would say little."""
    found: list[str] = []

    @effort(30, 30)
    @given(log=run_logs())
    def look(log: Log) -> None:
        accepted(log, over=True)
        found.extend(each.kind for each in log)

    look()

    assert found.count(event) > 20
