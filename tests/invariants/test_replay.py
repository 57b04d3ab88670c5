"""I16 and I13 of replay: from whatever place a client goes on, in the end it was told the same.

Exhaustive over all places, and pairs of places, of the recorded streams; and of made-up logs with
deltas so short that the cap on a replayed one cuts everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given

from realtime.chat import agui, log, missed
from realtime.chat.protocol import START, Cursor, Frame
from tests.chat.test_streams import FOREIGN, STREAMS, log_of
from tests.invariants.profiles import effort
from tests.invariants.run_logs import run_logs
from tests.support.agui_check import check_event
from tests.support.agui_grammar import check_stream

Row = tuple[int, int, str, str]
FROM_THE_START = sorted(name for name in STREAMS.keys() - FOREIGN if "base" not in STREAMS[name])


def recorded(name: str) -> list[Row]:
    """Each place once, in order: `log` has them so, what a socket delivered may not."""
    rows = {}
    for frame in log_of(STREAMS[name]):
        place = Cursor.parse(frame["id"])
        assert place is not None
        rows[place] = (*place, frame["chunk"]["type"], json.dumps(frame["chunk"]))
    return [rows[place] for place in sorted(rows)]


def made_up(events: list[agui.AguiEvent]) -> list[Row]:
    return [(1, entry.seq, entry.kind, entry.payload) for entry in log.number(events, after=0)]


def replay(rows: list[Row], after: Cursor, *, to: Cursor | None = None) -> list[Frame]:
    wanted = [row for row in rows if row[:2] > after and (to is None or row[:2] <= to)]
    return missed.coalesce(wanted, after=after)


def told(frames: Iterable[Frame]) -> list[dict[str, Any]]:
    """What was said, however it was cut: neighbouring deltas of one message are one."""
    events: list[dict[str, Any]] = []
    for frame in frames:
        event = json.loads(frame.chunk)
        last = events[-1] if events else event
        same = last is not event and last.get("messageId") == event.get("messageId")
        if same and last["type"] == event["type"] == "TEXT_MESSAGE_CONTENT":
            last["delta"] += event["delta"]
        else:
            events.append(event)
    return events


def places(rows: list[Row]) -> list[Cursor]:
    first = Cursor(*rows[0][:2])
    return [START if first.ord == 1 else first, *(Cursor(*row[:2]) for row in rows)]


def check_chain(frames: list[Frame], after: Cursor, end: Cursor) -> None:
    ends = [after, *(frame.id for frame in frames)]
    assert [frame.prev for frame in frames] == ends[:-1]
    assert all(earlier < later for earlier, later in pairwise(ends))
    assert ends[-1] == end


def check_all_pairs(rows: list[Row]) -> None:
    cursors = places(rows)
    rest = {cursor: replay(rows, cursor) for cursor in cursors}
    for at, early in enumerate(cursors):
        check_chain(rest[early], early, cursors[-1])
        for late in cursors[at:]:
            live = replay(rows, early, to=late)
            check_chain(live, early, late)
            assert told([*live, *rest[late]]) == told(rest[early])


def check_all_streams(rows: list[Row]) -> None:
    """What a client has seen live, and from any place on by replay, is one stream of AG-UI."""
    for cursor in places(rows):
        live = [json.loads(payload) for *place, _, payload in rows if tuple(place) <= cursor]
        replayed = [json.loads(frame.chunk) for frame in replay(rows, cursor)]
        for event in replayed:
            check_event(event)
        check_stream([*live, *replayed])


@pytest.mark.parametrize("name", sorted(STREAMS.keys() - FOREIGN))
def test_replay_and_then_live_is_replay_from_any_earlier_place(name: str) -> None:
    check_all_pairs(recorded(name))


@pytest.mark.parametrize("name", FROM_THE_START)
def test_a_recorded_stream_can_be_gone_on_with_by_replay_anywhere(name: str) -> None:
    check_all_streams(recorded(name))


@effort(12, 500)
@given(events=run_logs())
def test_it_is_so_of_any_log_and_however_short_a_replayed_delta(
    events: list[agui.AguiEvent],
) -> None:
    rows = made_up(events)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(missed, "MAX_DELTA_BYTES", 12)
        check_all_pairs(rows)
        check_all_streams(rows)


def test_words_told_twice_or_left_out_are_found_out() -> None:
    rows = recorded("plain_text")
    at = next(i for i, row in enumerate(rows) if row[2] == "TEXT_MESSAGE_CONTENT")
    whole = told(replay(rows, START))

    assert told([*replay(rows, START), *replay(rows, Cursor(*rows[at][:2]))]) != whole
    assert told(replay([*rows[:at], *rows[at + 1 :]], START)) != whole
