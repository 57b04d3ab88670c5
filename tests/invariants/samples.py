"""Stored rows and events to begin with."""

from __future__ import annotations

import json
from typing import Any

from realtime.chat import agui, log
from tests.support.folding import FoldedMessage
from tests.support.invariants import StoredEvent, StoredRun, StoredThread


def started(run_id: str, question: str, text: str, thread_id: str = "t") -> agui.RunStarted:
    asked = agui.Message(id=question, role="user", content=text)
    given = agui.RunInput(
        thread_id=thread_id, run_id=run_id, messages=[asked], state={}, tools=[], context=[]
    )
    return agui.RunStarted(thread_id=thread_id, run_id=run_id, protocol_version="1.0", input=given)


STARTED = started("r1", "q1", "hi")
QUESTION = STARTED.input.messages[0]
FINISHED = agui.RunFinished(thread_id="t", run_id="r1")
CARD = agui.Custom(name="kindline.help", value={"cardId": "c"})


def words(text: str, *, off: int = 0, message_id: str = "m1") -> agui.TextMessageContent:
    return agui.TextMessageContent(
        message_id=message_id, delta=text, metadata={"kindline": {"off": off}}
    )


def a_text(text: str, message_id: str = "m1") -> list[agui.AguiEvent]:
    return [
        agui.TextMessageStart(message_id=message_id, role="assistant"),
        words(text, message_id=message_id),
        agui.TextMessageEnd(message_id=message_id),
    ]


def a_call(call_id: str = "c1", arguments: str = "{}", owner: str = "m1") -> list[agui.AguiEvent]:
    return [
        agui.ToolCallStart(
            tool_call_id=call_id, tool_call_name="look_up", parent_message_id=owner
        ),
        agui.ToolCallArgs(tool_call_id=call_id, delta=arguments),
        agui.ToolCallEnd(tool_call_id=call_id),
    ]


def a_result(call_id: str = "c1", content: str = "[]") -> agui.ToolCallResult:
    return agui.ToolCallResult(
        message_id=f"result of {call_id}", tool_call_id=call_id, content=content, role="tool"
    )


def wire(event: agui.AguiEvent) -> dict[str, Any]:
    """The event as a client reads it."""
    read: dict[str, Any] = json.loads(agui.encode(event))
    return read


def a_good_run() -> StoredRun:
    """One that was taken over at its fourth event, with a card, a call and an answer."""
    events = [STARTED, CARD, *a_text("Let me see."), *a_call(), a_result()]
    events += [*a_text("There.", "m2"), FINISHED]
    rows = [
        StoredEvent(e.seq, 1 + (e.seq > 3), e.kind, e.payload) for e in log.number(events, after=0)
    ]
    run = StoredRun("r1", 1, "completed", 2, len(rows), rows)
    run.messages = [
        (FoldedMessage("m1", "assistant", "Let me see.", [("c1", "look_up", "{}")]), "complete"),
        (FoldedMessage("result of c1", "tool", "[]", answers="c1"), "complete"),
        (FoldedMessage("m2", "assistant", "There."), "complete"),
    ]
    run.notices = [(2, "kindline.help", {"cardId": "c"})]
    return run


def a_good_thread() -> StoredThread:
    return StoredThread("t", 1, [a_good_run()], {"q1"})
