from __future__ import annotations

import pytest

from realtime.hotlines import codes


def test_countries_are_those_of_iso_and_kosovo() -> None:
    assert len(codes.country_names()) == 250
    assert codes.check_country("XK") == "XK"


@pytest.mark.parametrize("code", ["UK", "EU", "XA", "ZZ", "UN", "gb", "GBR", ""])
def test_pseudo_codes_are_no_countries(code: str) -> None:
    with pytest.raises(ValueError, match="ISO 3166"):
        codes.check_country(code)


@pytest.mark.parametrize("tag", ["en", "zh-Hant", "pt-BR", "cmn", "yue", "fil", "es-419"])
def test_language_tags_are_accepted(tag: str) -> None:
    assert codes.check_language(tag) == tag


@pytest.mark.parametrize("tag", ["english", "xx", "EN", "en_GB", "en-gb", "", "zh-hant"])
def test_other_words_are_no_languages(tag: str) -> None:
    with pytest.raises(ValueError, match="BCP 47"):
        codes.check_language(tag)


@pytest.mark.parametrize(
    "number", ["020 7946 0001", "+44 20", "+4420794600019999", "tel:+442079460001", "+999123456"]
)
def test_what_cannot_be_a_full_number_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match=r"E\.164"):
        codes.check_possible_e164(number)


def test_a_number_of_no_range_is_possible_but_not_valid() -> None:
    number = "+441632960001"  # Ofcom gives this range to nobody

    assert codes.check_possible_e164(number) == number
    with pytest.raises(ValueError, match="no number range"):
        codes.check_valid_e164(number)


def test_a_number_with_a_digit_changed_is_another_number() -> None:
    assert codes.says_the_same("020 7946 0001", "+442079460001", ("GB",))
    assert not codes.says_the_same("020 7946 0001", "+442079460007", ("GB",))


@pytest.mark.parametrize("value", ["1", "call us", "800-HOPE", "988;ext=1", "", "++44"])
def test_what_nobody_can_dial_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="dialled"):
        codes.check_dialled(value)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://a.example/", "a.example", "https:"])
def test_only_web_addresses_are_addresses(url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        codes.check_url(url)


@pytest.mark.parametrize("text", ["a\x00b", "a\nb", "12\u202e34", "\ud800"])
def test_characters_that_hide_something_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"U\+"):
        codes.check_plain(text)


@pytest.mark.parametrize("text", ["2026-02-30", "2026-13", "26", "yesterday", "2026-1-1"])
def test_dates_outside_the_calendar_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="date"):
        codes.check_partial_date(text)


def test_a_time_zone_must_be_known() -> None:
    with pytest.raises(ValueError, match="IANA"):
        codes.check_time_zone("Europe/Atlantis")


@pytest.mark.parametrize(
    ("kind", "value", "e164"),
    [
        ("email", "nobody", ""),
        ("chat", "a.example", ""),
        ("web", "https://a.example/", "+442079460001"),
    ],
)
def test_a_value_must_suit_its_kind(kind: str, value: str, e164: str) -> None:
    with pytest.raises(ValueError, match=r"address|number"):
        codes.check_contact(kind, value, e164)


@pytest.mark.parametrize(
    ("tag", "usual"),
    [("pt_br", "pt-BR"), ("ZH-hant-tw", "zh-Hant-TW"), ("en", "en"), ("es-419", "es-419")],
)
def test_a_language_tag_is_written_as_usual(tag: str, usual: str) -> None:
    assert codes.usual_case(tag) == usual


def test_the_languages_of_a_country_are_its_official_ones() -> None:
    assert {"nl", "fr", "de"} <= codes.languages_of("BE")
    assert "en" not in codes.languages_of("BE")
    assert codes.languages_of("nowhere") == frozenset()
