"""What the law of a place asks for: intervals of notices and words, one file for each place; pure.

A person's place is known as a country at best, so for a country every place in it counts, and of
several places the strictest rule. `policies/any.json` holds everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

from realtime.safety.disclosure import Intervals

FOLDER = Path(__file__).with_name("policies")
_HOUR_S, _DAY_S = 3_600.0, 86_400.0


@dataclass(frozen=True, slots=True)
class Law:
    """`in_force` since: YYYY or YYYY-MM-DD."""

    name: str
    in_force: str
    asks: str


@dataclass(frozen=True, slots=True)
class Policy:
    """`countries`: ISO codes that the place covers or lies in; `sentences` follow each notice."""

    place: str
    name: str
    countries: tuple[str, ...]
    intervals: Intervals
    no_therapy: bool
    sentences: tuple[str, ...]
    laws: tuple[Law, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds where several policies do."""

    intervals: Intervals
    sentences: tuple[str, ...]


def read(source: dict[str, Any]) -> Policy:
    """Read one file. Raises KeyError or TypeError for one that is wrong."""
    return Policy(
        place=source["place"],
        name=source["name"],
        countries=tuple(source["countries"]),
        intervals=Intervals(
            use_s=source["use_hours"] * _HOUR_S,
            minor_use_s=source["minor_hours"] * _HOUR_S,
            idle_s=source["idle_days"] * _DAY_S,
        ),
        no_therapy=source["no_therapy"],
        sentences=tuple(source["sentences"]),
        laws=tuple(Law(**law) for law in source["laws"]),
    )


def _load() -> dict[str, Policy]:
    texts = (path.read_text("utf-8") for path in sorted(FOLDER.glob("*.json")))
    policies = (read(json.loads(text)) for text in texts)
    return {policy.place: policy for policy in policies}


POLICIES = _load()  # at import: nothing is read later
EVERYWHERE = POLICIES["any"]


def policies_for(places: Iterable[str], *, country: str | None) -> tuple[Policy, ...]:
    """Those of the operator's places and of the person's country; unknown ones do not count.

    `any` is always among them.
    """
    named = {"any", *places}
    return tuple(
        policy
        for policy in POLICIES.values()
        if policy.place in named or (country is not None and country in policy.countries)
    )


def rules_of(policies: Iterable[Policy], *, least: Intervals) -> Rules:
    """The strictest of all these; `least` is what the operator keeps to anyhow."""
    chosen = list(policies)
    sentences = dict.fromkeys(sentence for policy in chosen for sentence in policy.sentences)
    intervals = reduce(stricter, (policy.intervals for policy in chosen), least)
    return Rules(intervals, tuple(sentences))


def stricter(one: Intervals, other: Intervals) -> Intervals:
    return Intervals(
        use_s=min(one.use_s, other.use_s),
        minor_use_s=min(one.minor_use_s, other.minor_use_s),
        idle_s=min(one.idle_s, other.idle_s),
    )
