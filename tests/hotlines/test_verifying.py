"""Which lines are asked for, what a check does, and who may say so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from realtime.accounts.models import User
from realtime.hotlines import history, operations
from realtime.hotlines.facts import Check
from realtime.hotlines.history import CheckRefused, Outcome
from realtime.hotlines.models import Contact, Country, HandDeletion, Hotline, HotlineCheck
from realtime.hotlines.queries import current_directory
from realtime.hotlines.verifying import enabled_countries, still_checked, to_verify
from realtime.hotlines.wording import freshness
from tests.hotlines.samples import NOW, a_directory, a_file, a_line, a_row

HALF_A_YEAR = timedelta(days=180)
DUE = "/admin/hotlines/hotline/to-verify/"


def checked(days_ago: int) -> Check:
    return Check(NOW.date() - timedelta(days=days_ago), "by phone")


def due(*lines: Any, lead: str | None = None) -> list[str]:
    directory = a_directory(*lines, lead=lead)
    enabled = enabled_countries(directory, ())
    found = to_verify(directory, enabled=enabled, now=NOW, lasts=HALF_A_YEAR)
    return [one.line.id for one in found]


def test_leads_come_first_then_conflicts_then_crisis_lines_then_the_oldest() -> None:
    lines = [
        a_line("gb-everyday", needs=("gambling",), last_seen=None),
        a_line("gb-new", needs=("suicide",), last_seen="2026-01"),
        a_line("gb-old", needs=("crisis",), last_seen="2021"),
        a_line("gb-doubt", needs=("gambling",), conflicts="Two numbers."),
        a_line("gb-lead"),
    ]

    assert due(*lines, lead="gb-lead") == [
        "gb-lead",
        "gb-doubt",
        "gb-old",
        "gb-new",
        "gb-everyday",
    ]


def test_what_was_checked_lately_is_not_asked_for() -> None:
    lines = a_line("gb-a", checked=checked(180)), a_line("gb-b", checked=checked(181))

    assert due(*lines) == ["gb-b"]


def test_a_check_before_a_number_was_edited_is_none() -> None:
    line = a_line(checked=checked(10), edited_on=NOW.date())

    assert not still_checked(line, now=NOW, lasts=HALF_A_YEAR)


def test_the_countries_asked_for_are_enabled_else_all_with_a_lead() -> None:
    directory = a_directory(a_line(), lead="gb-a")

    assert enabled_countries(directory, ()) == ("GB",)
    assert enabled_countries(directory, ("FR", "IE")) == ("FR", "IE")


def test_each_line_says_why_it_is_asked_for() -> None:
    directory = a_directory(a_line(conflicts="Two numbers.", checked=checked(999)), lead="gb-a")

    (found,) = to_verify(directory, enabled=["GB"], now=NOW, lasts=HALF_A_YEAR)
    assert found.why == (
        "first in GB",
        "sources conflict",
        "suicide or crisis",
        "check expired",
    )


@pytest.fixture
def lines(db: None, tmp_path: Path) -> None:
    rows = a_row("gb-a"), a_row("gb-b", conflicts="Two numbers.")
    operations.import_files(paths=[a_file(tmp_path, *rows, lead_lines={"GB": "gb-a"})])


@pytest.fixture
def operator(client: Client, lines: None) -> User:
    user = User.objects.create_superuser("operator")
    client.force_login(user)
    return user


@pytest.fixture
def checker(client: Client, lines: None) -> User:
    """Somebody who may change lines, and neither delete them nor anything else."""
    user = User.objects.create_user("checker", is_staff=True)
    for name in ("view_hotline", "change_hotline"):
        user.user_permissions.add(Permission.objects.get(codename=name))
    client.force_login(user)
    return user


def say(client: Client, slug: str = "gb-a", **found: str) -> str:
    """Say what was found out, as the page's buttons do, and give what the next page says."""
    line = next((one for one in current_directory().lines if one.id == slug), a_line())
    answer = client.post(f"{DUE}{slug}/", {"seen": line.mark, **found}, follow=True)
    assert answer.status_code == 200
    return " ".join(str(one) for one in answer.context["messages"])


def test_the_page_lists_what_is_due_with_its_numbers(client: Client, operator: User) -> None:
    html = client.get(DUE).content.decode()

    assert html.index("Line gb-a") < html.index("Line gb-b")
    assert "tel:+442079460001" in html
    assert "Sources conflict: Two numbers." in html
    assert "listed by example.org, April 2026" in html


def test_the_page_can_show_one_country(client: Client, operator: User) -> None:
    assert "2 lines" in client.get(DUE, {"country": "GB"}).content.decode()
    assert "Nothing is due here" in client.get(DUE, {"country": "FR"}).content.decode()


