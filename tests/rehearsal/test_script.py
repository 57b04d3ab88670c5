from __future__ import annotations

import json
from typing import Any

import pytest

from realtime.agent.prompt import CARD_SHOWN
from realtime.rehearsal import texts
from realtime.rehearsal.script import Call, Pause, Say, Step, listen, plan

Message = dict[str, Any]

TOOL: dict[str, Any] = {
    "name": "find_hotlines",
    "parameters": {
        "type": "object",
        "properties": {
            "country": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "needs": {"type": "array", "items": {"enum": ["abuse", "suicide"]}},
        },
        "required": ["needs"],
    },
}


def user(text: object) -> Message:
    return {"role": "user", "content": text}


def answered(text: str, result: str) -> list[Message]:
    call = {"role": "assistant", "content": "", "tool_calls": [{"id": "c"}]}
    return [user(text), call, {"role": "tool", "tool_call_id": "c", "content": result}]


def said(steps: list[Step]) -> str:
    return "".join(step.text for step in steps if isinstance(step, Say))


def asked(steps: list[Step]) -> dict[str, Any]:
    [call] = [step for step in steps if isinstance(step, Call)]
    arguments: dict[str, Any] = json.loads("".join(call.pieces))
    return arguments


@pytest.mark.parametrize("text", ["hello", "", "what is this", *texts.SUGGESTIONS])
def test_every_ordinary_reply_says_early_what_it_is(text: str) -> None:
    assert texts.WHAT_I_AM in said(plan([user(text)], [TOOL]))[:200]


def test_anything_else_is_answered_with_the_suggestions() -> None:
    reply = said(plan([user("What do you think of my poem?")], [TOOL]))

    assert all(suggestion in reply for suggestion in texts.SUGGESTIONS)


@pytest.mark.parametrize("text", ["how does streaming look", "  How does STREAMING look?!  "])
def test_a_suggestion_typed_by_hand_works_too(text: str) -> None:
    assert said(plan([user(text)], [])) == texts.STREAMING_REPLY


def test_the_streaming_reply_shows_what_markdown_can_do() -> None:
    for sign in ("**", "`", "```", "1. ", "> ", "](/help", "🌱"):
        assert sign in texts.STREAMING_REPLY
    assert not any(line.startswith("#") for line in texts.STREAMING_REPLY.splitlines())
    assert 130 <= len(texts.STREAMING_REPLY.split()) <= 220


def test_the_reply_to_be_cut_is_long_enough_to_be_cut() -> None:
    assert len(plan([user(texts.DROP)], [])) >= 230  # six seconds at 40 a second


def test_the_helpline_reply_has_text_before_the_call() -> None:
    steps = plan([user(texts.HELPLINE)], [TOOL])

    assert isinstance(steps[0], Say)
    assert isinstance(steps[-2], Pause)
    assert isinstance(steps[-1], Call)


def test_the_arguments_come_in_several_pieces() -> None:
    call = plan([user(texts.HELPLINE)], [TOOL])[-1]

    assert isinstance(call, Call)
    assert len(call.pieces) > 2


def test_a_country_that_was_named_is_asked_for() -> None:
    assert asked(plan([user("find me a helpline in Canada")], [TOOL]))["country"] == "CA"
    assert asked(plan([user("Canada")], [TOOL]))["country"] == "CA"
    assert asked(plan([user(texts.HELPLINE)], [TOOL]))["country"] is None


def test_the_call_prefers_the_need_for_crises() -> None:
    assert asked(plan([user(texts.HELPLINE)], [TOOL]))["needs"] == ["suicide"]


def with_schema(parameters: dict[str, Any]) -> dict[str, Any]:
    return asked(
        plan([user(texts.HELPLINE)], [{"name": "find_hotlines", "parameters": parameters}])
    )


def test_the_call_takes_only_a_need_that_is_offered() -> None:
    needs = {"type": "array", "items": {"enum": ["abuse", "grief"]}}

    assert with_schema({"properties": {"needs": needs}})["needs"] == ["abuse"]


