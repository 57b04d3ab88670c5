from __future__ import annotations

import itertools

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.agent.errors import ModelMalformed
from realtime.provider.stream import LONGEST_EVENT, SseReader, read_json


def read(*chunks: bytes) -> list[bytes]:
    reader = SseReader()
    return [data for chunk in chunks for data in reader.feed(chunk)] + reader.end()


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
def test_any_line_end_ends_a_line(newline: bytes) -> None:
    assert read(b"data: 1NNdata: 2NN".replace(b"N", newline)) == [b"1", b"2"]


def test_a_line_end_cut_in_two_is_one() -> None:
    assert read(b"data: 1\r", b"\ndata: 2\r", b"", b"\n\r", b"\n") == [b"1\n2"]


def test_lines_of_data_are_one_event() -> None:
    assert read(b"data: {\ndata: }\n\n") == [b"{\n}"]


def test_comments_names_ids_and_blank_lines_are_no_data() -> None:
    assert read(b"\n: keep-alive\n\nevent: x\nid: 1\nretry: 2\ndata:1\n\n\n") == [b"1"]


def test_a_byte_order_mark_is_no_text() -> None:
    assert read(b"\xef\xbb\xbfdata: 1\n\n") == [b"1"]


@pytest.mark.parametrize("left", [b"data: [DONE]", b"data: [DONE]\n", b'data: {"a": 1}'])
def test_a_whole_event_without_its_blank_line_counts(left: bytes) -> None:
    assert len(read(b"data: 1\n\n", left)) == 2


@pytest.mark.parametrize(
    "left", [b"data: [DO", b'data: {"a"', b"dat", b"", b"data:", b"data: [" * 9]
)
def test_an_event_that_was_cut_does_not_count(left: bytes) -> None:
    assert read(b"data: 1\n\n", left) == [b"1"]


@pytest.mark.parametrize("chunk", [b"x" * 1000, b"data: " + b"x" * 1000 + b"\n"])
def test_an_event_without_end_is_left(chunk: bytes) -> None:
    with pytest.raises(ModelMalformed):
        read(*[chunk] * (2 * LONGEST_EVENT // len(chunk)))


def test_many_events_in_one_chunk_are_no_long_event() -> None:
    assert len(read(b"data: 1234567890\n\n" * 200_000)) == 200_000


EVENTS = st.lists(st.binary(min_size=1).filter(lambda b: not {10, 13} & set(b)), max_size=8)


@settings(deadline=None)  # a busy machine is no failure
@given(
    EVENTS, st.lists(st.integers(0, 200), max_size=12), st.sampled_from([b"\n", b"\r\n", b"\r"])
)
def test_events_are_the_same_wherever_the_bytes_are_cut(
    events: list[bytes], cuts: list[int], newline: bytes
) -> None:
    stream = b"".join(b"data: " + event + newline * 2 for event in events)
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})

    pieces = [stream[a:b] for a, b in itertools.pairwise(edges)]

    assert read(*pieces) == events


class Text(msgspec.Struct):
    text: str


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (rb'{"text": "\ud83d\ude00"}', "\U0001f600"),
        (rb'{"text": "\ud83d"}', chr(0xD83D)),
        (b'{"text": "\xff"}', "\ufffd"),
        (b'{"text": "\x00\n"}', "\x00\n"),
    ],
)
def test_json_is_read_as_it_was_meant(written: bytes, meant: str) -> None:
    assert read_json(written, msgspec.json.Decoder(Text)).text == meant


@pytest.mark.parametrize("written", [b"", b"{", b"[]", b'{"text": 1}', b"null", b"[" * 100_000])
def test_what_is_no_such_json_is_malformed(written: bytes) -> None:
    with pytest.raises(ModelMalformed):
        read_json(written, msgspec.json.Decoder(Text))
