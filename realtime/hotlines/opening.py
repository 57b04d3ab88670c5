"""Whether a line is open at a moment; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

_DAY = 24 * 60
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Opening:
    """Local hours that start on each of `days`; a close not after open is on the next day."""

    days: tuple[str, ...]
    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Hours:
    """When a line answers: always, not known, or at set times (text, and maybe a table)."""

    kind: str  # "24/7", "unknown" or "set"
    text: str = ""
    time_zone: str = ""
    opening: tuple[Opening, ...] = ()

    def open_at(self, now: datetime) -> bool | None:
        """Tell whether the line answers at `now` (aware); None when that is not known."""
        if self.kind == "24/7":
            return True
        if not self.opening or not self.time_zone:
            return None
        local = now.astimezone(ZoneInfo(self.time_zone))
        return any(_covers(opening, local) for opening in self.opening)

    @property
    def words(self) -> str:
        if self.kind == "24/7":
            return "24/7"
        return self.text or "Hours not known"


def _covers(opening: Opening, local: datetime) -> bool:
    clock = local.time()
    today = DAYS[local.weekday()] in opening.days
    if opening.opens < opening.closes:
        return today and opening.opens <= clock < opening.closes
    yesterday = DAYS[(local - timedelta(days=1)).weekday()] in opening.days
    return (today and clock >= opening.opens) or (yesterday and clock < opening.closes)


def minutes_open_twice(opening: Sequence[Opening]) -> int:
    """Count the minutes of a week that the table names more than once: somebody mistyped."""
    week = [0] * 7 * _DAY
    for one in opening:
        opens, closes = (at.hour * 60 + at.minute for at in (one.opens, one.closes))
        length = closes - opens if opens < closes else closes - opens + _DAY
        for day in one.days:
            start = DAYS.index(day) * _DAY + opens
            for minute in range(start, start + length):
                week[minute % len(week)] += 1
    return sum(times > 1 for times in week)


def parse_opening(raw: Sequence[Any]) -> tuple[Opening, ...]:
    """Read a table of `{days, open, close}`; ValueError says what is wrong."""
    if not isinstance(raw, list):
        raise ValueError("opening must be a list")
    return tuple(_parse_one(entry) for entry in raw)


def _parse_one(entry: Any) -> Opening:
    if not isinstance(entry, dict) or set(entry) != {"days", "open", "close"}:
        raise ValueError("each opening needs exactly days, open and close")
    days = entry["days"]
    if not isinstance(days, list) or not days or not all(day in DAYS for day in days):
        raise ValueError(f"days must be some of {', '.join(DAYS)}")
    if len(set(days)) != len(days):
        raise ValueError("a day is named twice")
    return Opening(tuple(days), _clock(entry["open"]), _clock(entry["close"]))


def _clock(text: Any) -> time:
    try:
        return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - a wall clock, no date
    except (TypeError, ValueError):
        raise ValueError(f"{text!r} is not a time (HH:MM)") from None


def opening_as_json(opening: Sequence[Opening]) -> list[dict[str, Any]]:
    """Give the table back in the form `parse_opening` reads."""
    return [
        {"days": list(one.days), "open": f"{one.opens:%H:%M}", "close": f"{one.closes:%H:%M}"}
        for one in opening
    ]
