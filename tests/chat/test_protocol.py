from __future__ import annotations

import json

import pytest

from realtime.chat import protocol
from realtime.chat.protocol import Cursor, Frame, FrameError


def test_a_submit_is_a_frame_without_a_type() -> None:
    frame = protocol.parse('{"threadId":"t","runId":"r","messages":[],"data":{},"tools":[]}')

    assert isinstance(frame, protocol.RunAgentInput)
    assert (frame.thread_id, frame.run_id) == ("t", "r")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"type":"subscribe","threadId":"t","cursor":null}', protocol.Subscribe),
        ('{"type":"unsubscribe","threadId":"t"}', protocol.Unsubscribe),
        ('{"type":"abort","runId":"r"}', protocol.Abort),
        ('{"type":"ping","n":1}', protocol.Ping),
        ('{"type":"pong"}', protocol.Pong),
        ('{"type":"say","text":"hi","more":1}', protocol.Say),
    ],
)
def test_each_inbound_frame_is_read(text: str, kind: type[protocol.Inbound]) -> None:
    assert isinstance(protocol.parse(text), kind)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        '"text"',
        "null",
        "1",
        '{"type":7}',
        '{"type":null}',
        '{"type":"shout"}',
        '{"type":"subscribe"}',
        '{"type":"subscribe","threadId":7}',
        '{"type":"say","text":["hi"]}',
        '{"threadId":"t"}',
        '{"threadId":"t","runId":"r","messages":"hi"}',
        '{"threadId":"t","runId":"r","messages":[],"forwardedProps":{"kindline":7}}',
        "[" * 5_000,
        '{"type":"say","text":' + "[" * 900 + "]" * 900 + "}",
        '{"a":' * 100_000,
    ],
)
def test_nonsense_is_a_frame_error(text: str) -> None:
    with pytest.raises(FrameError):
        protocol.parse(text)


def test_an_error_says_where_the_wrong_type_is() -> None:
    with pytest.raises(FrameError, match="threadId"):
        protocol.parse('{"type":"unsubscribe","threadId":7}')


def test_nul_and_lone_surrogates_become_replacement_characters() -> None:
    frame = protocol.parse('{"type":"say","text":"a\\u0000b\\ud800c\\ud83d\\ude00"}')

    assert isinstance(frame, protocol.Say)
    assert protocol.clean(frame.text) == "a\ufffdb\ufffdc\U0001f600"


def test_a_number_beyond_what_json_clients_can_read_is_a_frame_error() -> None:
    with pytest.raises(FrameError):
        protocol.parse('{"type":"ping","n":99999999999999999999999,"x":"\\ud800"}')


@pytest.mark.parametrize("value", ["x" * 65, "\u00fc", "\x00"])
def test_a_place_is_short_and_plain(value: str) -> None:
    with pytest.raises(FrameError, match="timeZone"):
        protocol.check_word(value, name="timeZone")


def test_only_the_last_message_of_a_history_is_read() -> None:
    history = [{"role": "system", "content": 7}, {"id": "m", "role": "user", "content": "hi"}]

    frame = protocol.parse(json.dumps({"threadId": "t", "runId": "r", "messages": history}))

    assert isinstance(frame, protocol.RunAgentInput)
    assert [message.id for message in frame.messages] == ["m"]


@pytest.mark.parametrize("value", ["", "a b", "ä", "a\n", "x" * 129, "\x7f"])
def test_an_id_that_is_not_printable_ascii_is_refused(value: str) -> None:
    with pytest.raises(FrameError, match="threadId"):
        protocol.check_id(value, name="threadId")


def test_a_cursor_reads_back_as_it_was_written() -> None:
    assert Cursor.parse(str(Cursor(3, 18))) == Cursor(3, 18)


@pytest.mark.parametrize(
    "text", ["", "3", "3-", "-3-1", "3-1 ", "a-b", "3-1-2", "9" * 20 + "-1", "\u0663-\u0661"]
)
def test_what_is_no_cursor_is_none(text: str) -> None:
    assert Cursor.parse(text) is None


def test_an_envelope_carries_the_event_verbatim() -> None:
    frame = Frame(Cursor(1, 2), Cursor(1, 1), '{"type":"CUSTOM","name":"x"}')

    envelope = json.loads(protocol.envelope(frame, thread_id='t"1'))

    assert envelope == {
        "id": "1-2",
        "prev": "1-1",
        "threadId": 't"1',
        "chunk": {"type": "CUSTOM", "name": "x"},
    }


def deep(levels: int) -> str:
    return '{"type":"ping","more":' + "[" * (levels - 1) + "]" * (levels - 1) + "}"


def test_a_frame_may_be_32_levels_deep_and_no_deeper() -> None:
    assert isinstance(protocol.parse(deep(32)), protocol.Ping)
    with pytest.raises(FrameError, match="deep"):
        protocol.parse(deep(33))


def test_a_frame_of_very_many_parts_is_not_read() -> None:
    with pytest.raises(FrameError, match="objects and lists"):
        protocol.parse('{"type":"ping","more":[' + ",".join(["[]"] * 20_000) + "]}")


def test_the_history_that_nobody_reads_may_be_as_deep_as_it_likes() -> None:
    old = "[" * 100 + "]" * 100
    new = '{"id":"m","role":"user","content":"hi"}'

    frame = protocol.parse(f'{{"threadId":"t","runId":"r","messages":[{old},{new}]}}')

    assert isinstance(frame, protocol.RunAgentInput)


@pytest.mark.parametrize(
    "frame",
    [
        '{"type":"say","text":"a long story"}',
        '{"threadId":"t","runId":"r","messages":[{"role":"user","content":"a long story"}]}',
        '{"threadId":"t","runId":"r","messages":[{"role":"user","content":'
        '[{"type":"text","text":"a lo"},{"type":"text","text":"ng story"}]}]}',
    ],
)
def test_what_waits_holds_no_more_than_will_be_read(frame: str) -> None:
    parsed = protocol.parse(frame)
    assert isinstance(parsed, protocol.RunAgentInput | protocol.Say)

    short = protocol.shortened(parsed, 6)

    assert (
        short.text if isinstance(short, protocol.Say) else short.messages[0].content
    ) == "a long"
