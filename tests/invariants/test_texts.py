"""I15: any text comes through, however it is cut; what Postgres refuses is U+FFFD."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.agent.text import storable
from realtime.chat import agui, missed, protocol, runlog
from realtime.chat.log import Entry
from realtime.chat.models import Message
from realtime.chat.protocol import START, Cursor
from realtime.chat.runlog import RunLog
from tests.invariants.log_model import at_once
from tests.invariants.profiles import effort
from tests.support.chat_client import ChatClient
from tests.support.openai_scenarios import Raw, says
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer

BEGUN = agui.TextMessageStart(message_id="m", role="assistant")
# Joined by marks and joiners, from right to left, ends of lines to JavaScript alone, and 100 KB.
HARD = "e\u0301 \u202e\u05e9\u05dc\u05d5\u05dd\u202c \u2028\u2029 \U0001f468\u200d\U0001f4bb "
LARGE = "\U0001f600" * 25_600
any_text = st.text(st.characters(), max_size=40)  # lone surrogates and NUL too


def written(pieces: list[str], flushed_after: set[int]) -> list[Entry]:
    """A reply in these pieces, written whenever a piece is among `flushed_after`."""
    run = RunLog(uuid4(), uuid4(), 1, "t", "r", 1, epoch=1, seq=0, renewed_at=0.0)
    at_once(run.push(BEGUN))
    entries: list[Entry] = []
    for number, piece in enumerate(pieces):
        at_once(run.push(agui.TextMessageContent(message_id="m", delta=piece)))
        if number in flushed_after or number == len(pieces) - 1:
            append = run.take()
            run.committed(append, 0.0)
            entries += append.entries
    return entries


def deltas(payloads: list[str]) -> list[tuple[int, str]]:
    """Offset and words of each delta."""
    events = [json.loads(payload) for payload in payloads]
    found = [event for event in events if event["type"] == "TEXT_MESSAGE_CONTENT"]
    return [(event["metadata"]["kindline"]["off"], event["delta"]) for event in found]


def check_told(payloads: list[str], text: str) -> None:
    told = deltas(payloads)
    assert "".join(words for _, words in told) == text
    assert [off for off, _ in told] == [
        len("".join(words for _, words in told[:number])) for number in range(len(told))
    ]
    for payload in payloads:
        payload.encode()  # no half of anything


@effort(80, 3_000)
@given(text=any_text)
def test_what_cannot_be_stored_is_replaced_one_for_one(text: str) -> None:
    kept = "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in text)

    assert storable(text) == protocol.clean(text) == kept
    kept.encode()


@effort(80, 3_000)
@given(
    pieces=st.lists(any_text.filter(bool), min_size=1, max_size=8),
    flushed=st.sets(st.integers(0, 7)),
    event=st.integers(1, 50),
    frame=st.integers(1, 60),
)
def test_any_text_comes_through_however_it_is_cut(
    pieces: list[str], flushed: set[int], event: int, frame: int
) -> None:
    pieces = [storable(piece) for piece in pieces]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runlog, "EVENT_CHARACTERS", event)
        patch.setattr(missed, "MAX_DELTA_BYTES", frame)
        entries = written(pieces, flushed)
        replayed = missed.coalesce([(1, *entry) for entry in entries], after=START)

    check_told([entry.payload for entry in entries], "".join(pieces))
    check_told([each.chunk for each in replayed], "".join(pieces))
    for each in replayed:
        told = json.loads(protocol.envelope(each, thread_id="\u2028"))
        assert told["chunk"] == json.loads(each.chunk)


@pytest.mark.parametrize("text", [HARD, LARGE, "\U0001f600", "\\" * 50_000, "\x01" * 20_000])
def test_a_large_text_is_cut_into_events_and_comes_through(text: str) -> None:
    entries = written([text], set())
    replayed = missed.coalesce([(1, *entry) for entry in entries], after=Cursor(1, 0))

    check_told([entry.payload for entry in entries], text)
    check_told([each.chunk for each in replayed], text)


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
async def test_any_text_comes_through_the_whole_server(
    app: AppServer, model: ThreadedOpenAIServer, headers: dict[str, str]
) -> None:
    refused = Raw(b'data: {"choices":[{"delta":{"content":"a\\u0000b\\ud83dc"}}]}\n\n')
    model.play(says(HARD, LARGE[:6_400], refused, *LARGE[6_400:6_410], LARGE[6_410:]))
    reply = HARD + LARGE[:6_400] + "a\ufffdb\ufffdc" + LARGE[6_400:]

    async with ChatClient(app.url, headers) as live, ChatClient(app.url, headers) as late:
        await live.submit(HARD + "a\x00b\ud83dc", "t1", message_id="q")
        view = await live.finished("t1")
        await late.subscribe("t1")
        await late.wait(lambda: late.view("t1").snapshots > 0)

        for told in (view, late.view("t1")):
            assert told.texts["q"] == HARD + "a\ufffdb\ufffdc"
            assert told.reply == reply
    stored = await Message.objects.aget(role="assistant")
    assert stored.content == [{"type": "text", "text": reply}]
