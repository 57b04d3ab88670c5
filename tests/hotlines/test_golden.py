"""The first line that a person sees, by country and need, checked against the data.

The tables say what is right in the world as far as it is known here, not what the ranking gives.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from realtime.hotlines.directory import Directory, HotlineQuery
from tests.hotlines.samples import NOW

# Day and night on each side of the world, and a weekend.
MOMENTS = [
    datetime(2026, 11, 23, 12, tzinfo=UTC),
    datetime(2026, 11, 24, 0, tzinfo=UTC),
    datetime(2026, 11, 25, 6, tzinfo=UTC),
    datetime(2026, 11, 28, 19, tzinfo=UTC),
]

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
    ("KR", "kr-109", "phone 109"),
    ("PT", "pt-1411", "phone 1411"),
    ("AR", "ar-0800-999-0091", "phone 0800-999-0091"),
    ("NG", "ng-surpin", "phone 0800 078 7746"),
    ("PL", "pl-centrum-wsparcia", "phone 800 70 2222"),
    ("BE", "be-cps", "phone 0800 32 123"),
    ("KE", "ke-befrienders", "phone +254 722 178 177"),
    ("CL", "cl-4141", "phone *4141"),
    ("IL", "il-eran", "phone 1201"),
    ("UA", "ua-lifeline", "phone 7333"),
    ("TW", "tw-1925", "phone 1925"),
    ("DK", "dk-livslinien", "phone 70 201 201"),
]
FIRST_FOR = [
    ("US", "domestic-violence", "us-ndvh", "phone 1-800-799-7233"),
    ("US", "sexual-violence", "us-rainn", "phone 1-800-656-4673"),
    ("US", "substance-use", "us-samhsa-helpline", "phone 1-800-662-4357"),
    ("US", "child-abuse", "us-childhelp", "phone 1-800-422-4453"),
    ("US", "trafficking", "us-trafficking", "phone 1-888-373-7888"),
    ("US", "disaster", "us-disaster-distress", "phone 1-800-985-5990"),
    ("GB", "domestic-violence", "gb-ndah", "phone 0808 2000 247"),
    ("GB", "child-abuse", "gb-childline", "phone 0800 1111"),
    ("GB", "eating-disorders", "gb-beat", "phone 0808 801 0677"),
    ("GB", "gambling", "gb-gambling", "phone 0808 8020 133"),
    ("GB", "sexual-violence", "gb-samaritans", "phone 116 123"),  # the other one is only for men
    ("IE", "child-abuse", "ie-childline", "phone 1800 66 66 66"),
    ("IE", "bereavement", "ie-pieta", "phone 1800 247 247"),
    ("CA", "eating-disorders", "ca-nedic", "phone 1-866-633-4220"),
    ("CA", "general-emotional-support", "ca-988", "phone 988"),
    ("AU", "domestic-violence", "au-1800respect", "phone 1800 737 732"),
    ("AU", "child-abuse", "au-kids-helpline", "phone 1800 55 1800"),
    ("AU", "eating-disorders", "au-butterfly", "phone 1800 33 4673"),
    ("NZ", "bereavement", "nz-victim-support", "phone 0800 842 846"),
    ("IN", "child-abuse", "in-child-helpline", "phone 1098"),
    ("IN", "domestic-violence", "in-women-helpline", "phone 181"),
    ("BR", "domestic-violence", "br-180", "phone 180"),
    ("BR", "child-abuse", "br-disque-100", "phone 100"),
    ("BI", "domestic-violence", "bi-sosfed", "phone 75 33 17 27"),
    ("CN", "domestic-violence", "cn-maple", "phone 010-68333388"),
    ("MX", "substance-use", "mx-linea-de-la-vida", "phone 800 911 2000"),
    ("AR", "general-emotional-support", "ar-0800-999-0091", "phone 0800-999-0091"),
    ("ES", "domestic-violence", "es-016", "phone 016"),
    ("ES", "child-abuse", "es-anar", "phone 900 20 20 10"),
    ("FR", "child-abuse", "fr-119", "phone 119"),
    ("FR", "sexual-violence", "fr-cfcv", "phone 0800 05 95 95"),
    ("DE", "child-abuse", "de-nummer-gegen-kummer", "phone 116 111"),
    ("DE", "domestic-violence", "de-hilfetelefon-gewalt", "phone 116 016"),
    ("IT", "domestic-violence", "it-1522", "phone 1522"),
    ("IT", "child-abuse", "it-telefono-azzurro", "phone 19696"),
    ("NL", "general-emotional-support", "nl-luisterlijn", "phone 088 0767 000"),
    ("JP", "domestic-violence", "jp-dv-plus", "phone 0120-279-889"),
    ("KR", "domestic-violence", "kr-1366", "phone 1366"),
    ("KR", "child-abuse", "kr-1388", "phone 1388"),
    ("ZA", "domestic-violence", "za-gender-violence", "phone 0800 150 150"),
    ("ZA", "substance-use", "za-dsd-substance", "phone 0800 12 13 14"),
    ("NG", "crisis", "ng-surpin", "phone 0800 078 7746"),
    ("PL", "child-abuse", "pl-116111", "phone 116 111"),
    ("PL", "general-emotional-support", "pl-116123", "phone 116 123"),
    ("SE", "child-abuse", "se-bris", "phone 116 111"),
    ("PT", "domestic-violence", "pt-violencia-domestica", "phone 800 202 148"),
    ("AT", "domestic-violence", "at-frauenhelpline", "phone 0800 222 555"),
    ("AT", "child-abuse", "at-rat-auf-draht", "phone 147"),
    ("BE", "general-emotional-support", "be-tele-accueil", "phone 107"),
    ("KE", "child-abuse", "ke-childline", "phone 116"),
]


@pytest.mark.parametrize(("country", "line", "contact"), FIRST)
def test_the_first_line_in_a_crisis_is(
    packaged: Directory, country: str, line: str, contact: str
) -> None:
    for need in ("suicide", "crisis"):
        assert {shown(packaged, country, need, at) for at in MOMENTS} == {(line, contact)}, need


def test_each_country_of_the_table_leads_with_its_line(packaged: Directory) -> None:
    leads = {country: packaged.countries[country].lead for country, *_ in FIRST}

    # Italy has one line for suicide, and its sources give two numbers for it.
    assert leads == {country: line for country, line, _ in FIRST} | {"IT": None}


@pytest.mark.parametrize(("country", "need", "line", "contact"), FIRST_FOR)
def test_the_first_line_for_a_need_is(
    packaged: Directory, country: str, need: str, line: str, contact: str
) -> None:
    assert {shown(packaged, country, need, at) for at in MOMENTS} == {(line, contact)}


def shown(directory: Directory, country: str, need: str, now: datetime) -> tuple[str, str]:
    """Give the id and the first contact of what a person sees first."""
    first = directory.find(HotlineQuery(country, (need,)), now=now).lines[0].line
    return first.id, f"{first.contacts[0].kind} {first.contacts[0].value}"


def test_the_tables_have_twenty_countries_and_each_two_needs() -> None:
    assert len({country for country, *_ in FIRST}) >= 20
    assert {country for country, *_ in FIRST_FOR} >= {
        "US", "GB", "IE", "CA", "AU", "NZ", "IN", "BR", "MX", "AR", "ES", "FR", "DE", "IT", "NL",
        "JP", "KR", "ZA", "NG", "PL",
    }  # fmt: skip


def test_nobody_in_the_united_states_gets_a_veterans_line_unasked(packaged: Directory) -> None:
    for need in packaged.needs:
        for now in MOMENTS:
            found = packaged.find(HotlineQuery("US", (need,)), now=now, most=50).lines
            assert not any("veterans" in one.line.audiences for one in found), need


def test_a_veteran_gets_988_and_then_the_veterans_line(packaged: Directory) -> None:
    found = packaged.find(HotlineQuery("US", ("suicide",), ("veterans",)), now=NOW).lines

    assert [one.line.id for one in found[:2]] == ["us-988", "us-veterans-crisis-line"]
    assert "then press 1" in {contact.note for contact in found[1].line.contacts}


def test_the_first_view_of_a_crisis_has_somebody_to_write_to_where_there_is_one(
    packaged: Directory,
) -> None:
    quiet = {"sms", "chat", "whatsapp"}
    for code in packaged.countries:
        everything = packaged.find(HotlineQuery(code, ("suicide",)), now=NOW, most=50).lines
        five = packaged.find(HotlineQuery(code, ("suicide",)), now=NOW).lines
        ways = [
            {contact.kind for one in some for contact in one.line.contacts} & quiet
            for some in (everything, five)
        ]
        assert bool(ways[0]) == bool(ways[1]), code


def test_a_line_with_conflicts_is_first_for_no_need_where_another_serves_it(
    packaged: Directory,
) -> None:
    for code in packaged.countries:
        for need in packaged.needs:
            found = packaged.find(HotlineQuery(code, (need,)), now=NOW).lines
            if found and found[0].line.conflicts:
                others = [one.line for one in found if need in one.line.needs]
                assert all(one.conflicts or one.regions or one.only_for for one in others), (
                    code,
                    need,
                )


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
    assert sum(bool(line.conflicts) for line in packaged.lines) == 33
    assert len(with_numbers) == 240
