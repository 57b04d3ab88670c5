"""The import as a person starts it: files in, rows out, nothing by halves."""

from __future__ import annotations

from dataclasses import fields
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from pytest_django import DjangoAssertNumQueries

from realtime.accounts.models import User
from realtime.hotlines import operations, queries
from realtime.hotlines.facts import Facts, Line
from realtime.hotlines.importing.packaged import PACKAGED_FILES, packaged_facts
from realtime.hotlines.importing.reading import read_file
from realtime.hotlines.importing.rows import read as read_rows
from realtime.hotlines.importing.schema import HotlineRow
from realtime.hotlines.models import Contact, Country, EmergencyNumber, HandDeletion, Hotline, Need
from tests.hotlines.samples import a_file, a_row

pytestmark = pytest.mark.django_db

OTHER: dict[str, Any] = {
    "contacts": [{"kind": "phone", "value": "020 7946 0009", "e164": "+442079460009"}]
}

EVERY_OTHER_KEY: dict[str, Any] = {
    "organisation": "An organisation",
    "international": False,
    "regions": ["Wales"],
    "audiences": ["youth"],
    "open_to_all": True,
    "languages_inferred": True,
    "contacts": [
        {"kind": "phone", "value": "020 7946 0001", "e164": "+442079460001", "note": "press 1"}
    ],
    "hours": {
        "text": "Mondays",
        "timezone": "Europe/London",
        "opening": [{"days": ["mon"], "open": "09:00", "close": "17:00"}],
    },
    "website": "https://www.example.org/",
    "sources": [
        {
            "url": "https://www.example.org/lines",
            "seen": "a page",
            "date": "2026-04-22",
            "verified_by_source": "2026-03",
        }
    ],
    "conflicts": "Another page says otherwise.",
    "notes": "Said twice.",
    "only_for": "men",
    "pair": "two",
}


def vars_of(line: Line) -> dict[str, Any]:
    return {field.name: getattr(line, field.name) for field in fields(line)}


def run(*files: Path, **options: Any) -> str:
    out = StringIO()
    call_command("import_hotlines", *map(str, files), stdout=out, **options)
    return out.getvalue()


def numbers(line: str = "gb-a") -> list[str]:
    return [contact.value for contact in Contact.objects.filter(hotline_id=line)]


@pytest.fixture
def operator() -> User:
    return User.objects.create_user("operator")


def test_the_projects_files_are_stored_as_they_are() -> None:
    assert "392 read, 392 added" in run()

    stored, packaged = queries.stored_facts(), packaged_facts()
    assert {line.id: line for line in stored.lines} == {line.id: line for line in packaged.lines}
    assert stored.countries == packaged.countries
    assert stored.needs == packaged.needs
    assert stored.audiences == packaged.audiences


def test_no_key_of_a_row_is_forgotten_on_its_way_to_the_directory(tmp_path: Path) -> None:
    row = a_row(**EVERY_OTHER_KEY)
    file = a_file(tmp_path, row)
    run(file)

    read = read_rows([read_file(file)], known=Facts({}, {}, {}, ())).facts.lines
    assert set(row) == set(HotlineRow.model_fields)
    assert {name for name, value in vars_of(read[0]).items() if not value} == {
        *("international", "checked", "edited_on")  # nowhere said of a line with countries
    }
    assert queries.stored_facts().lines == read