@pytest.mark.parametrize(
    "items",
    [
        {"$ref": "#/$defs/Need"},
        {"oneOf": [{"const": "grief"}, {"const": "abuse"}]},
        {"anyOf": [{"$ref": "#/$defs/Need"}, {"type": "null"}]},
    ],
)
def test_needs_are_found_wherever_the_schema_keeps_them(items: dict[str, Any]) -> None:
    schema = {
        "$defs": {"Need": {"enum": ["grief", "abuse"], "anyOf": [{"$ref": "#/$defs/Need"}]}},
        "properties": {"needs": {"type": "array", "items": items}},
    }

    assert with_schema(schema)["needs"] == ["grief"]


def test_required_arguments_nobody_named_are_empty() -> None:
    schema = {
        "properties": {"audiences": {"type": "array"}, "language": {"type": ["string", "null"]}},
        "required": ["country", "needs", "audiences", "language"],
    }

    assert with_schema(schema) == {
        "country": None,
        "needs": ["suicide"],
        "audiences": [],
        "language": None,
    }


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ('{"country": "CA", "lines": [{}]}', texts.HELPLINE_FOUND),
        ('{"country": null, "lines": []}', texts.HELPLINE_NO_COUNTRY),
        ('{"error": "timeout"}', texts.HELPLINE_FAILED),
        ("timeout", texts.HELPLINE_FAILED),
        ("[]", texts.HELPLINE_FAILED),
        ("", texts.HELPLINE_FAILED),
    ],
)
def test_the_card_is_followed_by_more_text(result: str, text: str) -> None:
    assert said(plan(answered(texts.HELPLINE, result), [TOOL])) == text


def test_without_the_tool_the_demo_says_so() -> None:
    steps = plan([user(texts.HELPLINE)], [{"name": "other"}])

    assert said(steps).endswith(texts.HELPLINE_NO_TOOL)
    assert not any(isinstance(step, Call) for step in steps)


@pytest.mark.parametrize("text", ["I want to die", "Find me a suicide helpline"])
def test_grave_words_get_one_sentence_and_the_card(text: str) -> None:
    steps = plan([user(text)], [TOOL])

    assert said(steps) == texts.GRAVE_REPLY
    assert asked(steps)["needs"] == ["suicide"]


def test_after_that_card_the_demo_is_silent() -> None:
    assert plan(answered("I want to die", "{}"), [TOOL]) == []


def test_the_one_sentence_is_said_without_the_tool_too() -> None:
    assert said(plan([user("I want to die")], [])) == texts.GRAVE_REPLY


def test_only_the_last_message_decides() -> None:
    talk = [*answered("I want to die", "{}"), user("How does streaming look?")]

    assert said(plan(talk, [TOOL])) == texts.STREAMING_REPLY


def test_an_old_tool_result_does_not_answer_a_new_message() -> None:
    talk = [*answered(texts.HELPLINE, "{}"), user(texts.HELPLINE)]

    assert listen(talk).answer is None
    assert isinstance(plan(talk, [TOOL])[-1], Call)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("plain", "plain"),
        ([{"type": "text", "text": "two "}, {"type": "text", "text": "parts"}], "two parts"),
        ([{"type": "image_url"}, "loose", {"text": 3}], ""),
        (None, ""),
        (7, ""),
    ],
)
def test_content_is_read_in_every_shape(content: object, text: str) -> None:
    assert listen([user(content)]).text == text


def test_no_reply_names_a_phone_number() -> None:
    every = " ".join(str(value) for name, value in vars(texts).items() if name.isupper())

    assert not [word for word in every.split() if sum(map(str.isdigit, word)) >= 2]


def test_a_grave_message_that_brought_its_card_gets_the_sentence_alone() -> None:
    note = {"role": "system", "content": f"Rules.\n- {CARD_SHOWN}. On it: a line."}

    steps = plan([note, user("I want to die")], [TOOL])

    assert said(steps) == texts.GRAVE_REPLY
    assert not [step for step in steps if isinstance(step, Call)]
