from __future__ import annotations

import pytest

from realtime.rehearsal.countries import is_only_a_country, named_country


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("Find me a helpline in Canada", "CA"),
        ("find me a helpline in canada please", "CA"),
        ("a helpline in Northern Ireland", "GB"),
        ("a helpline in the UK?", "GB"),
        ("a helpline in the U.S.", "US"),
        ("a helpline in South Sudan", "SS"),
        ("a helpline in Guinea-Bissau", "GW"),
        ("a helpline in Niger", "NE"),
        ("a helpline in Nigeria", "NG"),
        ("a helpline, DE", "DE"),
        ("DE", "DE"),
        ("Find me a helpline", None),
        ("helpline for us", None),
        ("FIND ME A HELPLINE IN TIME", None),
        ("a helpline in the EU", None),
        ("a helpline in ZZ", None),
    ],
)
def test_a_country_is_found_where_one_is_named(text: str, country: str | None) -> None:
    assert named_country(text) == country


def test_a_country_that_is_not_offered_is_not_named() -> None:
    assert named_country("a helpline in Canada", offered=["GB", "US"]) is None


def test_a_bare_country_is_recognised() -> None:
    assert is_only_a_country(" canada. ")
    assert is_only_a_country("DE")
    assert not is_only_a_country("in canada")
