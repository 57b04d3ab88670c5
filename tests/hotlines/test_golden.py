"""The first line that a person in crisis sees, by country, checked against the data."""

from __future__ import annotations

import pytest

from realtime.hotlines.directory import Directory, HotlineQuery
from tests.hotlines.samples import NOW

FIRST = [
    ("US", "us-988", "phone 988"),
    ("GB", "gb-samaritans", "phone 116 123"),
    ("IE", "gb-samaritans", "phone 116 123"),
    ("CA", "ca-988", "phone 988"),
    ("AU", "au-lifeline", "phone 13 11 14"),
    ("NZ", "nz-1737", "phone 1737"),
    ("IN", "in-tele-manas", "phone 14416"),
    ("DE", "de-telefonseelsorge", "phone 0800 111 0 111"),
    ("FR", "fr-3114", "phone 3114"),
    ("ES", "es-024", "phone 024"),
    ("BR", "br-cvv", "phone 188"),
    ("JP", "jp-yorisoi", "phone 0120-279-338"),
    ("ZA", "za-suicide-crisis", "phone 0800 567 567"),
    ("MX", "mx-linea-de-la-vida", "phone 800 911 2000"),
    ("NL", "nl-113", "phone 113"),
    ("IT", "it-telefono-amico", "phone 02 2327 2327"),
    ("AT", "at-telefonseelsorge", "phone 142"),
    ("CH", "ch-143", "phone 143"),
    ("SE", "se-sjalvmordslinjen", "phone 90101"),
    ("KR", "kr-lifeline", "phone 1588-9191"),
    ("PT", "pt-1411", "phone 1411"),
    ("AR", "ar-0800-999-0091", "phone 0800-999-0091"),
]


@pytest.mark.parametrize(("country", "line", "contact"), FIRST)
def test_the_first_line_in_a_crisis_is(
    packaged: Directory, country: str, line: str, contact: str
) -> None:
    found = packaged.find(HotlineQuery(country, ("suicide",)), now=NOW)

    first = found.lines[0].line
    assert first.id == line
    assert f"{first.contacts[0].kind} {first.contacts[0].value}" == contact


def test_a_line_whose_sources_conflict_is_first_only_where_nothing_else_serves(
    packaged: Directory,
) -> None:
    for code in packaged.countries:
        found = packaged.find(HotlineQuery(code, ("suicide",)), now=NOW).lines

        if found and found[0].line.conflicts:
            assert all(one.line.conflicts or one.line.regions for one in found), code


def test_every_lead_line_serves_its_country_and_has_no_conflicts(packaged: Directory) -> None:
    lines = {line.id: line for line in packaged.lines}

    for country in packaged.countries.values():
        if country.lead:
            lead = lines[country.lead]
            assert country.code in lead.countries, country.code
            assert not lead.conflicts, country.code
            assert not lead.regions, country.code
            assert lead.for_everybody, country.code


def test_turkey_has_no_crisis_line_and_the_answer_says_so(packaged: Directory) -> None:
    found = packaged.find(HotlineQuery("TR", ("suicide",)), now=NOW).as_json()

    assert "No suicide or crisis line is known for Türkiye" in found["message"]
    assert "https://findahelpline.com/" in found["message"]
    assert found["emergency"]["numbers"][0] == {
        "service": "general",
        "number": "112",
        "href": "tel:112",
    }


def test_nothing_of_the_unconfirmed_list_is_in_the_data(packaged: Directory) -> None:
    closed = {"1-800-931-2237", "1393", "1-833-456-4566", "1-833-943-5746"}

    values = {contact.value for line in packaged.lines for contact in line.contacts}
    assert not closed & values


def test_the_data_has_what_was_handed_over(packaged: Directory) -> None:
    with_numbers = [country for country in packaged.countries.values() if country.emergency]

    assert len(packaged.lines) == 392
    assert sum(len(line.contacts) for line in packaged.lines) == 551
    assert sum(bool(line.conflicts) for line in packaged.lines) == 34
    assert len(with_numbers) == 240
