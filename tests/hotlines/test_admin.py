"""The directory as an operator edits it: a real login, real forms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from realtime.accounts.models import User
from realtime.hotlines import operations, tool
from realtime.hotlines.models import (
    Contact,
    Country,
    EmergencyNumber,
    HandDeletion,
    Hotline,
    Need,
)
from realtime.hotlines.queries import current_directory
from realtime.hotlines.wording import freshness
from tests.hotlines.samples import a_file, a_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = a_file(tmp_path, a_row("gb-a"), a_row("gb-b"), lead_lines={"GB": "gb-a"})
    operations.import_files(paths=[path])
    return path


@pytest.fixture
def operator(client: Client) -> User:
    user = User.objects.create_superuser("operator")
    client.force_login(user)
    return user


@pytest.fixture
def admin(client: Client, operator: User, path: Path) -> Client:
    return client


def form_of(client: Client, model: str, key: str) -> tuple[str, dict[str, Any]]:
    """Open a form of the admin and give its address and what it would send unchanged."""
    address = reverse(f"admin:hotlines_{model}_change", args=[key])
    shown = client.get(address).context
    sent: dict[str, Any] = {}
    forms = [shown["adminform"].form]
    for inline in shown["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    for form in forms:
        for bound in form:
            value = bound.value()
            if value is True:
                sent[bound.html_name] = "on"
            elif value is not None and value is not False:
                sent[bound.html_name] = getattr(value, "pk", value)
            if bound.field.show_hidden_initial:
                sent[bound.html_initial_name] = value
    return address, sent


def saved(client: Client, model: str, key: str, **changes: str) -> None:
    assert save(client, model, key, **changes) is None


def save(client: Client, model: str, key: str, **changes: str) -> Any:
    address, sent = form_of(client, model, key)
    sent.update({name.replace("__", "-"): value for name, value in changes.items()})
    answer = client.post(address, sent)
    return answer.context["errors"] if answer.status_code == 200 else None


def test_a_need_added_in_the_admin_is_offered_to_the_model_without_a_restart(
    client: Client, path: Path
) -> None:
    User.objects.create_superuser("operator", password="a long password")
    before = tool.find_hotlines_arguments(current_directory()).model_json_schema()

    assert client.login(username="operator", password="a long password")
    answer = client.post(
        reverse("admin:hotlines_need_add"),
        {"slug": "loneliness", "name": "Loneliness", "definition": "Feeling alone for long."},
    )

    after = tool.find_hotlines_arguments(current_directory()).model_json_schema()
    assert answer.status_code == 302
    assert "loneliness" not in str(before)
    assert "loneliness" in after["properties"]["needs"]["items"]["enum"]
    assert "loneliness: Feeling alone for long." in after["properties"]["needs"]["description"]


def test_a_number_edited_in_the_admin_is_marked_with_who_and_when(
    admin: Client, operator: User
) -> None:
    errors = save(
        admin, "hotline", "gb-a", contacts__0__value="020 7946 0005", contacts__0__e164=""
    )

    contact = Contact.objects.get(hotline_id="gb-a")
    assert errors is None
    assert (contact.value, contact.edited_by_hand) == ("020 7946 0005", True)
    assert contact.edited_by == operator
    assert contact.edited_at is not None
    assert not Hotline.objects.get(slug="gb-a").edited_by_hand


def test_a_number_edited_in_the_admin_is_answered_at_once_and_survives_an_import(
    admin: Client, path: Path
) -> None:
    saved(admin, "hotline", "gb-a", contacts__0__value="020 7946 0005", contacts__0__e164="")

    report = operations.import_files(paths=[path], again=True)

    assert report is not None
    assert any("gb-a: contacts edited by hand, kept" in said for said in report.remarks)
    line = next(line for line in current_directory().lines if line.id == "gb-a")
    assert [contact.value for contact in line.contacts] == ["020 7946 0005"]


def test_a_number_given_back_is_imported_again(admin: Client, path: Path) -> None:
    saved(admin, "hotline", "gb-a", contacts__0__value="020 7946 0005", contacts__0__e164="")
    address, sent = form_of(admin, "hotline", "gb-a")
    del sent["contacts-0-edited_by_hand"]
    admin.post(address, sent)

    operations.import_files(paths=[path], again=True)

    assert Contact.objects.get(hotline_id="gb-a").value == "020 7946 0001"


def test_a_number_deleted_in_the_admin_is_remembered(admin: Client, path: Path) -> None:
    saved(admin, "hotline", "gb-a", contacts__0__DELETE="on")

    operations.import_files(paths=[path], again=True)

    assert HandDeletion.objects.get().key == "gb-a phone 020 7946 0001"
    assert not Contact.objects.filter(hotline_id="gb-a").exists()


def test_a_field_edited_in_the_admin_marks_the_line_and_not_its_numbers(admin: Client) -> None:
    saved(admin, "hotline", "gb-a", name="By hand")

    assert Hotline.objects.get(slug="gb-a").edited_by_hand
    assert not Contact.objects.get(hotline_id="gb-a").edited_by_hand


def test_a_check_is_worded_as_one_and_leaves_the_line_to_the_files(admin: Client) -> None:
    saved(admin, "hotline", "gb-a", checked_on="2026-11-03", checked_how="by phone")

    line = next(line for line in current_directory().lines if line.id == "gb-a")
    assert freshness(line) == "checked by this site, 3 November 2026, by phone"
    assert not Hotline.objects.get(slug="gb-a").edited_by_hand


def test_a_source_edited_in_the_admin_marks_its_line(admin: Client) -> None:
    saved(admin, "hotline", "gb-a", sources__0__date="2026-11-03")

    assert Hotline.objects.get(slug="gb-a").edited_by_hand


def test_a_line_deleted_in_the_admin_is_remembered(admin: Client, path: Path) -> None:
    admin.post(reverse("admin:hotlines_hotline_delete", args=["gb-b"]), {"post": "yes"})

    operations.import_files(paths=[path], again=True)

    assert not Hotline.objects.filter(slug="gb-b").exists()


def test_lines_deleted_by_the_lists_action_are_remembered(admin: Client) -> None:
    admin.post(
        reverse("admin:hotlines_hotline_changelist"),
        {"action": "delete_selected", "_selected_action": ["gb-a", "gb-b"], "post": "yes"},
    )

    assert set(HandDeletion.objects.values_list("key", flat=True)) == {"gb-a", "gb-b"}


def test_an_emergency_number_edited_in_the_admin_is_marked_and_answered(admin: Client) -> None:
    number = EmergencyNumber.objects.get()
    saved(admin, "emergencynumber", str(number.pk), number="112")

    number.refresh_from_db()
    assert number.edited_by_hand
    assert current_directory().countries["GB"].emergency[0].number == "112"


def test_an_emergency_number_deleted_under_its_country_is_remembered(admin: Client) -> None:
    saved(admin, "country", "GB", emergency_numbers__0__DELETE="on")

    assert str(HandDeletion.objects.get()) == "emergency number GB general 999"


def test_a_lead_line_chosen_in_the_admin_leads(admin: Client) -> None:
    saved(admin, "country", "GB", lead="gb-b")

    assert current_directory().countries["GB"].lead == "gb-b"
    assert Country.objects.get(code="GB").edited_by_hand


def test_a_line_of_another_country_cannot_lead(admin: Client) -> None:
    errors = save(admin, "country", "FR", lead="gb-b")

    assert "not one of the available choices" in str(errors)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"contacts__0__value": "call us"}, "can be dialled"),
        ({"contacts__0__value": "020 7946 0999"}, "are two numbers"),
        ({"contacts__0__e164": "0207946"}, "E.164"),
        ({"contacts__0__kind": "chat", "contacts__0__e164": ""}, "http(s) address"),
        ({"international": "on"}, "not both"),
        ({"hours": "set"}, "Say in words"),
        ({"hours_text": "weekdays"}, "at set times"),
        ({"hours": "set", "hours_text": "x", "opening": '[{"days": []}]'}, "each opening"),
        (
            {
                "hours": "set",
                "hours_text": "x",
                "opening": '[{"days": ["mon"], "open": "09:00", "close": "17:00"}]',
            },
            "need a time zone",
        ),
        ({"website": "javascript:alert(1)"}, "http(s) address"),
        ({"languages": "english"}, "did not validate"),
        ({"last_seen": "yesterday"}, "is not a date"),
        ({"checked_on": "2026-11-03"}, "how it was done"),
        ({"time_zone": "Europe/Atlantis"}, "IANA"),
    ],
)
def test_a_form_that_makes_no_sense_is_refused(
    admin: Client, changes: dict[str, str], reason: str
) -> None:
    assert reason in str(save(admin, "hotline", "gb-a", **changes)).replace("&#x27;", "'")


def test_an_unlikely_number_is_saved_with_a_warning(admin: Client) -> None:
    address, sent = form_of(admin, "hotline", "gb-a")
    sent |= {"contacts-0-value": "01632 960001", "contacts-0-e164": "+441632960001"}

    said = admin.post(address, sent, follow=True).content.decode()

    assert "Saved, but please look again" in said


@pytest.mark.parametrize(
    "model",
    [
        "hotline",
        "need",
        "audience",
        "country",
        "emergencynumber",
        "emergencysource",
        "handdeletion",
        "importedfile",
    ],
)
def test_every_list_can_be_opened(admin: Client, model: str) -> None:
    answer = admin.get(reverse(f"admin:hotlines_{model}_changelist"))

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({"q": "gb-a"}, ["gb-a"]),
        ({"q": "7946"}, ["gb-a", "gb-b"]),
        ({"conflicts": "yes"}, ["gb-b"]),
        ({"conflicts": "no"}, ["gb-a"]),
        ({"confidence__exact": "medium"}, ["gb-b"]),
        ({"countries__code__exact": "GB"}, ["gb-a", "gb-b"]),
    ],
)
def test_lines_can_be_searched_and_filtered(
    admin: Client, asked: dict[str, str], shown: list[str]
) -> None:
    Hotline.objects.filter(slug="gb-b").update(conflicts="Two numbers.", confidence="medium")

    answer = admin.get(reverse("admin:hotlines_hotline_changelist"), asked)

    assert sorted(line.slug for line in answer.context["cl"].result_list) == shown


def test_a_deletion_can_be_taken_back(admin: Client, path: Path) -> None:
    admin.post(reverse("admin:hotlines_need_delete", args=["suicide"]), {"post": "yes"})
    memory = HandDeletion.objects.get()
    admin.post(reverse("admin:hotlines_handdeletion_delete", args=[memory.pk]), {"post": "yes"})

    operations.import_files(paths=[path], again=True)

    assert Need.objects.filter(slug="suicide").exists()
    assert Hotline.objects.get(slug="gb-a").needs.count() == 1
