"""Which lines a person should check next, the riskiest first; pure.

Risk: the lead line of an enabled country and lines whose sources conflict, then lines for suicide
and crises, then what was seen longest ago. A line that was checked lately is not asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from realtime.hotlines.facts import Facts, Line

_NEVER = ""


@dataclass(frozen=True, slots=True)
class Due:
    """A line to be checked, and why it is asked for."""

    line: Line
    leads: tuple[str, ...]  # codes of the countries where it comes first
    urgent: bool
    expired: bool  # it was checked, too long ago

    @property
    def why(self) -> tuple[str, ...]:
        return tuple(
            words
            for words, holds in (
                (f"first in {', '.join(self.leads)}", bool(self.leads)),
                ("sources conflict", bool(self.line.conflicts)),
                ("suicide or crisis", self.urgent),
                ("check expired", self.expired),
            )
            if holds
        )


def still_checked(line: Line, *, now: datetime, lasts: timedelta) -> bool:
    """Tell whether a person checked the line lately, and no number was edited since."""
    if line.checked is None or (line.edited_on and line.edited_on > line.checked.on):
        return False
    return now.date() - line.checked.on <= lasts


def enabled_countries(facts: Facts, asked: Sequence[str]) -> tuple[str, ...]:
    """Give the countries that this site keeps right: those asked for, else all with a lead."""
    return tuple(asked) or tuple(code for code, one in facts.countries.items() if one.lead)


def to_verify(
    facts: Facts, *, enabled: Sequence[str], now: datetime, lasts: timedelta
) -> list[Due]:
    """Give the lines that nobody checked lately, in the order of risk."""
    leads: dict[str, list[str]] = {}
    for code in enabled:
        country = facts.countries.get(code)
        if country and country.lead:
            leads.setdefault(country.lead, []).append(code)
    due = [
        Due(
            line=line,
            leads=tuple(sorted(leads.get(line.id, ()))),
            urgent=any(facts.needs[slug].urgent for slug in line.needs if slug in facts.needs),
            expired=line.checked is not None,
        )
        for line in facts.lines
        if not still_checked(line, now=now, lasts=lasts)
    ]
    return sorted(due, key=_risk)


def _risk(due: Due) -> tuple[bool | str, ...]:
    line = due.line
    seen = max(line.last_seen or _NEVER, line.checked.on.isoformat() if line.checked else _NEVER)
    return (not (due.leads or line.conflicts), not due.leads, not due.urgent, seen, line.id)
