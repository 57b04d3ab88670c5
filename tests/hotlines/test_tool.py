from __future__ import annotations

import json
from timeit import repeat
from typing import Any

import pytest
from pydantic import ValidationError

from realtime.hotlines import tool
from realtime.hotlines.directory import Directory
from realtime.hotlines.facts import Facts
from realtime.hotlines.places import PersonPlace
from tests.hotlines.samples import NOW, a_directory, a_line


def ask(
    directory: Directory, person: PersonPlace | None = None, **arguments: Any
) -> dict[str, Any]:
    model = tool.find_hotlines_arguments(directory)
    asked = model.model_validate({"country": None, "needs": [], **arguments})
    return tool.find(directory, asked, person=person or PersonPlace(), now=NOW)


def test_the_schema_offers_every_need_with_its_definition() -> None:
    schema = tool.find_hotlines_arguments(a_directory()).model_json_schema()

    needs = schema["properties"]["needs"]
    assert needs["items"]["enum"] == ["suicide", "crisis", "listening", "gambling", "child-abuse"]
    assert "gambling: Gambling harm." in needs["description"]
    assert schema["properties"]["audiences"]["items"]["enum"] == ["youth", "veterans"]
    assert schema["required"] == ["country", "needs"]


def test_a_need_that_is_not_offered_is_refused() -> None:
    with pytest.raises(ValidationError, match="needs"):
        ask(a_directory(), needs=["weather"])


def test_a_directory_without_words_still_gives_a_schema() -> None:
    empty = Directory.of(Facts({}, {}, {}, ()))

    assert ask(empty)["lines"] == []


def test_an_answer_for_a_country_has_its_lines_and_its_emergency_number() -> None:
    answer = ask(a_directory(a_line("gb-a"), lead="gb-a"), country="GB", needs=["suicide"])

    assert answer == {
        "country": "GB",
        "countryName": "United Kingdom",
        "needs": ["suicide"],
        "audiences": [],
        "lines": [
            {
                "id": "gb-a",
                "name": "Line gb-a",
                "organisation": None,
                "lead": True,
                "needs": ["suicide"],
                "audiences": [],
                "regions": None,
                "languages": ["en"],
                "languagesInferred": False,
                "hours": "24/7",
                "openNow": True,
                "cost": "free",
                "website": None,
                "freshness": "listed by example.org, April 2026",
                "conflicts": False,
                "contacts": [
                    {
                        "kind": "phone",
                        "value": "020 7946 0001",
                        "href": "tel:+442079460001",
                        "note": None,
                    }
                ],
            }
        ],
        "emergency": {
            "country": "GB",
            "numbers": [{"service": "general", "number": "999", "href": "tel:999"}],
        },
        "international": {"name": "Find A Helpline", "href": "https://findahelpline.com/"},
        "guessed": False,
        "choices": [],
        "message": "Lines for United Kingdom.",
    }


@pytest.mark.parametrize("country", ["GB", "gb", "UK", " United Kingdom "])
def test_a_country_is_understood_in_usual_spellings(country: str) -> None:
    assert ask(a_directory(), country=country)["country"] == "GB"


def test_a_country_guessed_from_the_device_is_marked() -> None:
    answer = ask(a_directory(), PersonPlace(time_zone="Europe/London", locale="en-GB"))

    assert (answer["country"], answer["guessed"]) == ("GB", True)


def test_signs_that_disagree_give_two_choices_and_no_lines() -> None:
    answer = ask(a_directory(a_line()), PersonPlace(time_zone="Europe/London", locale="en-US"))

    assert (answer["country"], answer["choices"], answer["lines"]) == (None, ["GB", "US"], [])
    assert answer["emergency"] is None


def test_the_models_country_does_not_override_the_persons_choice() -> None:
    answer = ask(a_directory(), PersonPlace(choice="GB"), country="US")

    assert (answer["country"], answer["choices"]) == ("GB", ["GB", "US"])


def test_a_country_that_does_not_exist_counts_as_unknown() -> None:
    answer = ask(a_directory(), PersonPlace(choice="??"), country="Atlantis")

    assert answer["country"] is None
    assert "ask which country" in answer["message"]


def test_words_named_twice_count_once() -> None:
    assert ask(a_directory(), needs=["suicide", "suicide"])["needs"] == ["suicide"]


def test_the_description_forbids_contacts_from_elsewhere() -> None:
    assert "only contacts from the result" in tool.tool_description(a_directory())


def test_an_answer_is_found_within_five_milliseconds(packaged: Directory) -> None:
    def once() -> str:
        return json.dumps(ask(packaged, country="US", needs=["suicide", "eating-disorders"]))

    once()
    assert min(repeat(once, number=10, repeat=5)) / 10 < 0.005
