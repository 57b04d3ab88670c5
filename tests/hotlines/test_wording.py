from __future__ import annotations

from datetime import date

import pytest

from realtime.hotlines.directory import HotlineQuery
from realtime.hotlines.facts import Check, Source
from realtime.hotlines.wording import freshness
from tests.hotlines.samples import NOW, a_directory, a_line


def listed(*sources: tuple[str, str], last_seen: str | None = "2026-04-22") -> str:
    rows = tuple(Source(url, "a page", day) for url, day in sources)
    return freshness(a_line(sources=rows, last_seen=last_seen))


def message(directory_lead: str | None = None, **asked: object) -> str:
    directory = a_directory(a_line("gb-a"), lead=directory_lead)
    return directory.find(HotlineQuery(**asked), now=NOW).message  # type: ignore[arg-type]  # kwargs


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2026-04-22", "listed by findahelpline.com, April 2026"),
        ("2022-09", "listed by findahelpline.com, September 2022"),
        ("2024", "listed by findahelpline.com, 2024"),
    ],
)
def test_an_old_copy_is_listed_never_checked(day: str, words: str) -> None:
    assert listed(("https://www.findahelpline.com/countries/gb", day)) == words


def test_the_newest_source_is_named() -> None:
    words = listed(("https://a.example/", "2021-07-09"), ("https://b.example/", "2026-04-22"))

    assert words == "listed by b.example, April 2026"


def test_a_data_file_is_named_only_when_nobody_else_is_as_new() -> None:
    words = listed(("https://github.com/x/y", "2026-04-22"), ("https://b.example/", "2026-04-22"))

    assert words == "listed by b.example, April 2026"


def test_a_line_without_a_date_is_not_checked() -> None:
    assert listed(("https://a.example/", ""), last_seen=None) == "not checked"


def test_a_check_of_this_site_says_when_and_how() -> None:
    line = a_line(checked=Check(date(2026, 11, 3), "by phone"))

    assert freshness(line) == "checked by this site, 3 November 2026, by phone"


def test_an_unknown_country_is_asked_for_and_no_number_is_named() -> None:
    words = message(needs=("suicide",))

    assert "ask which country the person is in" in words
    assert "https://findahelpline.com/" in words
    assert not any(char.isdigit() for char in words)


def test_two_choices_are_named() -> None:
    assert "(Germany or United States?)" in message(choices=("DE", "US"))


def test_a_guess_is_called_a_guess() -> None:
    assert "United Kingdom is a guess" in message(country="GB", guessed=True)


def test_a_sign_that_differs_is_told() -> None:
    words = message(country="GB", choices=("GB", "US"))

    assert "These lines are for United Kingdom; another sign points to United States" in words


def test_a_country_without_a_crisis_line_is_told_as_such() -> None:
    words = message(country="TR", needs=("suicide",))

    assert "No suicide or crisis line is known for Türkiye" in words


def test_a_need_without_a_line_is_told_by_name() -> None:
    assert 'No line for "Gambling" is known' in message(country="GB", needs=("gambling",))


def test_an_audience_without_a_line_is_told_by_name() -> None:
    words = message(country="GB", needs=("suicide",), audiences=("veterans",))

    assert 'No line just for "Veterans"' in words


def test_conflicting_sources_of_the_first_line_are_told() -> None:
    directory = a_directory(a_line(conflicts="Two numbers."))

    words = directory.find(HotlineQuery("GB"), now=NOW).message
    assert "may have changed" in words


def test_regional_lines_are_told() -> None:
    directory = a_directory(a_line(regions=("Wales",)))

    assert "only the regions they name" in directory.find(HotlineQuery("GB"), now=NOW).message


def test_lines_that_do_not_serve_everybody_are_told() -> None:
    lines = a_line("gb-a", only_for="men"), a_line("gb-b", regions=("Wales",))

    words = a_directory(*lines).find(HotlineQuery("GB", ("suicide",)), now=NOW).message
    assert "Some lines serve only the regions they name." in words
    assert "Some lines serve only the people or the trouble they name." in words
