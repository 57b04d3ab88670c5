"""What holds for every question anybody may ask of the project's own data."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realtime.hotlines.directory import Directory, HotlineQuery
from realtime.hotlines.importing.packaged import packaged_facts

DIRECTORY = Directory.of(packaged_facts())
NUMBERS = {
    *(contact.value for line in DIRECTORY.lines for contact in line.contacts),
    *(one.number for country in DIRECTORY.countries.values() for one in country.emergency),
}
queries = st.builds(
    HotlineQuery,
    country=st.none() | st.sampled_from(sorted(DIRECTORY.countries)) | st.just("ZZ"),
    needs=st.lists(st.sampled_from(sorted(DIRECTORY.needs)), unique=True).map(tuple),
    audiences=st.lists(st.sampled_from(sorted(DIRECTORY.audiences)), unique=True).map(tuple),
    language=st.none() | st.sampled_from(["en", "es", "fr-CA", "zh-Hans", "nb", "??"]),
    channel=st.none() | st.sampled_from(["phone", "sms", "chat", "whatsapp", "email", "tty"]),
    guessed=st.booleans(),
    choices=st.sampled_from([(), ("GB",), ("GB", "US")]),
)
moments = st.datetimes(
    min_value=datetime(2026, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2030, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.just(UTC),
)
often = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@often
@given(query=queries, now=moments)
def test_an_answer_has_at_most_five_lines_of_the_country_asked(
    query: HotlineQuery, now: datetime
) -> None:
    found = DIRECTORY.find(query, now=now)

    assert len(found.lines) <= 5
    assert len({one.line.id for one in found.lines}) == len(found.lines)
    for one in found.lines:
        assert one.line.international or query.country in one.line.countries


@often
@given(query=queries, now=moments)
def test_an_answer_has_the_emergency_numbers_wherever_any_are_known(
    query: HotlineQuery, now: datetime
) -> None:
    answer = DIRECTORY.find(query, now=now).as_json()

    country = DIRECTORY.countries.get(query.country or "")
    known = (
        {one.number for one in country.emergency if not one.also_reported} if country else set()
    )
    shown = {one["number"] for one in (answer["emergency"] or {"numbers": []})["numbers"]}
    assert shown == known


@often
@given(query=queries, now=moments)
def test_an_answer_has_no_number_that_the_directory_has_not(
    query: HotlineQuery, now: datetime
) -> None:
    answer = DIRECTORY.find(query, now=now).as_json()

    values = [contact["value"] for line in answer["lines"] for contact in line["contacts"]]
    assert set(values) <= NUMBERS
    assert not re.search(r"\d{3}", answer["message"])


@often
@given(query=queries, now=moments)
def test_lines_for_an_audience_need_that_audience(query: HotlineQuery, now: datetime) -> None:
    implied = {DIRECTORY.needs[slug].implies for slug in query.needs}

    for one in DIRECTORY.find(query, now=now).lines:
        named = {*query.audiences, *implied} & {*one.line.audiences}
        assert one.line.for_everybody or named


@often
@given(query=queries, now=moments)
def test_an_answer_has_the_agreed_shape(query: HotlineQuery, now: datetime) -> None:
    answer: dict[str, Any] = DIRECTORY.find(query, now=now).as_json()

    assert json.loads(json.dumps(answer)) == answer
    assert list(answer) == [
        "country", "countryName", "needs", "audiences", "lines", "emergency", "international",
        "guessed", "choices", "message",
    ]  # fmt: skip
    for line in answer["lines"]:
        assert list(line) == [
            "id", "name", "organisation", "lead", "needs", "audiences", "regions", "languages",
            "languagesInferred", "hours", "openNow", "cost", "website", "freshness", "conflicts",
            "contacts",
        ]  # fmt: skip
        assert all(list(one) == ["kind", "value", "href", "note"] for one in line["contacts"])
