"""What is found wrong with the directory, how it is told, and what the deploy check says."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from pytest_django import Settings

from realtime.accounts.models import User
from realtime.hotlines import operations
from realtime.hotlines.auditing import LEVELS, audit
from realtime.hotlines.checks import check_countries, check_leads
from realtime.hotlines.directory import Directory
from realtime.hotlines.facts import Check, Contact, Country
from realtime.hotlines.history import Outcome, record_check
from realtime.hotlines.models import Country as CountryRow
from realtime.hotlines.models import Hotline
from realtime.hotlines.opening import DAYS, Hours, minutes_open_twice, parse_opening
from tests.hotlines.samples import NOW, a_directory, a_file, a_line, a_row

LASTS = timedelta(days=180)
TODAY = Check(NOW.date(), "by phone")


def found(*lines: Any, lead: str | None = None, enabled: tuple[str, ...] = ()) -> set[str]:
    """Give `kind where` of everything found about Britain and its lines."""
    directory = a_directory(*lines, lead=lead)
    findings = audit(directory, enabled=enabled, now=NOW, lasts=LASTS)
    places = {"GB", *(line.id for line in lines)}
    return {f"{one.kind} {one.where}" for one in findings if one.where in places}


def opening(*entries: tuple[list[str], str, str]) -> Hours:
    rows = [{"days": days, "open": start, "close": end} for days, start, end in entries]
    return Hours("set", "as said", "Europe/London", parse_opening(rows))


def test_a_line_that_is_looked_after_has_nothing_wrong() -> None:
    assert found(a_line(checked=TODAY), lead="gb-a", enabled=("GB",)) == set()


@pytest.mark.parametrize(
    ("contact", "kind"),
    [
        (Contact("phone", "020 7946 0001", "+442079460002"), "bad-number"),
        (Contact("phone", "01632 960001", "+441632960001"), "bad-number"),
        (Contact("phone", "020 7946 0001", "+4420794"), "bad-number"),
        (Contact("phone", "call us"), "bad-number"),
        (Contact("chat", "example.org"), "bad-number"),
        (Contact("whatsapp", "020 7946 0001"), "bad-number"),
        (Contact("phone", "020 7946 0001"), "no-e164"),
        (Contact("phone", "020 7946 00011"), "unlikely-number"),
    ],
)
def test_a_number_that_cannot_be_right_is_found(contact: Contact, kind: str) -> None:
    assert found(a_line(contacts=(contact,), checked=TODAY)) == {f"{kind} gb-a"}


def test_a_short_number_needs_no_full_form() -> None:
    assert found(a_line(contacts=(Contact("phone", "116 123"),), checked=TODAY)) == set()


@pytest.mark.parametrize(
    "hours",
    [
        Hours("set", "x", "Europe/Atlantis"),
        Hours("set", "x", "", opening((["mon"], "09:00", "17:00")).opening),
        opening((["mon", "tue"], "09:00", "17:00"), (["tue"], "16:59", "20:00")),
        opening((["sun"], "20:00", "02:00"), (["mon"], "01:00", "05:00")),
    ],
)
def test_hours_that_cannot_be_right_are_found(hours: Hours) -> None:
    assert found(a_line(hours=hours, checked=TODAY)) == {"broken-hours gb-a"}


def test_hours_that_only_touch_are_right() -> None:
    table = opening(([*DAYS], "09:00", "17:00"), ([*DAYS], "17:00", "09:00"))

    assert minutes_open_twice(table.opening) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"conflicts": "Two numbers."},
        {"regions": ("Wales",)},
        {"only_for": "men"},
        {"audiences": ("veterans",)},
        {"countries": ("FR",)},
    ],
)
def test_a_lead_that_should_not_lead_is_found(changes: dict[str, Any]) -> None:
    lead = a_line("gb-lead", checked=TODAY, **changes)

    assert "bad-lead GB" in found(a_line(checked=TODAY), lead, lead="gb-lead")


def test_a_lead_that_is_gone_is_found() -> None:
    assert "bad-lead GB" in found(a_line(checked=TODAY), lead="gb-gone")


def test_an_enabled_country_needs_a_lead_that_was_checked() -> None:
    assert "lead-missing GB" in found(a_line(checked=TODAY), enabled=("GB",))
    assert found(a_line(checked=TODAY)) == set()
    assert "lead-unchecked GB" in found(a_line(), lead="gb-a", enabled=("GB",))
    assert found(a_line(), lead="gb-a") == set()


def test_a_country_without_a_crisis_line_for_everybody_is_found() -> None:
    veterans = a_line(audiences=("veterans",), checked=TODAY)

    assert found(veterans) == {"country-missing GB"}


def test_a_country_without_an_emergency_number_is_found() -> None:
    facts = a_directory(a_line(checked=TODAY))
    nowhere = {**facts.countries, "GB": Country("GB", "United Kingdom", "gb-a")}
    directory = Directory(nowhere, facts.needs, facts.audiences, facts.lines)

    kinds = {
        enabled: [
            one.kind
            for one in audit(directory, enabled=enabled, now=NOW, lasts=LASTS)
            if one.where == "GB"
        ]
        for enabled in ((), ("GB",))
    }
    assert kinds == {(): ["no-emergency-number"], ("GB",): ["emergency-missing"]}


def test_a_check_that_expired_a_conflict_and_no_date_are_found() -> None:
    old = Check(NOW.date() - timedelta(days=181), "by phone")
    lines = (
        a_line("gb-a", checked=old),
        a_line("gb-b", conflicts="Two numbers."),
        a_line("gb-c", last_seen=None),
    )

    assert found(*lines) == {"check-expired gb-a", "conflicts gb-b", "never-dated gb-c"}


def test_the_projects_own_data_has_no_fault(packaged: Directory) -> None:
    enabled = tuple(code for code, one in packaged.countries.items() if one.lead)
    findings = audit(packaged, enabled=enabled, now=datetime.now(UTC), lasts=LASTS)

    assert [one for one in findings if one.level == "fault"] == []
    assert sum(one.kind == "conflicts" for one in findings) == 33
    assert sum(one.kind == "lead-unchecked" for one in findings) == 30


@pytest.fixture
def imported(db: None, tmp_path: Path) -> None:
    rows = a_row("gb-a"), a_row("fr-a", countries=["FR"], contacts=[_FRENCH])
    emergency = [
        {"country": code, "general": ["112"], "sources": ["a_list"], "confidence": "high"}
        for code in ("FR", "GB")
    ]
    leads = {"GB": "gb-a", "FR": "fr-a"}
    path = a_file(tmp_path, *rows, lead_lines=leads, emergency_numbers=emergency)
    operations.import_files(paths=[path])


_FRENCH = {"kind": "phone", "value": "3114"}


def report(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    call_command("check_hotlines", *options)
    return capsys.readouterr().out


@pytest.mark.usefixtures("imported")
def test_the_report_is_for_people_and_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    text, told = report(capsys), json.loads(report(capsys, "--json"))

    assert "due: lead-unchecked (2)\n  FR: nobody checked fr-a, the first line of France" in text
    assert "Help lines: 0 faults, 2 due, " in text
    assert list(told["counts"]) == list(LEVELS)
    assert told["counts"]["lead-unchecked"] == 2
    assert told["findings"][0] == {
        "level": "due",
        "kind": "lead-unchecked",
        "where": "FR",
        "words": "nobody checked fr-a, the first line of France, in the last 180 days",
    }


@pytest.mark.usefixtures("imported")
def test_a_fault_fails_the_command_and_strict_fails_at_what_is_due(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report(capsys)
    with pytest.raises(CommandError, match="2 to be mended"):
        report(capsys, "--strict")
    Hotline.objects.filter(pk="gb-a").update(conflicts="Two numbers.")
    with pytest.raises(CommandError, match="1 to be mended"):
        report(capsys)
    assert "fault: bad-lead (1)" in capsys.readouterr().out


@pytest.mark.django_db
def test_the_products_files_can_be_looked_at_without_a_database(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with connection.execute_wrapper(_refuse):
        assert "0 faults" in report(capsys, "--files")
        with pytest.raises(CommandError, match="does not answer"):
            report(capsys)


def _refuse(*_: object) -> None:
    raise OperationalError("connection refused")


def ids() -> list[str]:
    return [one.id or "" for one in check_leads()]


@pytest.mark.usefixtures("imported")
def test_the_deploy_check_warns_until_a_person_checked_every_lead() -> None:
    user = User.objects.create_user("operator")
    assert "FR, GB" in str(check_leads()[0])

    record_check(slug="gb-a", outcome=Outcome.OK, how="by phone", user=user)
    assert [str(one.msg) for one in check_leads()] == ["Nobody checked the lead lines of FR."]

    record_check(slug="fr-a", outcome=Outcome.OK, how="by phone", user=user)
    assert check_leads() == []


@pytest.mark.usefixtures("imported")
def test_only_enabled_countries_are_asked_for(settings: Settings) -> None:
    settings.HOTLINE_COUNTRIES = ["GB", "DE"]

    assert [str(one.msg) for one in check_leads()] == [
        "Nobody checked the lead lines of GB.",
        "There is no lead line for DE.",
    ]


@pytest.mark.usefixtures("imported")
def test_a_lead_that_should_not_lead_is_warned_of() -> None:
    Hotline.objects.filter(pk="gb-a").update(regions=["Wales"])

    assert ids() == ["hotlines.W1", "hotlines.W3"]


@pytest.mark.django_db
def test_before_the_first_import_nobody_checked_anything() -> None:
    assert "and 20 more" in str(check_leads()[0].msg)


@pytest.mark.django_db
def test_a_database_that_is_away_is_told_and_fails_nothing() -> None:
    with connection.execute_wrapper(_refuse):
        (told,) = check_leads()

    assert (told.id, told.is_serious()) == ("hotlines.I1", False)


@pytest.mark.usefixtures("imported")
def test_the_check_belongs_to_deployments_only() -> None:
    def warned(*, deploy: bool) -> bool:
        return any(one.id == "hotlines.W1" for one in run_checks(include_deployment_checks=deploy))

    assert (warned(deploy=False), warned(deploy=True)) == (False, True)


def test_a_country_that_is_none_is_an_error(settings: Settings) -> None:
    settings.HOTLINE_COUNTRIES = ["GB", "XX"]

    assert [one.id for one in check_countries()] == ["hotlines.E1"]


@pytest.mark.usefixtures("imported")
def test_a_lead_taken_away_by_hand_leaves_its_country_out() -> None:
    CountryRow.objects.filter(pk="FR").update(lead=None)

    assert [str(one.msg) for one in check_leads()] == ["Nobody checked the lead lines of GB."]
