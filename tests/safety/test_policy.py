"""The pack of policies by place: what each file says, and the strictest of several."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from realtime.safety.disclosure import Intervals
from realtime.safety.policy import EVERYWHERE, FOLDER, POLICIES, policies_for, read, rules_of

HOUR, DAY = 3_600.0, 86_400.0
LAX = Intervals(use_s=99 * HOUR, minor_use_s=99 * HOUR, idle_s=99 * DAY)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_a_file_is_named_for_its_place_and_says_who_reviewed_it(path: Path) -> None:
    source = json.loads(path.read_text("utf-8"))

    assert source["place"].lower() == path.stem
    assert "not reviewed by a lawyer" in source["review"]
    assert all(law["in_force"][:4].isdecimal() and law["asks"] for law in source["laws"])


def test_everywhere_is_as_strict_as_every_law_we_know() -> None:
    assert rules_of(POLICIES.values(), least=LAX).intervals == EVERYWHERE.intervals
    assert EVERYWHERE.intervals == Intervals(3 * HOUR, HOUR, 7 * DAY)


def test_a_person_in_the_us_may_be_in_any_state() -> None:
    places = {policy.place for policy in policies_for([], country="US")}

    assert {"any", "US-CA", "US-IL", "US-NV", "US-NY", "US-UT", "US-WA"} <= places
    assert "EU" not in places


def test_a_person_in_germany_is_in_the_eu() -> None:
    assert {policy.place for policy in policies_for([], country="DE")} == {"any", "EU"}


@pytest.mark.parametrize("country", [None, "XX", "GB"])
def test_where_no_law_is_known_the_rules_for_everywhere_hold(country: str | None) -> None:
    assert policies_for([], country=country) == (EVERYWHERE,)


def test_the_operators_place_holds_for_everybody() -> None:
    rules = rules_of(policies_for(["US-IL"], country="GB"), least=LAX)

    assert rules.sentences == ("It does not give therapy or treatment.",)


def test_a_sentence_of_several_places_is_said_once() -> None:
    rules = rules_of(policies_for([], country="US"), least=LAX)

    assert rules.sentences.count("It does not give therapy or treatment.") == 1


def test_the_operator_may_be_stricter() -> None:
    often = Intervals(use_s=HOUR, minor_use_s=HOUR / 2, idle_s=DAY)

    assert rules_of([EVERYWHERE], least=often).intervals == often


def test_a_stricter_place_wins() -> None:
    source = json.loads((FOLDER / "any.json").read_text("utf-8"))
    strict = read({**source, "place": "XX", "use_hours": 0.5, "idle_days": 1})

    rules = rules_of([EVERYWHERE, strict], least=LAX)

    assert rules.intervals == Intervals(use_s=HOUR / 2, minor_use_s=HOUR, idle_s=DAY)


def test_a_file_with_a_part_missing_is_refused() -> None:
    with pytest.raises(KeyError):
        read({"place": "XX"})


def test_where_ai_may_not_be_called_therapy_it_is_said() -> None:
    silent = [p.place for p in POLICIES.values() if p.no_therapy and not p.sentences]

    assert {p.place for p in POLICIES.values() if p.no_therapy} >= {"US-IL", "US-NV"}
    assert silent == []
