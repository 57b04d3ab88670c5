from __future__ import annotations

from typing import Any

import pytest
import yaml

from realtime.hotlines.facts import Facts
from realtime.hotlines.importing.reading import DataFile, ImportRefused
from realtime.hotlines.importing.rows import Parsed, read
from tests.hotlines.samples import NEEDS, a_line, a_row, a_top

NOTHING = Facts({}, {}, {}, ())


def read_top(top: Any, known: Facts = NOTHING) -> Parsed:
    return read([DataFile("lines.yaml", yaml.safe_dump(top).encode())], known=known)


def refusal(top: Any) -> list[str]:
    with pytest.raises(ImportRefused) as refused:
        read_top(top)
    return refused.value.reasons


def test_a_row_becomes_the_line_it_describes() -> None:
    assert read_top(a_top(a_row())).facts.lines == (a_line(),)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": None}, "name: Field required"),
        ({"name": ""}, "name: String should have at least 1 character"),
        ({"name": "a\x00b"}, "name: the character U+0000 is not allowed"),
        ({"name": "x" * 121}, "name: String should have at most 120 characters"),
        ({"name": ["a"]}, "name: Input should be a valid string"),
        ({"phone": "999"}, "phone: Extra inputs are not permitted"),
        ({"countries": ["UK"]}, "countries.0: 'UK' is not an ISO 3166-1 country code"),
        ({"countries": ["XA"]}, "countries.0: 'XA' is not an ISO 3166-1 country code"),
        ({"countries": [False]}, "countries.0: Input should be a valid string"),
        ({"countries": "GB"}, "countries: Input should be a valid list"),
        ({"countries": []}, "give countries, or international: true, and not both"),
        ({"international": True}, "give countries, or international: true, and not both"),
        ({"countries": ["GB", "GB"]}, "countries: something stands twice"),
        ({"needs": ["weather"]}, "needs: 'weather' is not in the list"),
        ({"needs": ["youth"]}, "needs: 'youth' is not in the list"),
        ({"audiences": ["suicide"]}, "audiences: 'suicide' is not in the list"),
        ({"languages": ["english"]}, "languages.0: 'english' is not a BCP 47 language tag"),
        ({"languages": []}, "languages: List should have at least 1 item"),
        ({"contacts": []}, "contacts: List should have at least 1 item"),
        ({"hours": "always"}, "hours"),
        ({"hours": {"text": "days", "opening": []}, "cost": "cheap"}, "cost: Input should be"),
        ({"hours": {"text": "days", "timezone": "Europe/Atlantis"}}, "not an IANA time zone"),
        (
            {
                "hours": {
                    "text": "days",
                    "opening": [{"days": ["mon"], "open": "09:00", "close": "17:00"}],
                }
            },
            "opening hours need a timezone",
        ),
        ({"website": "javascript:alert(1)"}, "is not an http(s) address"),
        ({"sources": []}, "sources: List should have at least 1 item"),
        ({"last_seen": "2026-02-30"}, "last_seen: '2026-02-30' is not a date of the calendar"),
        ({"last_seen": 2026}, "last_seen: Input should be a valid string"),
        ({"confidence": "low"}, "confidence: Input should be 'high' or 'medium'"),
        ({"id": "GB Samaritans"}, "id: String should match pattern"),
    ],
)
def test_a_bad_row_names_file_id_and_reason(changes: dict[str, Any], reason: str) -> None:
    first = refusal(a_top(a_row(**changes)))[0]

    assert first.startswith(f"lines.yaml: {changes.get('id', 'gb-a')}: ")
    assert reason in first


@pytest.mark.parametrize(
    ("contact", "reason"),
    [
        ({"kind": "fax", "value": "020 7946 0001"}, "kind: Input should be"),
        ({"kind": "phone", "value": 999}, "value: Input should be a valid string"),
        ({"kind": "phone", "value": "800-HOPE"}, "is not a number that can be dialled"),
        (
            {"kind": "phone", "value": "020 7946 0001", "e164": "02079460001"},
            "e164: '02079460001' is not an E.164 number",
        ),
        (
            {"kind": "phone", "value": "01632 960001", "e164": "+441632960001"},
            "lies in no number range",
        ),
        (
            {"kind": "phone", "value": "020 7946 0001", "e164": "+442079460007"},
            "'020 7946 0001' and '+442079460007' are two numbers",
        ),
        ({"kind": "chat", "value": "javascript:alert(1)"}, "is not an http(s) address"),
        ({"kind": "email", "value": "nobody"}, "is not a mail address"),
    ],
)
def test_a_bad_contact_names_file_id_and_reason(contact: dict[str, Any], reason: str) -> None:
    first = refusal(a_top(a_row(contacts=[contact])))[0]

    assert first.startswith("lines.yaml: gb-a: ")
    assert reason in first


