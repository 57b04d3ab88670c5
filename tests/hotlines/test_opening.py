from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from realtime.hotlines.opening import DAYS, Hours, opening_as_json, parse_opening

WEEKDAYS = [*DAYS[:5]]


def hours(days: list[str], opens: str, closes: str, zone: str = "Europe/London") -> Hours:
    table = parse_opening([{"days": days, "open": opens, "close": closes}])
    return Hours("set", "as said", zone, table)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# 2026-11-23 is a Monday; London keeps UTC in November and UTC+1 in July.
@pytest.mark.parametrize(
    ("times", "moment", "expected"),
    [
        (hours(WEEKDAYS, "09:00", "17:00"), "2026-11-23T09:00", True),
        (hours(WEEKDAYS, "09:00", "17:00"), "2026-11-23T08:59", False),
        (hours(WEEKDAYS, "09:00", "17:00"), "2026-11-23T17:00", False),
        (hours(WEEKDAYS, "09:00", "17:00"), "2026-11-22T12:00", False),
        (hours(WEEKDAYS, "09:00", "17:00"), "2026-07-20T08:00", True),
        (hours(["mon"], "17:00", "00:00"), "2026-11-23T23:59", True),
        (hours(["mon"], "17:00", "00:00"), "2026-11-24T00:00", False),
        (hours(["sun"], "20:00", "01:00"), "2026-11-23T00:59", True),
        (hours(["sun"], "20:00", "01:00"), "2026-11-23T01:00", False),
        (hours(["mon"], "20:00", "01:00"), "2026-11-23T00:30", False),
        (hours(["mon"], "00:00", "00:00"), "2026-11-23T12:00", True),
        (hours(["mon"], "09:00", "17:00", "Asia/Tokyo"), "2026-11-23T00:30", True),
        # The clocks of London go forward on Sunday 2026-03-29 at 01:00 UTC, back on 2026-10-25.
        (hours(["sat"], "22:00", "03:00"), "2026-03-29T01:59", True),
        (hours(["sat"], "22:00", "03:00"), "2026-03-29T02:00", False),
        (hours(["sun"], "09:00", "17:00"), "2026-03-29T08:00", True),
        (hours(["sun"], "01:00", "02:00"), "2026-10-25T00:30", True),
        (hours(["sun"], "01:00", "02:00"), "2026-10-25T01:30", True),
        (hours(["sat"], "22:00", "01:30"), "2026-10-25T00:45", False),
        (hours(["sun"], "09:00", "17:00"), "2026-10-25T08:59", False),
        (hours(["sun"], "20:00", "00:00", "Pacific/Auckland"), "2026-11-22T10:59", True),
        (hours(["sun"], "20:00", "00:00", "Pacific/Auckland"), "2026-11-22T11:00", False),
        (hours(["mon"], "09:00", "17:00", "Asia/Tokyo"), "2026-11-23T09:00", False),
    ],
)
def test_a_line_is_open_between_its_local_times(times: Hours, moment: str, expected: bool) -> None:
    assert times.open_at(at(moment)) is expected


def test_a_line_of_day_and_night_is_always_open() -> None:
    assert Hours("24/7").open_at(at("2026-11-23T03:00")) is True


def test_unknown_hours_are_never_presented_as_open() -> None:
    assert Hours("unknown").open_at(at("2026-11-23T12:00")) is None
    assert Hours("unknown").words == "Hours not known"


def test_hours_told_only_in_words_leave_open_now_unknown() -> None:
    assert Hours("set", "most days").open_at(at("2026-11-23T12:00")) is None


@pytest.mark.parametrize(
    "raw",
    [
        {"days": ["mon"]},
        ["mon"],
        [{"days": ["mon"], "open": "09:00"}],
        [{"days": ["monday"], "open": "09:00", "close": "17:00"}],
        [{"days": [], "open": "09:00", "close": "17:00"}],
        [{"days": ["mon", "mon"], "open": "09:00", "close": "17:00"}],
        [{"days": ["mon"], "open": "9 am", "close": "17:00"}],
        [{"days": ["mon"], "open": 540, "close": "17:00"}],
        [{"days": ["mon"], "open": "09:00", "close": "24:00"}],
        [{"days": ["mon"], "open": "09:00", "close": "17:00", "note": "?"}],
    ],
)
def test_a_table_that_cannot_be_read_is_refused(raw: Any) -> None:
    with pytest.raises(ValueError, match=r"opening|days|day|time"):
        parse_opening(raw)


def test_a_table_survives_the_way_to_json_and_back() -> None:
    table = parse_opening([{"days": ["fri", "sat"], "open": "15:30", "close": "00:30"}])

    assert parse_opening(opening_as_json(table)) == table
