from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings

from realtime.chat import protocol
from realtime.chat.helping import NO_AID
from realtime.chat.intake import read_say, read_submission
from realtime.chat.protocol import FrameError, RunAgentInput, Say
from realtime.chat.refusals import Refusal


def frame(content: Any, *, forwarded: Any = None, **ids: str) -> RunAgentInput:
    message = {"id": ids.get("message_id", "m"), "role": "user", "content": content}
    return protocol._convert(  # the shape that parse() gives
        {
            "threadId": ids.get("thread_id", "t"),
            "runId": ids.get("run_id", "r"),
            "messages": [message],
            "forwardedProps": forwarded,
        },
        RunAgentInput,
    )  # type: ignore[return-value] # the union that parse() is typed as


def test_text_parts_are_joined() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}]

    assert read_submission(frame(parts), owner_id=1, aid=NO_AID).text == "ab"


def test_where_the_person_is_goes_with_the_run() -> None:
    place = {"country": "GB", "timeZone": "Europe/London", "locale": "en-GB"}

    submission = read_submission(
        frame("hi", forwarded={"kindline": place}), owner_id=1, aid=NO_AID
    )

    assert submission.place == place


def test_props_of_others_are_ignored() -> None:
    submission = read_submission(frame("hi", forwarded={"other": 1}), owner_id=1, aid=NO_AID)

    assert submission.place == {"country": None, "timeZone": None, "locale": None}


def test_an_edit_names_what_it_replaces_and_what_becomes_of_a_reply() -> None:
    edit = frame("hi", forwarded={"kindline": {"replaces": "m0", "ifBusy": "stop"}})

    submission = read_submission(edit, owner_id=1, aid=NO_AID)

    assert (submission.replaces, submission.if_busy) == ("m0", "stop")


@pytest.mark.parametrize("props", [{"replaces": "\n"}, {"replaces": ""}, {"ifBusy": "wait"}])
def test_an_edit_of_what_cannot_be_is_a_frame_error(props: dict[str, str]) -> None:
    with pytest.raises(FrameError):
        read_submission(frame("hi", forwarded={"kindline": props}), owner_id=1, aid=NO_AID)


@pytest.mark.parametrize("name", ["thread_id", "run_id", "message_id"])
def test_ids_that_cannot_be_are_frame_errors(name: str) -> None:
    with pytest.raises(FrameError, match="printable"):
        read_submission(frame("hi", **{name: "a b"}), owner_id=1, aid=NO_AID)


def test_a_text_of_exactly_the_limit_passes_and_one_byte_more_does_not() -> None:
    limit = settings.MAX_MESSAGE_BYTES

    assert read_submission(frame("ä" * (limit // 2)), owner_id=1, aid=NO_AID).text
    with pytest.raises(Refusal, match="too long"):
        read_submission(frame("ä" * (limit // 2) + "x"), owner_id=1, aid=NO_AID)


def test_a_say_with_an_id_is_the_same_message_again() -> None:
    say = Say(text="hi", id="m1")

    one = read_say(say, owner_id=1, thread_id="t", aid=NO_AID)
    two = read_say(say, owner_id=1, thread_id="t", aid=NO_AID)

    assert (one.run_id, one.message_id) == (two.run_id, two.message_id) == (one.run_id, "m1")


def test_a_say_without_an_id_is_a_new_message_each_time() -> None:
    one = read_say(Say(text="hi"), owner_id=1, thread_id="t", aid=NO_AID)
    two = read_say(Say(text="hi"), owner_id=1, thread_id="t", aid=NO_AID)

    assert one.message_id != two.message_id
    assert one.run_id != two.run_id