def test_the_same_files_cost_two_queries_the_second_time(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    operations.import_files(paths=PACKAGED_FILES)

    with django_assert_max_num_queries(4):  # a savepoint, a lock, the digests
        assert operations.import_files(paths=PACKAGED_FILES) is None


def test_importing_again_changes_nothing(tmp_path: Path) -> None:
    path = a_file(tmp_path, a_row())
    run(path)
    before = queries.stored_facts()

    assert "0 added, 0 changed, 0 removed" in run(path, again=True)
    assert queries.stored_facts().lines == before.lines


def test_a_bad_row_stops_everything(tmp_path: Path) -> None:
    good = a_file(tmp_path, a_row("gb-a"), name="good.yaml")
    bad = tmp_path / "bad.yaml"
    bad.write_text(yaml.safe_dump({"version": 1, "hotlines": [a_row("gb-b", cost="cheap")]}))

    with pytest.raises(CommandError, match=r"\Abad\.yaml: gb-b: cost: .*\nNothing was imported"):
        run(good, bad)
    assert not Hotline.objects.exists()
    assert not Country.objects.exists()


def test_a_changed_number_in_the_file_reaches_the_database(tmp_path: Path) -> None:
    run(a_file(tmp_path, a_row()))

    assert "1 changed" in run(a_file(tmp_path, a_row(**OTHER)))
    assert numbers() == ["020 7946 0009"]


def test_a_number_edited_by_hand_is_kept_and_the_import_says_so(
    tmp_path: Path, operator: User
) -> None:
    run(a_file(tmp_path, a_row()))
    contact = Contact.objects.get()
    Contact.objects.update(value="020 7946 0005", e164="")
    operations.mark_edited(row=contact, user=operator)
    Contact.objects.update(value="020 7946 0005", e164="")

    said = run(a_file(tmp_path, a_row(**OTHER)))

    assert numbers() == ["020 7946 0005"]
    assert (
        "gb-a: contacts edited by hand, kept: phone 020 7946 0005 "
        "(the file has phone 020 7946 0009)" in said
    )


def test_a_number_added_by_hand_is_kept(tmp_path: Path, operator: User) -> None:
    run(a_file(tmp_path, a_row()))
    added = Contact.objects.create(hotline_id="gb-a", kind="sms", value="85258", position=9)
    operations.mark_edited(row=added, user=operator)

    run(a_file(tmp_path, a_row(**OTHER)))
    assert numbers() == ["020 7946 0001", "85258"]


def test_a_number_deleted_by_hand_does_not_come_back(tmp_path: Path, operator: User) -> None:
    run(a_file(tmp_path, a_row()))
    Contact.objects.all().delete()
    operations.remember_deletion(what="contact", key="gb-a phone 020 7946 0001", user=operator)

    assert "contacts edited by hand, kept: none" in run(a_file(tmp_path, a_row()), again=True)
    assert numbers() == []


def test_a_line_deleted_by_hand_does_not_come_back(tmp_path: Path, operator: User) -> None:
    path = a_file(tmp_path, a_row(), lead_lines={"GB": "gb-a"})
    run(path)
    Hotline.objects.all().delete()
    operations.remember_deletion(what="hotline", key="gb-a", user=operator)

    assert "gb-a: deleted by hand, not brought back" in run(path, again=True)
    assert not Hotline.objects.exists()
    HandDeletion.objects.all().delete()
    run(path, again=True)
    assert Hotline.objects.exists()


def test_a_line_edited_by_hand_keeps_its_words(tmp_path: Path, operator: User) -> None:
    run(a_file(tmp_path, a_row()))
    line = Hotline.objects.get()
    line.name = "By hand"
    line.save()
    operations.mark_edited(row=line, user=operator)

    said = run(a_file(tmp_path, a_row(name="New name")))
    assert "gb-a: edited by hand, kept as it is" in said
    assert Hotline.objects.get().name == "By hand"


def test_a_line_gone_from_the_file_is_removed_and_the_import_says_so(tmp_path: Path) -> None:
    run(a_file(tmp_path, a_row("gb-a"), a_row("gb-b")))

    assert "gb-b: gone from the file, removed" in run(a_file(tmp_path, a_row("gb-a")))
    assert list(Hotline.objects.values_list("slug", flat=True)) == ["gb-a"]


def test_a_line_gone_from_the_file_stays_when_it_was_edited_by_hand(
    tmp_path: Path, operator: User
) -> None:
    run(a_file(tmp_path, a_row("gb-a"), a_row("gb-b")))
    operations.mark_edited(row=Hotline.objects.get(slug="gb-b"), user=operator)

    assert "gb-b: gone from the file, kept" in run(a_file(tmp_path, a_row("gb-a")))
    assert Hotline.objects.filter(slug="gb-b").exists()


def test_a_line_made_by_hand_is_not_touched(tmp_path: Path) -> None:
    Hotline.objects.create(slug="gb-mine", name="Mine")

    run(a_file(tmp_path, a_row("gb-a")))
    assert Hotline.objects.filter(slug="gb-mine").exists()


def test_a_second_file_does_not_remove_the_lines_of_the_first(tmp_path: Path) -> None:
    run(a_file(tmp_path, a_row("gb-a"), name="a.yaml"))
    run(a_file(tmp_path, a_row("gb-b"), name="b.yaml"))

    assert Hotline.objects.count() == 2


def test_new_contacts_end_the_claim_of_a_check(tmp_path: Path) -> None:
    run(a_file(tmp_path, a_row()))
    Hotline.objects.update(checked_on="2026-11-01", checked_how="by phone")

    said = run(a_file(tmp_path, a_row(**OTHER)))
    assert "gb-a: new contacts, so no longer 'checked by this site'" in said
    assert Hotline.objects.get().checked_on is None


def test_the_same_contacts_leave_a_check_alone(tmp_path: Path) -> None:
    run(a_file(tmp_path, a_row()))
    Hotline.objects.update(checked_on="2026-11-01", checked_how="by phone")

    run(a_file(tmp_path, a_row(name="New name")))
    assert Hotline.objects.get().checked_how == "by phone"


def test_emergency_numbers_edited_by_hand_are_kept(tmp_path: Path, operator: User) -> None:
    run(a_file(tmp_path))
    number = EmergencyNumber.objects.get()
    number.number = "112"
    number.save()
    operations.mark_edited(row=number, user=operator)

    said = run(a_file(tmp_path), again=True)
    assert "emergency numbers of GB: edited by hand, kept: general 112" in said
    assert EmergencyNumber.objects.get().number == "112"


def test_emergency_numbers_gone_from_the_file_go(tmp_path: Path) -> None:
    run(a_file(tmp_path))

    assert "emergency numbers of GB: gone" in run(a_file(tmp_path, emergency_numbers=[]))
    assert not EmergencyNumber.objects.exists()


def test_a_lead_line_chosen_by_hand_is_kept(tmp_path: Path, operator: User) -> None:
    rows = [a_row("gb-a"), a_row("gb-b")]
    run(a_file(tmp_path, *rows, lead_lines={"GB": "gb-a"}))
    Country.objects.filter(code="GB").update(lead="gb-b")
    operations.mark_edited(row=Country.objects.get(code="GB"), user=operator)

    said = run(a_file(tmp_path, *rows, lead_lines={"GB": "gb-a"}), again=True)
    assert "lead line of GB: edited by hand, kept as it is" in said
    assert Country.objects.get(code="GB").lead_id == "gb-b"


def test_a_lead_line_gone_from_the_file_leads_no_more(tmp_path: Path) -> None:
    run(a_file(tmp_path, a_row(), lead_lines={"GB": "gb-a"}))

    run(a_file(tmp_path, a_row()))
    assert Country.objects.get(code="GB").lead is None


def test_a_definition_edited_by_hand_is_kept(tmp_path: Path, operator: User) -> None:
    run(a_file(tmp_path))
    Need.objects.update(definition="By hand.")
    operations.mark_edited(row=Need.objects.get(), user=operator)

    assert "need suicide: edited by hand, kept as it is" in run(a_file(tmp_path), again=True)
    assert Need.objects.get().definition == "By hand."


def test_a_need_deleted_by_hand_leaves_its_lines_without_it(
    tmp_path: Path, operator: User
) -> None:
    run(a_file(tmp_path, a_row()))
    Need.objects.all().delete()
    operations.remember_deletion(what="need", key="suicide", user=operator)

    run(a_file(tmp_path, a_row()), again=True)
    assert not Need.objects.exists()
    assert Hotline.objects.get().needs.count() == 0
