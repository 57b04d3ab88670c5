"""What a page learns of its place before anybody wrote a word."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from realtime.hotlines.directory import Directory
from realtime.hotlines.held_help import held_help
from realtime.hotlines.places import country_of_zone, zones_of_country
from tests.hotlines.samples import NOW


def asked(**signs: str) -> Any:
    return Client().get("/api/v1/place", signs, headers={"Host": "127.0.0.1"})


@pytest.mark.parametrize(
    ("zone", "locale", "country", "choices"),
    [
        ("Europe/London", "en-GB", "GB", []),
        ("Europe/London", "en", "GB", []),
        ("Europe/Berlin", "en-US", None, ["DE", "US"]),
        ("UTC", "en-US", None, ["US"]),
        ("", "", None, []),
        ("Nowhere/Here", "x" * 100, None, []),
    ],
)
def test_a_device_s_signs_are_weighed_without_a_database(
    zone: str, locale: str, country: str | None, choices: list[str]
) -> None:
    answer = asked(timeZone=zone, locale=locale)

    assert answer.json() == {
        "country": country,
        "guessed": country is not None,
        "choices": choices,
    }
    assert answer["Cache-Control"] == "no-store"


def test_a_sign_that_is_too_long_is_refused() -> None:
    assert asked(timeZone="x" * 101).status_code == 422


def test_every_zone_of_a_country_leads_to_it() -> None:
    assert zones_of_country("IN") == ("Asia/Calcutta", "Asia/Kolkata")
    named = [zone for zone in zones_of_country("US") if "/" in zone]
    assert {country_of_zone(zone) for zone in named} == {"US"}
    assert zones_of_country("ZZ") == ()


def test_the_page_holds_the_lines_of_its_language_s_region(packaged: Directory) -> None:
    held = held_help(packaged, guess="GB", now=NOW)

    assert "Europe/London" in held["zones"]
    assert held["help"]["lines"][0]["id"] == "gb-samaritans"
    assert {line["openNow"] for line in held["help"]["lines"]} == {None}


@pytest.mark.parametrize("guess", [None, "ZZ"])
def test_without_a_region_the_page_holds_the_directory_of_all_countries(
    guess: str | None, packaged: Directory
) -> None:
    held = held_help(packaged, guess=guess, now=NOW)

    assert (held["zones"], held["help"]["country"], held["help"]["lines"]) == ((), None, [])
    assert held["help"]["international"]["href"] == "https://findahelpline.com/"
