from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from realtime.hotlines import operations, queries
from realtime.hotlines.directory import Directory
from realtime.hotlines.models import Contact, DirectoryVersion, Hotline, Need
from realtime.hotlines.queries import current_directory
from tests.hotlines.samples import a_file, a_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def imported(tmp_path: Path) -> None:
    operations.import_files(paths=[a_file(tmp_path, a_row())])


@pytest.fixture
def broken_database() -> Iterator[None]:
    """The outermost wire: every statement fails as when Postgres is gone."""

    def refuse(*_: object) -> None:
        raise OperationalError("connection refused")

    with connection.execute_wrapper(refuse):
        yield


@pytest.mark.usefixtures("imported")
def test_the_directory_is_held_and_only_its_version_is_asked_for(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    first = current_directory()

    with django_assert_num_queries(1):
        assert current_directory() is first


@pytest.mark.usefixtures("imported")
def test_a_page_that_everybody_loads_need_not_ask_each_time(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    first = current_directory(at_most_s=60)

    with django_assert_num_queries(0):
        assert current_directory(at_most_s=60) is first
    with django_assert_num_queries(1):
        current_directory()


@pytest.mark.usefixtures("imported")
def test_a_changed_row_is_seen_at_the_next_call() -> None:
    current_directory()

    Hotline.objects.get().contacts.add(Contact(kind="sms", value="85258"), bulk=False)

    assert [one.value for one in current_directory().lines[0].contacts][-1] == "85258"


@pytest.mark.usefixtures("imported")
def test_a_changed_link_between_rows_is_seen_at_the_next_call() -> None:
    need = Need.objects.create(slug="weather", name="Weather", definition="Weather.")
    current_directory()

    Hotline.objects.get().needs.add(need)

    assert current_directory().lines[0].needs == ("suicide", "weather")


@pytest.mark.usefixtures("imported")
def test_an_import_is_seen_at_the_next_call(tmp_path: Path) -> None:
    current_directory()

    operations.import_files(paths=[a_file(tmp_path, a_row(name="New name"))])

    assert current_directory().lines[0].name == "New name"


@pytest.mark.usefixtures("imported")
def test_what_changes_while_it_is_read_is_not_held_half(tmp_path: Path) -> None:
    """A read takes several queries: here a change follows one of them."""
    changes = iter([lambda: operations.import_files(paths=[a_file(tmp_path, a_row(name="New"))])])

    def and_then_change(execute: Any, sql: str, *rest: Any) -> Any:
        result = execute(sql, *rest)
        if 'FROM "hotlines_contact"' in sql and (change := next(changes, None)):
            change()
        return result

    with connection.execute_wrapper(and_then_change):
        read = current_directory(at_most_s=60)

    assert [line.name for line in read.lines] == ["New"]
    assert current_directory(at_most_s=60) is read


@pytest.mark.usefixtures("imported")
def test_what_is_emptied_while_it_is_read_gives_the_projects_own_files(
    packaged: Directory,
) -> None:
    def and_then_empty(execute: Any, sql: str, *rest: Any) -> Any:
        if 'FROM "hotlines_hotline"' in sql:
            DirectoryVersion.objects.all().delete()
        return execute(sql, *rest)

    with connection.execute_wrapper(and_then_empty):
        read = current_directory(at_most_s=60)

    assert len(read.lines) == len(packaged.lines)


@pytest.mark.usefixtures("imported")
def test_a_deleted_row_is_seen_at_the_next_call() -> None:
    current_directory()

    Hotline.objects.get().delete()

    assert current_directory().lines == ()


@pytest.mark.usefixtures("imported")
def test_a_change_that_is_rolled_back_changes_nothing() -> None:
    before = DirectoryVersion.objects.get().token

    with transaction.atomic():
        Hotline.objects.get().delete()
        transaction.set_rollback(True)

    assert DirectoryVersion.objects.get().token == before


def test_before_the_first_import_the_projects_own_files_serve(packaged: Directory) -> None:
    assert len(current_directory().lines) == len(packaged.lines)


@pytest.mark.usefixtures("imported")
def test_the_last_good_directory_serves_while_the_database_is_gone(
    request: pytest.FixtureRequest,
) -> None:
    good = current_directory()
    request.getfixturevalue("broken_database")

    assert current_directory() is good


@pytest.mark.usefixtures("broken_database")
def test_a_start_without_a_database_serves_the_projects_own_files(packaged: Directory) -> None:
    assert len(current_directory().lines) == len(packaged.lines)


@pytest.mark.usefixtures("imported")
def test_a_database_that_is_gone_is_not_asked_by_everybody(
    request: pytest.FixtureRequest, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    request.getfixturevalue("broken_database")
    current_directory()

    with django_assert_num_queries(0):
        current_directory()


@pytest.mark.usefixtures("imported")
def test_a_database_that_came_back_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "_PAUSE_S", 0.0)

    def refuse(*_: object) -> None:
        raise OperationalError("connection refused")

    with connection.execute_wrapper(refuse):
        current_directory()

    assert [line.id for line in current_directory().lines] == ["gb-a"]


@pytest.mark.django_db(transaction=True)
def test_threads_that_ask_at_once_get_one_directory(tmp_path: Path) -> None:
    operations.import_files(paths=[a_file(tmp_path, a_row())])
    found: list[Directory] = []

    def ask() -> None:
        found.append(current_directory())
        connection.close()

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(directory) for directory in found}) == 1