def test_one_click_checks_a_line_with_who_when_and_how(client: Client, operator: User) -> None:
    said = say(client, how="by phone")

    line = next(one for one in current_directory().lines if one.id == "gb-a")
    today = timezone.localdate()
    entry = HotlineCheck.objects.get()
    assert "gb-a: checked" in said
    assert line.checked == Check(today, "by phone")
    assert freshness(line).startswith("checked by this site, ")
    assert (entry.line, entry.outcome, entry.how, entry.by) == ("gb-a", "ok", "by phone", operator)
    assert entry.at.date() == today
    assert "Line gb-a" not in client.get(DUE).content.decode()


def test_a_check_alone_leaves_the_conflict(client: Client, operator: User) -> None:
    say(client, "gb-b", how="by phone")

    assert Hotline.objects.get(pk="gb-b").conflicts == "Two numbers."


def test_a_settled_conflict_is_gone_and_stays_gone(
    client: Client, operator: User, tmp_path: Path
) -> None:
    say(client, "gb-b", how="on the operator's page", settled="on")
    rows = a_row("gb-a"), a_row("gb-b", conflicts="Two numbers.")
    operations.import_files(paths=[a_file(tmp_path, *rows, lead_lines={"GB": "gb-a"})], again=True)

    assert Hotline.objects.get(pk="gb-b").conflicts == ""
    assert "settled: Two numbers." in HotlineCheck.objects.get().note


def test_what_changed_loses_its_check_and_is_opened_to_be_mended(
    client: Client, operator: User
) -> None:
    say(client, how="by phone")

    answer = client.post(
        f"{DUE}gb-a/",
        {
            "how": "by phone",
            "outcome": "changed",
            "note": "A new number.",
            "seen": current_directory().lines[0].mark,
        },
    )

    assert answer["Location"] == reverse("admin:hotlines_hotline_change", args=["gb-a"])
    assert Hotline.objects.get(pk="gb-a").checked_on is None
    assert HotlineCheck.objects.first().note == "A new number."  # type: ignore[union-attr]  # there


