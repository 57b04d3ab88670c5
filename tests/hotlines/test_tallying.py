"""Counting what was shown and tapped: nobody is told apart, and nothing waits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from django.db import OperationalError, connection
from django.test import Client

from realtime.hotlines import api_taps, tallying
from realtime.hotlines.directory import Directory
from realtime.hotlines.models import DayCount
from realtime.hotlines.tallying import Tally, What, help_shown

TAP = {"line": "gb-samaritans", "country": "GB", "kind": "phone", "reason": "message"}
TEXT = {"line": "us-988", "country": "US", "kind": "sms"}


@pytest.fixture
def tally(monkeypatch: pytest.MonkeyPatch) -> Tally:
    fresh = Tally()
    monkeypatch.setattr(tallying, "tally", fresh)
    monkeypatch.setattr(api_taps, "tally", fresh)
    return fresh


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(api_taps, "_pace", api_taps._Pace())
    return Client(headers={"Host": "127.0.0.1"})


def rows() -> dict[tuple[str, ...], int]:
    names = ("country", "what", "about", "reason", "channel")
    return {row[:5]: row[5] for row in DayCount.objects.values_list(*names, "count")}


def tap(client: Client, **changed: Any) -> int:
    answer = client.post("/api/v1/help/tapped", {**TAP, **changed}, "application/json")
    return answer.status_code


@pytest.mark.django_db
def test_counts_are_added_to_the_days_rows(tally: Tally) -> None:
    for _ in range(2):
        tally.add(What.SHOWN, ["a", "b"], country="GB", reason="message")
        assert tally.flush() == 2
    tally.add(What.SHOWN, ["a"], country="FR", reason="message")
    tally.flush()

    assert rows() == {
        ("GB", "shown", "a", "message", ""): 2,
        ("GB", "shown", "b", "message", ""): 2,
        ("FR", "shown", "a", "message", ""): 1,
    }
    assert tally.flush() == 0


@pytest.mark.django_db
def test_a_card_counts_its_lines_the_emergency_number_and_the_directory(tally: Tally) -> None:
    found = {
        "country": "GB",
        "lines": [{"id": "x"}],
        "international": {"href": ""},
    }

    help_shown(found, reason="tool")
    help_shown({**found, "emergency": {"country": "GB", "numbers": []}}, reason="tool")
    tally.flush()

    assert {key[2]: times for key, times in rows().items()} == {
        "x": 2,
        "international": 2,
        "emergency": 1,
    }


@pytest.mark.django_db
def test_without_the_database_counts_wait_and_are_stored_once_it_is_back(tally: Tally) -> None:
    tally.add(What.SHOWN, ["a"])
    with connection.execute_wrapper(_refuse):
        assert tally.flush() == 0
    tally.add(What.SHOWN, ["a"])
    tally.flush()

    assert rows() == {("", "shown", "a", "", ""): 2}


def test_a_database_that_stays_away_fills_no_memory(
    tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallying, "_MOST_KEYS", 3)

    tally.add(What.SHOWN, [f"line {i}" for i in range(10)])

    assert len(tally._counts) == 3


def test_a_card_that_is_sent_again_is_known(tally: Tally) -> None:
    assert [tally.first(each) for each in ("a", "b", "a")] == [True, True, False]


@pytest.mark.django_db
def test_a_tap_is_counted_with_its_way_and_nothing_of_who(client: Client, tally: Tally) -> None:
    assert [tap(client), tap(client), tap(client, **TEXT)] == [204] * 3
    tally.flush()

    assert rows() == {
        ("GB", "tapped", "gb-samaritans", "message", "phone"): 2,
        ("US", "tapped", "us-988", "message", "sms"): 1,
    }
    assert {field.name for field in DayCount._meta.get_fields()} == {
        "id", "day", "country", "what", "about", "reason", "channel", "count",
    }  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changed",
    [
        {"line": "emergency"},
        {"line": "international", "country": None, "kind": "web"},
        {"line": "international", "kind": "web"},
    ],
)
def test_what_is_no_line_of_the_country_may_be_tapped_too(
    client: Client, tally: Tally, changed: dict[str, Any]
) -> None:
    assert tap(client, **changed) == 204


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changed",
    [
        {"line": "gb-nobody"},
        {"country": "FR"},
        {"country": "XX"},
        {"country": None},
        {"country": "gb"},
        {"kind": "web"},
        {"kind": "tty"},
        {"line": "emergency", "kind": "sms"},
        {"line": "emergency", "country": None},
        {"line": "international", "kind": "phone"},
        {"kind": "pigeon"},
        {"reason": "love"},
        {"line": None},
        {"line": "x" * 5_000},
    ],
)
def test_what_the_directory_does_not_have_is_not_counted(
    client: Client, tally: Tally, changed: dict[str, Any]
) -> None:
    assert tap(client, **changed) == 422
    assert tally.flush() == 0


def test_no_more_can_be_counted_than_there_are_ways_to_reach_help(packaged: Directory) -> None:
    kinds = get_args(api_taps.TapIn.model_fields["kind"].annotation)
    asked = [
        api_taps.TapIn(line=line.id, country="GB", kind=kind)
        for line in packaged.lines
        for kind in kinds
    ]

    there = {
        (line.id, contact.kind)
        for line in packaged.lines
        if line.international or "GB" in line.countries
        for contact in line.contacts
    }
    known = [(tap.line, tap.kind) for tap in asked if api_taps._known(packaged, tap)]
    assert sorted(known) == sorted(there)


@pytest.mark.django_db
def test_a_tap_needs_no_session_and_makes_none(client: Client, tally: Tally) -> None:
    answer = client.post("/api/v1/help/tapped", TAP, "application/json")

    assert answer.status_code == 204
    assert not answer.cookies


@pytest.mark.django_db
def test_a_foreign_page_cannot_count(client: Client, tally: Tally) -> None:
    answer = client.post(
        "/api/v1/help/tapped",
        TAP,
        "application/json",
        headers={"Origin": "https://elsewhere.example"},
    )

    assert answer.status_code == 403
    assert tally.flush() == 0


@pytest.mark.django_db
def test_one_address_counts_sixty_a_minute(client: Client, tally: Tally) -> None:
    statuses = [tap(client) for _ in range(api_taps.PER_MINUTE + 1)]

    assert statuses == [204] * api_taps.PER_MINUTE + [429]


def test_what_an_address_was_counted_by_is_gone_with_its_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 90.0
    monkeypatch.setattr(api_taps, "monotonic", lambda: now)
    pace = api_taps._Pace()
    assert all(pace.allows("192.0.2.1") for _ in range(api_taps.PER_MINUTE))
    assert not pace.allows("192.0.2.1")
    before = pace._key

    now += 60

    assert pace.allows("192.0.2.1")
    assert pace._key != before
    assert len(pace._taps) == 1


@pytest.mark.django_db
def test_a_tap_is_taken_while_the_database_is_away(client: Client, tally: Tally) -> None:
    with connection.execute_wrapper(_refuse):
        assert tap(client) == 204


def _refuse(*_: object) -> Iterator[None]:
    raise OperationalError("connection refused")
