"""Sizes on the line say nothing of the words."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.agent.model import ModelFinished, ModelText
from realtime.agent.testing import ScriptedModel
from realtime.chat import protocol
from realtime.chat.padding import BUCKET, padded, padded_events
from realtime.chat.protocol import Cursor, Frame
from tests.chat.test_consumers import socket, submit, token
from tests.support.engine import running_engine

__all__ = ["token"]


@given(st.text(max_size=600))
def test_an_envelope_fills_whole_buckets_and_says_the_same(text: str) -> None:
    chunk = json.dumps({"type": "TEXT_MESSAGE_CONTENT", "delta": text}, ensure_ascii=False)
    text = chunk.encode("utf-8", "replace").decode()
    frame = protocol.envelope(Frame(Cursor(1, 2), Cursor(1, 1), text), thread_id="t")

    filled = padded(frame)

    assert len(filled.encode()) % BUCKET == 0
    assert {k: v for k, v in json.loads(filled).items() if k != "pad"} == json.loads(frame)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=600))
def test_a_bare_event_gets_no_key_that_a_stock_client_does_not_know(text: str) -> None:
    frame = protocol.refusal(code="internal", message=text, thread_id="t", run_id="r")

    filled = padded(frame)

    assert len(filled.encode()) % BUCKET == 0
    assert json.loads(filled) == json.loads(frame)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\n"), max_size=600))
def test_a_stream_of_events_is_filled_by_a_comment(text: str) -> None:
    filled = padded_events(f"id: 1-2\ndata: {text}\n\n")

    assert len(filled.encode()) % BUCKET == 0
    assert filled.startswith(f"id: 1-2\ndata: {text}\n\n: ")
    assert filled.endswith("\n\n")


def test_the_filling_is_never_the_same() -> None:
    assert padded(protocol.ping()) != padded(protocol.ping())


@pytest.mark.django_db(transaction=True)
async def test_every_frame_of_a_socket_is_filled_where_the_operator_wants_it(token: str) -> None:
    words = [ModelText(word) for word in ("a ", "somewhat longer ", "word " * 60)]
    model = ScriptedModel([*words, ModelFinished("stop", None)])
    sizes = list[int]()

    async with running_engine(model, pad=True) as engine, socket(engine, token) as peer:
        await peer.send_to(submit(run_id=str(uuid4())))
        kind = None
        while kind != "RUN_FINISHED":
            text = str(await peer.receive_from(timeout=10))
            sizes.append(len(text.encode()))
            frame = json.loads(text)
            kind = frame.get("chunk", frame)["type"]

    assert {size % BUCKET for size in sizes} == {0}