def test_what_is_dead_goes_and_its_history_stays(
    client: Client, operator: User, tmp_path: Path
) -> None:
    say(client, how="by phone", outcome="dead", note="No such number.")
    rows = a_row("gb-a"), a_row("gb-b")
    operations.import_files(paths=[a_file(tmp_path, *rows, lead_lines={"GB": "gb-a"})], again=True)

    assert not Hotline.objects.filter(pk="gb-a").exists()
    assert Country.objects.get(pk="GB").lead is None
    assert HandDeletion.objects.get().key == "gb-a"
    assert HotlineCheck.objects.get().outcome == Outcome.DEAD
    shown = client.get(reverse("admin:hotlines_hotlinecheck_changelist"))
    assert "No such number." in shown.content.decode()


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ({}, "how"),
        ({"how": "by pigeon"}, "how"),
        ({"how": "by phone", "outcome": "maybe"}, "outcome"),
        ({"how": "by phone", "outcome": "edited"}, "outcome"),
        ({"how": "by phone", "note": "x" * 401}, "note"),
        ({"how": "by phone", "note": "\u202e"}, "note"),
        ({"how": "by phone", "seen": ""}, "seen"),
        ({"how": "by phone", "outcome": "dead"}, "Say what you found"),
        ({"how": "by phone", "seen": "another"}, "changed since you opened the page"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(
    client: Client, operator: User, found: dict[str, str], reason: str
) -> None:
    said = say(client, **found)

    assert said.startswith("Nothing was written down.")
    assert reason in said
    assert not HotlineCheck.objects.exists()
    assert Hotline.objects.get(pk="gb-a").checked_on is None


def test_a_number_that_changed_under_ones_hands_is_not_checked(
    client: Client, operator: User
) -> None:
    seen = current_directory().lines[0].mark
    Contact.objects.filter(hotline="gb-a").update(value="020 7946 0009", e164="")

    with pytest.raises(CheckRefused, match="changed since"):
        history.record_check(
            slug="gb-a", outcome=Outcome.OK, how="by phone", user=operator, seen=seen
        )


def test_a_line_that_is_gone_is_told(client: Client, operator: User) -> None:
    assert "This line is gone" in say(client, "gb-z", how="by phone")


def test_who_may_change_lines_may_check_but_not_remove(client: Client, checker: User) -> None:
    page = client.get(DUE).content.decode()
    removed = client.post(f"{DUE}gb-a/", {"how": "by phone", "outcome": "dead", "seen": "x"})

    assert "Checked today" in page
    assert "remove it" not in page
    assert removed.status_code == 403
    assert "gb-a: checked" in say(client, how="by phone")


@pytest.mark.parametrize(("names", "reads"), [(["view_hotline"], 200), ([], 403)])
def test_who_may_only_look_cannot_check(
    client: Client, lines: None, names: list[str], reads: int
) -> None:
    user = User.objects.create_user("looker", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(user)

    page = client.get(DUE)
    assert page.status_code == reads
    assert "Checked today" not in page.content.decode()
    assert client.post(f"{DUE}gb-a/", {"how": "by phone", "seen": "x"}).status_code == 403


def test_a_stranger_is_sent_to_the_door(client: Client, lines: None) -> None:
    assert client.get(DUE).status_code == 302
    assert client.post(f"{DUE}gb-a/", {"how": "by phone", "seen": "x"}).status_code == 302
    assert not HotlineCheck.objects.exists()


def test_a_check_needs_the_forms_token_and_a_post(operator: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(operator)

    assert strict.post(f"{DUE}gb-a/", {"how": "by phone", "seen": "x"}).status_code == 403
    assert strict.get(f"{DUE}gb-a/").status_code == 405


@pytest.fixture
def form(client: Client, operator: User) -> Callable[..., None]:
    from tests.hotlines.test_admin import saved

    return lambda **changes: saved(client, "hotline", "gb-a", **changes)


def test_edits_are_kept_with_the_old_and_the_new(
    form: Callable[..., None], operator: User
) -> None:
    form(name="By hand", contacts__0__value="020 7946 0005", contacts__0__e164="")

    entry = HotlineCheck.objects.get()
    assert (entry.outcome, entry.by) == ("edited", operator)
    assert "name: Line gb-a -> By hand" in entry.note
    old, new = "phone 020 7946 0001 +442079460001", "phone 020 7946 0005"
    assert f"contacts: {old} -> {new}" in entry.note


def test_a_check_typed_into_the_form_is_kept_as_one(form: Callable[..., None]) -> None:
    form(checked_on="2026-11-03", checked_how="by phone")

    entry = HotlineCheck.objects.get()
    assert (entry.outcome, entry.how, entry.note) == ("ok", "by phone", "dated 2026-11-03")


def test_a_number_edited_after_its_check_is_no_longer_checked(
    client: Client, form: Callable[..., None]
) -> None:
    say(client, how="by phone")

    form(contacts__0__value="020 7946 0005", contacts__0__e164="")

    line = next(one for one in current_directory().lines if one.id == "gb-a")
    assert line.checked is None
    assert freshness(line).startswith("edited by this site, ")


@pytest.mark.parametrize(
    ("name", "value"), [("e164", ""), ("note", "then press 1"), ("kind", "tty")]
)
def test_any_field_of_a_contact_edited_after_its_check_ends_it(
    client: Client, form: Callable[..., None], name: str, value: str
) -> None:
    say(client, how="by phone")

    form(**{f"contacts__0__{name}": value})

    row = Hotline.objects.get(pk="gb-a")
    assert (row.checked_on, row.checked_how) == (None, "")
    assert value in HotlineCheck.objects.get(outcome="edited").note


def test_what_an_import_changes_or_removes_stands_in_the_history(
    lines: None, tmp_path: Path
) -> None:
    other = a_row("gb-a", contacts=[{"kind": "phone", "value": "116 123"}])

    operations.import_files(paths=[a_file(tmp_path, other, lead_lines={"GB": "gb-a"})])

    notes = dict(HotlineCheck.objects.values_list("line", "note"))
    assert notes == {
        "gb-a": "contacts: phone 020 7946 0001 -> phone 116 123",
        "gb-b": "gone from the file",
    }


def test_a_form_saved_unchanged_writes_nothing(form: Callable[..., None]) -> None:
    form()

    assert not HotlineCheck.objects.exists()


def test_a_lines_page_shows_its_history(client: Client, operator: User) -> None:
    say(client, how="by phone")

    page = client.get(reverse("admin:hotlines_hotline_change", args=["gb-a"])).content.decode()
    assert "operator: <strong>checked: all of it is right</strong>, by phone" in page


def test_a_deleted_line_leaves_a_trace(client: Client, operator: User) -> None:
    client.post(reverse("admin:hotlines_hotline_delete", args=["gb-b"]), {"post": "yes"})

    assert HotlineCheck.objects.get(line="gb-b").note == "deleted"


def test_history_can_be_read_and_not_changed(client: Client, operator: User) -> None:
    say(client, how="by phone")
    entry = HotlineCheck.objects.get()

    assert client.get(reverse("admin:hotlines_hotlinecheck_add")).status_code == 403
    delete = reverse("admin:hotlines_hotlinecheck_delete", args=[entry.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 403
    assert HotlineCheck.objects.count() == 1


def test_the_list_of_lines_leads_to_what_is_due(client: Client, operator: User) -> None:
    assert DUE in client.get(reverse("admin:hotlines_hotline_changelist")).content.decode()


def test_a_check_of_today_counts_from_today() -> None:
    line = a_line(checked=Check(date(2026, 11, 23), "by phone"))

    assert still_checked(line, now=NOW, lasts=timedelta(days=1))
