"""What the agent says passes the reply filter on its way to log, page and next turn."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from realtime.accounts.models import User
from realtime.agent.model import AssistantMessage, ModelRequest, ModelText
from realtime.agent.testing import Gate, ScriptedModel, call, calls, says
from realtime.chat import bridge, queries, turns
from realtime.chat.models import Message, Notice, RunEvent, SafetyFlag, Thread
from realtime.chat.operations import Submission
from realtime.chat.saying import MOST_TAKEN_BACK
from realtime.chat.transcript import text_of
from tests.chat.test_engine import Watcher, submission, watching
from tests.chat.test_turns import killed
from tests.support.agui_check import check_event
from tests.support.engine import running_engine
from tests.support.invariants import assert_log_invariants

pytestmark = pytest.mark.django_db(transaction=True)

US = '{"country":"US","needs":["suicide"]}'
INVENTED = "0845 790 9090"
Place = dict[str, str | None]
NOWHERE: Place = {"country": None, "timeZone": None, "locale": None}
UK: Place = NOWHERE | {"country": "GB"}
ENDS = ("RUN_FINISHED", "RUN_ERROR")
CARD = "the number on the card"


@pytest.fixture
async def owner() -> int:
    return (await User.objects.acreate(username=str(uuid4()))).pk


def asking(owner: int, place: Place = UK) -> Submission:
    return replace(submission(owner), place=place)


async def answered(owner: int, *models: ScriptedModel, place: Place = UK) -> Watcher:
    """One turn per model, all in one thread; what a page saw of the last one."""
    for model in models:
        async with running_engine(model) as engine:
            watcher = await watching(engine, owner)
            await engine.intake.submit(asking(owner, place))
            await watcher.until(lambda w: w.over and w.frames[-1]["chunk"]["type"] in ENDS)
    await bridge.run(assert_log_invariants)
    for frame in watcher.frames:
        if "chunk" in frame:
            check_event(frame["chunk"])
    return watcher


def kinds(watcher: Watcher) -> list[str]:
    names = [f["chunk"]["type"] for f in watcher.frames if "chunk" in f]
    return [a for a, b in zip(names, [*names[1:], ""], strict=True) if a != b]


async def replies() -> list[str]:
    rows = Message.objects.filter(role="assistant").order_by("ord", "idx")
    return [text_of(row.content) async for row in rows]


async def logged() -> str:
    return "".join([event.payload async for event in RunEvent.objects.all()])


def heard(request: ModelRequest) -> str:
    return " ".join(m.content for m in request.messages if isinstance(m, AssistantMessage))


async def test_an_invented_number_reaches_neither_page_nor_database_nor_the_next_turn(
    owner: int,
) -> None:
    pieces = ("I hear you. Call 08", "45 79", "0 90", "90 any", " time.")
    model, after = ScriptedModel(says(*pieces)), ScriptedModel(says("Yes."))

    watcher = await answered(owner, model, after)

    assert (await replies())[0] == f"I hear you. Call {CARD} any time."
    for told in (json.dumps(watcher.frames), await logged(), heard(after.requests[0])):
        assert CARD in told
        assert "45 79" not in told
        assert "0 90" not in told


async def test_reviewers_see_that_something_was_replaced_and_the_person_sees_the_card(
    owner: int,
) -> None:
    await answered(owner, ScriptedModel(says(f"Call {INVENTED} now.")))

    flag = await SafetyFlag.objects.aget()
    [message] = [row async for row in Message.objects.filter(role="assistant")]
    assert (flag.detector, flag.category, flag.level) == ("reply", "contact", "concern")
    assert flag.message == message.client_msg_id
    assert text_of(message.content)[flag.span_start : flag.span_end] == CARD
    card = (await Notice.objects.aget()).value
    assert (card["reason"], card["country"]) == ("reply", "GB")
    assert (await Thread.objects.aget()).level == "none", "the person said nothing of danger"


async def test_the_log_marks_what_stands_for_other_words(owner: int) -> None:
    watcher = await answered(owner, ScriptedModel(says("Please call ", INVENTED, " now.")))

    deltas = [f["chunk"] for f in watcher.frames if f.get("chunk", {}).get("delta")]
    [marked] = [d for d in deltas if "replaced" in d["metadata"]["kindline"]]
    assert marked["delta"] == CARD
    assert marked["metadata"]["kindline"] == {
        "off": len("Please call "),
        "replaced": {"category": "contact", "length": len(CARD)},
    }


async def test_a_contact_of_the_persons_country_passes(owner: int) -> None:
    await answered(owner, ScriptedModel(says("Samaritans: ring 116", " 123, or 999.")))

    assert await replies() == ["Samaritans: ring 116 123, or 999."]
    assert not await SafetyFlag.objects.aexists()


async def test_a_contact_that_a_tool_found_passes(owner: int) -> None:
    look = calls(call("find_hotlines", US), before=["Call 988? I look. "])
    model = ScriptedModel(look, says("In the US ", "call or text 9", "88", "."))

    await answered(owner, model, place=NOWHERE)

    assert await replies() == [f"Call {CARD}? I look. ", "In the US call or text 988."]


async def test_a_contact_of_another_country_does_not_pass_without_a_tool(owner: int) -> None:
    await answered(owner, ScriptedModel(says("You can call or text 988.")))

    assert await replies() == [f"You can call or text {CARD}."]


async def test_a_contact_that_a_tool_gave_turns_ago_still_passes(owner: int) -> None:
    first = ScriptedModel(calls(call("find_hotlines", US)), says("Found."))

    await answered(owner, first, ScriptedModel(says("Call 988, as said.")), place=NOWHERE)

    assert (await replies())[-1] == "Call 988, as said."


async def test_what_was_handed_over_is_taken_back_in_one_append(owner: int) -> None:
    reply = says("I hear you. ", "Everyone would be ", "better off ", "without you", ". So?")

    watcher = await answered(owner, ScriptedModel(reply))

    assert kinds(watcher)[1:] == [
        *("TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END", "MESSAGES_SNAPSHOT"),
        *("TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT", "CUSTOM", "TEXT_MESSAGE_CONTENT"),
        *("TEXT_MESSAGE_END", "RUN_FINISHED"),
    ]
    [shown] = await replies()
    assert shown == "I hear you. Your pain is real, and you deserve help with it. So?"
    snapshot = next(f["chunk"] for f in watcher.frames if "MESSAGES_SNAPSHOT" in json.dumps(f))
    assert [m["role"] for m in snapshot["messages"]] == ["user"]
    [flag] = [row async for row in SafetyFlag.objects.all()]
    assert (flag.category, flag.level) == ("encouragement", "crisis")
    assert await Message.objects.filter(client_msg_id=flag.message).aexists()


async def test_of_a_reply_that_is_taken_back_again_and_again_the_rest_comes_at_its_end(
    owner: int,
) -> None:
    """Each taking back writes the whole conversation: their number is bounded, whoever writes."""
    times = 3 * MOST_TAKEN_BACK
    pieces = ["Everyone would be ", "better off ", "without you. ", "So? "] * times
    kind = "Your pain is real, and you deserve help with it"

    watcher = await answered(owner, ScriptedModel(says("I hear you. ", *pieces)))

    [shown] = await replies()
    assert shown == "I hear you. " + f"{kind}. So? " * times
    chunks = [frame["chunk"] for frame in watcher.frames if "chunk" in frame]
    snapshots = [chunk for chunk in chunks if chunk["type"] == "MESSAGES_SNAPSHOT"]
    assert len(snapshots) == MOST_TAKEN_BACK
    assert "better off without" not in await logged()
    message = await Message.objects.aget(role="assistant")
    spans = [
        shown[flag.span_start : flag.span_end]
        async for flag in SafetyFlag.objects.filter(message=message.client_msg_id)
    ]
    assert set(spans) == {kind}
    marked = [c for c in chunks if "replaced" in c.get("metadata", {}).get("kindline", {})]
    last = [c for c in marked if c["messageId"] == message.client_msg_id]
    assert len(last) == times - MOST_TAKEN_BACK + 1


async def test_what_waits_for_its_end_is_kept_where_a_reply_is_cut(
    owner: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "MAX_REPLY_CHARACTERS", 2_000)
    pieces = ["Everyone would be ", "better off ", "without you. ", "So? "] * 100

    await answered(owner, ScriptedModel(says(*pieces)))

    [shown] = await replies()
    assert shown.count("Your pain is real") == 2_000 // len("".join(pieces[:4]))
    assert "better off without" not in await logged()


async def test_a_call_after_what_was_taken_back_belongs_to_the_message_that_stands(
    owner: int,
) -> None:
    before = ["Everyone would be ", "better off without you. ", "I look."]
    model = ScriptedModel(calls(call("find_hotlines", US), before=before), says("Here."))

    watcher = await answered(owner, model)

    [begun] = [
        f["chunk"] for f in watcher.frames if f.get("chunk", {}).get("type") == "TOOL_CALL_START"
    ]
    rows = {row.client_msg_id: row async for row in Message.objects.filter(role="assistant")}
    parts = [part["type"] for part in rows[begun["parentMessageId"]].content]
    assert parts == ["text", "tool_call"]
    assert "better off" not in heard(model.requests[1]), "the model is told what the person read"
    assert "your pain is real" in heard(model.requests[1]).lower()


async def test_what_waits_is_written_before_a_call_begins(owner: int) -> None:
    model = ScriptedModel(calls(call("find_hotlines", US), before=["I slept 100"]), says("Ok."))

    watcher = await answered(owner, model)

    assert kinds(watcher)[1:5] == [
        *("TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END", "TOOL_CALL_START")
    ]
    assert (await replies())[0] == "I slept 100"


async def test_the_arguments_of_a_call_are_left_alone(owner: int) -> None:
    arguments = json.dumps({"country": "US", "needs": ["suicide"], "language": INVENTED})
    model = ScriptedModel(calls(call("find_hotlines", arguments)), says("Ok."))

    await answered(owner, model)

    row = await Message.objects.filter(role="assistant").order_by("idx").afirst()
    assert row is not None
    assert row.content[0]["arguments"] == arguments


@pytest.mark.parametrize("prefill", [False, True])
async def test_a_number_cannot_be_split_over_two_owners(owner: int, prefill: bool) -> None:
    model = ScriptedModel([ModelText("I am here. Call 0845 79"), Gate()])
    again = ScriptedModel(says("0 9090", " now."), prefill=prefill)

    async with running_engine(model) as engine:
        watcher = await watching(engine, owner)
        await engine.intake.submit(asking(owner))
        await watcher.until(lambda w: "Call" in w.text)
        durable = await bridge.run(_open_text)
        async with killed(engine):
            pass
        async with running_engine(again):
            await watcher.until(lambda w: w.over)

    assert durable == "I am here. Call "
    [shown] = await replies()
    assert shown == (f"{durable}{CARD} now." if prefill else "The number on the card now.")
    await bridge.run(assert_log_invariants)


def _open_text() -> str:
    run = RunEvent.objects.order_by("seq").values_list("run_id", flat=True)[0]
    texts: dict[str, Any] = {}
    for event in queries.log_of(run_id=run):
        if delta := getattr(event, "delta", None):
            texts.setdefault(getattr(event, "message_id", ""), []).append(delta)
    return "".join("".join(pieces) for pieces in texts.values())


async def test_a_reply_that_comes_at_once_is_filtered_as_any_other(owner: int) -> None:
    text = "All is quiet here. " * 200 + f"Call {INVENTED}."

    await answered(owner, ScriptedModel(says(text)))

    assert await replies() == [text.replace(INVENTED, CARD)]
