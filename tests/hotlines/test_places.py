from __future__ import annotations

import pytest

from realtime.hotlines.places import (
    PersonPlace,
    Whereabouts,
    country_of_zone,
    region_of_locale,
    whereabouts,
)


def test_the_persons_choice_wins_over_every_sign() -> None:
    person = PersonPlace(choice="IE", time_zone="Europe/London", locale="en-US")

    assert whereabouts(person) == Whereabouts("IE")


def test_the_models_word_never_overrides_a_choice_silently() -> None:
    person = PersonPlace(choice="GB")

    assert whereabouts(person, said="US") == Whereabouts("GB", choices=("GB", "US"))


def test_the_models_word_that_agrees_with_the_choice_asks_nothing() -> None:
    assert whereabouts(PersonPlace(choice="GB"), said="GB") == Whereabouts("GB")


def test_what_the_person_said_wins_over_the_time_zone_but_both_are_offered() -> None:
    person = PersonPlace(time_zone="Europe/Berlin")

    assert whereabouts(person, said="US") == Whereabouts("US", choices=("US", "DE"))


def test_time_zone_and_locale_that_agree_make_a_guess() -> None:
    person = PersonPlace(time_zone="Europe/Berlin", locale="de-DE")

    assert whereabouts(person) == Whereabouts("DE", guessed=True)


def test_a_time_zone_alone_makes_a_guess() -> None:
    person = PersonPlace(time_zone="Europe/Berlin", locale="de")

    assert whereabouts(person) == Whereabouts("DE", guessed=True)


def test_signs_that_disagree_become_two_choices() -> None:
    person = PersonPlace(time_zone="Europe/Berlin", locale="en-US")

    assert whereabouts(person) == Whereabouts(None, choices=("DE", "US"))


def test_a_locale_alone_is_only_asked_about() -> None:
    assert whereabouts(PersonPlace(locale="en-US")) == Whereabouts(None, choices=("US",))


def test_nothing_known_is_no_country() -> None:
    assert whereabouts(PersonPlace()) == Whereabouts(None)


@pytest.mark.parametrize(
    ("zone", "country"),
    [
        ("Europe/Zurich", "CH"),
        ("Europe/Busingen", "DE"),
        ("Europe/Vaduz", "LI"),
        ("Europe/Oslo", "NO"),
        ("Atlantic/Reykjavik", "IS"),
        ("America/Toronto", "CA"),
        # Old names that browsers still send.
        ("Asia/Calcutta", "IN"),
        ("Europe/Kiev", "UA"),
        ("Asia/Rangoon", "MM"),
        ("Africa/Asmera", "ER"),
        ("America/Coral_Harbour", "CA"),
        ("America/Buenos_Aires", "AR"),
        ("US/Eastern", "US"),
        # Clocks and nonsense are no places.
        ("UTC", None),
        ("Etc/GMT+5", None),
        ("EST", None),
        ("CET", None),
        ("Mars/Olympus", None),
        ("../etc/passwd", None),
        ("", None),
        (None, None),
    ],
)
def test_a_time_zone_names_the_country_whose_clock_it_is(
    zone: str | None, country: str | None
) -> None:
    assert country_of_zone(zone) == country


@pytest.mark.parametrize(
    ("locale", "region"),
    [
        ("en-GB", "GB"),
        ("en_gb", "GB"),
        ("zh-Hant-TW", "TW"),
        ("de-CH-1996", "CH"),
        ("en-US-u-ca-gregory", "US"),
        ("es-419", None),
        ("de", None),
        ("nonsense!", None),
        ("", None),
        (None, None),
    ],
)
def test_a_locale_may_name_a_region(locale: str | None, region: str | None) -> None:
    assert region_of_locale(locale) == region