def test_a_contact_given_twice_is_refused() -> None:
    contact = {"kind": "phone", "value": "020 7946 0001"}

    reasons = refusal(a_top(a_row(contacts=[contact, {**contact}])))
    assert reasons == ["lines.yaml: gb-a: contacts: something stands twice"]


def test_all_faults_are_listed_at_once() -> None:
    reasons = refusal(a_top(a_row("gb-a", cost="cheap"), a_row("gb-b", needs=["weather"]), 7))

    assert [reason.split(": ")[1] for reason in reasons] == ["gb-a", "hotlines row 3", "gb-b"]


def test_an_id_given_twice_is_refused() -> None:
    assert refusal(a_top(a_row(), a_row())) == ["lines.yaml: gb-a: the id stands twice"]


def test_an_id_given_twice_in_two_files_is_refused() -> None:
    content = yaml.safe_dump(a_top(a_row())).encode()

    with pytest.raises(ImportRefused, match=r"b\.yaml: gb-a: the id stands twice"):
        read([DataFile("a.yaml", content), DataFile("b.yaml", content)], known=NOTHING)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"hotline": []}, "lines.yaml: unknown section 'hotline'"),
        ({"hotlines": {}}, "lines.yaml: hotlines must be a list"),
        ({"version": 2}, "lines.yaml: version must be 1"),
        ({"lead_lines": {"GB": "gb-z"}}, "lead_lines GB: 'gb-z' is no line of this country"),
        ({"lead_lines": {"FR": "gb-a"}}, "lead_lines FR: 'gb-a' is no line of this country"),
        ({"lead_lines": {"UK": "gb-a"}}, "lead_lines UK: 'UK' is not an ISO 3166-1"),
        ({"lead_lines": {"GB": 7}}, "lead_lines GB: Input should be a valid string"),
        ({"needs": [{"id": "a", "name": "A"}]}, "lines.yaml: a: definition: Field required"),
        (
            {"needs": [{"id": "a", "name": "A", "definition": "A.", "implies": "x"}]},
            "lines.yaml: a: implies: 'x' is not in the list",
        ),
        ({"emergency_sources": {"A list": {}}}, "emergency_sources"),
    ],
)
def test_a_bad_section_is_refused(changes: dict[str, Any], reason: str) -> None:
    assert any(reason in said for said in refusal(a_top(a_row(), **changes)))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"country": "UK"}, "UK: country: 'UK' is not an ISO 3166-1 country code"),
        ({"general": ["call"]}, "GB: general.0: 'call' is not a number that can be dialled"),
        ({"general": [999]}, "GB: general.0: Input should be a valid string"),
        ({"general": ["999", "999"]}, "GB: general: a number stands twice"),
        ({"general": []}, "GB: no number at all"),
        ({"also_reported": {"police": ["x"]}}, "also_reported.police.0"),
        ({"also_reported": {"coast guard": ["112"]}}, "also_reported"),
        ({"sources": ["hearsay"]}, "GB: sources: 'hearsay' is not in the list"),
        ({"confidence": "low"}, "GB: confidence: Input should be"),
    ],
)
def test_a_bad_emergency_row_is_refused(changes: dict[str, Any], reason: str) -> None:
    row = {"country": "GB", "general": ["999"], "sources": ["a_list"], "confidence": "high"}

    reasons = refusal(a_top(emergency_numbers=[{**row, **changes}]))
    assert any(reason in said for said in reasons)


def test_a_file_may_lean_on_what_the_database_knows() -> None:
    known = Facts({}, NEEDS, {}, (a_line("gb-b"),))
    top = {
        "version": 1,
        "hotlines": [a_row(needs=["gambling"])],
        "lead_lines": {"GB": "gb-b"},
    }

    parsed = read_top(top, known)
    assert parsed.facts.lines[0].needs == ("gambling",)
    assert parsed.facts.countries["GB"].lead == "gb-b"


def test_numbers_that_are_only_also_reported_are_marked() -> None:
    row = {
        "country": "GB",
        "general": ["999"],
        "also_reported": {"police": ["112"]},
        "sources": ["a_list"],
        "confidence": "medium",
    }

    country = read_top(a_top(emergency_numbers=[row])).facts.countries["GB"]
    assert [(one.number, one.also_reported) for one in country.emergency] == [
        ("999", False),
        ("112", True),
    ]
    shown = country.emergency_as_json()
    assert shown is not None
    assert [one["number"] for one in shown["numbers"]] == ["999"]
