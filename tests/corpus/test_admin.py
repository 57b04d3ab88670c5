"""Imports and rows in the admin: to be looked at, and an import to be removed with its rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from realtime.accounts.models import User
from realtime.corpus.models import Exchange, Import
from tests.corpus.conftest import Command, Committing
from tests.corpus.files import ANSWER, SECOND, TALK, as_csv, as_lines, counsel_chat

pytestmark = pytest.mark.django_db
IMPORTS, ROWS = "/admin/corpus/import/", "/admin/corpus/exchange/"


@pytest.fixture
def admin() -> Client:
    client = Client(headers={"Host": "localhost"})
    client.force_login(User.objects.create_superuser("boss"))
    return client


@pytest.fixture
def imported(tmp_path: Path, dataset: Command) -> Import:
    linked = counsel_chat(answerText=f"{SECOND} See www.example.org.")
    risky = counsel_chat(questionText="I want to die.", questionTitle="Tired")
    dataset("import", as_csv(tmp_path / "a.csv", [counsel_chat(), linked, risky]))
    return Import.objects.get()


def test_imports_are_listed_with_their_counts(admin: Client, imported: Import) -> None:
    page = admin.get(IMPORTS).content.decode()
    for name, count in (("exchanges_count", 3), ("usable_count", 1), ("risk_count", 1)):
        assert f'field-{name}">{count}<' in page


def test_an_import_shows_licence_counts_and_where_its_rows_are(
    admin: Client, imported: Import
) -> None:
    page = admin.get(f"{IMPORTS}{imported.pk}/change/").content.decode()
    assert "Permission is hereby granted" in page
    assert "<td>with a link</td><td>1</td>" in page
    assert f"{ROWS}?source__id__exact={imported.pk}" in page


def test_rows_are_found_by_import_risk_flag_and_words(admin: Client, imported: Import) -> None:
    for query, count in (
        ({"source__id__exact": imported.pk}, 3),
        ({"flag": "link"}, 1),
        ({"risk__exact": "crisis"}, 1),
        ({"usable__exact": 1}, 1),
        ({"q": "resting"}, 2),
        ({"flag": "phone"}, 0),
    ):
        assert admin.get(ROWS, query).context["cl"].result_count == count


def test_a_row_shows_its_text_and_what_was_found(admin: Client, imported: Import) -> None:
    linked = Exchange.objects.get(flags__contains=["link"])
    page = admin.get(f"{ROWS}{linked.pk}/change/").content.decode()
    assert SECOND[:60] in page
    assert "<strong>link</strong>" in page
    assert "from counsel-chat, by a counsellor" in page


def test_a_row_links_to_those_that_are_nearly_the_same(admin: Client, imported: Import) -> None:
    first = Exchange.objects.get(answer=ANSWER, risk="none")
    other = Exchange.objects.get(risk="crisis")
    page = admin.get(f"{ROWS}{other.pk}/change/").content.decode()
    assert f'<a href="{ROWS}{first.pk}/change/">{first.pk}</a>' in page


def test_what_was_said_before_is_shown_and_markup_is_text(
    admin: Client, tmp_path: Path, dataset: Command
) -> None:
    said = [{"role": "user", "content": "a <x onload=y>"}, *TALK[2:]]
    dataset("import", as_lines(tmp_path / "a.jsonl", [{"messages": said}]))
    page = admin.get(f"{ROWS}{Exchange.objects.get(turn=1).pk}/change/").content.decode()
    assert "<b>user</b>: a &lt;x onload=y&gt;" in page


def test_nothing_is_added_or_changed_by_hand(admin: Client, imported: Import) -> None:
    row = Exchange.objects.all()[0]
    for path in (f"{IMPORTS}add/", f"{ROWS}add/", f"{ROWS}{row.pk}/delete/"):
        assert admin.get(path).status_code == 403
    assert admin.post(f"{ROWS}{row.pk}/change/", {"answer": "x"}).status_code == 403
    assert Exchange.objects.get(pk=row.pk).answer == row.answer


def test_an_import_is_removed_with_its_rows_after_a_question(
    admin: Client, imported: Import, changes: list[object], committing: Committing
) -> None:
    asked = admin.get(f"{IMPORTS}{imported.pk}/delete/").content.decode()
    assert "Exchanges: 3" in asked

    with committing():
        admin.post(f"{IMPORTS}{imported.pk}/delete/", {"post": "yes"})
    assert not Import.objects.exists()
    assert not Exchange.objects.exists()
    assert len(changes) == 1


def test_several_are_removed_by_the_action(
    admin: Client, imported: Import, changes: list[object], committing: Committing
) -> None:
    chosen = {"action": "delete_selected", "_selected_action": imported.pk, "post": "yes"}
    with committing():
        admin.post(IMPORTS, chosen)
    assert not Import.objects.exists()
    assert len(changes) == 1
