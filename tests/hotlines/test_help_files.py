from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from realtime.hotlines import help_files
from realtime.hotlines.directory import Directory
from realtime.hotlines.facts import Contact
from realtime.hotlines.help_files import help_page, set_name, write_pages
from tests.hotlines.samples import a_directory, a_line


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.HELP_DIR = tmp_path / "help"
    return tmp_path / "help"


def reached_by(number: str) -> Directory:
    return a_directory(a_line(contacts=(Contact("phone", number),)))


def hold(patch: pytest.MonkeyPatch, directory: Directory) -> None:
    """As a process that read this from the database."""
    patch.setattr(help_files, "stored_directory", lambda: directory)


def sets_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"current"}


def test_the_written_pages_are_served_by_who_cannot_reach_the_database(folder: Path) -> None:
    write_pages(reached_by("020 7946 0123"))

    assert b"Call 020 7946 0123" in help_page("GB").content
    assert b"Call 020 7946 0123" in help_page(" gb").content
    assert b"Where are you?" in help_page(None).content


def test_who_knows_the_directory_never_shows_an_older_page(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pages(reached_by("020 7946 0001"))
    newer = reached_by("020 7946 0002")
    hold(monkeypatch, newer)
    monkeypatch.setattr(help_files, "directory_in_memory", lambda: newer)

    assert b"020 7946 0002" in help_page("GB").content
    assert b"020 7946 0001" not in help_page("GB").content


def test_a_page_from_a_file_is_the_page_from_memory(
    folder: Path, packaged: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(monkeypatch, packaged)
    monkeypatch.setattr(help_files, "directory_in_memory", lambda: packaged)
    from_memory = [help_page(country) for country in (None, "US", "IN", "United Kingdom")]

    write_pages(packaged)

    assert {path.name for path in (folder / set_name(packaged)).iterdir()} == {
        f"{code}.html" for code in ("any", *packaged.countries)
    }
    from_files = [help_page(country) for country in (None, "US", "IN", "uk")]
    assert from_files == from_memory


@pytest.mark.parametrize("country", ["XX", "../GB", "", "<b>", "gb\x00", "x" * 5_000])
def test_what_is_no_country_is_answered_from_memory(
    country: str, folder: Path, packaged: Directory
) -> None:
    write_pages(a_directory(a_line()))

    assert b"We do not know a country called" in help_page(country or "?").content


def test_without_a_folder_the_product_s_own_lines_are_shown(folder: Path) -> None:
    assert b"tel:116123" in help_page("GB").content


@pytest.mark.parametrize("torn", ["no such set", "0" * 32, "\xff", ""])
def test_a_torn_folder_costs_nobody_the_page(torn: str, folder: Path) -> None:
    folder.mkdir()
    (folder / "current").write_text(torn, "latin-1")

    assert b"tel:116123" in help_page("GB").content


def test_where_nothing_can_be_written_that_is_told_and_no_error(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    settings.HELP_DIR = tmp_path / "file" / "help"

    assert write_pages(reached_by("020 7946 0001")) is False


def test_a_set_that_could_not_be_written_whole_is_not_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pages(reached_by("020 7946 0001"))
    before = sets_in(folder)

    def full(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(help_files, "render_help", full)

    assert write_pages(reached_by("020 7946 0002")) is False
    assert sets_in(folder) == before


def test_what_is_written_already_is_not_made_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pages(reached_by("020 7946 0001"))
    monkeypatch.setattr(help_files, "render_help", lambda *_, **__: pytest.fail("made again"))

    assert write_pages(reached_by("020 7946 0001")) is True


def test_old_sets_go_and_the_current_one_stays(folder: Path) -> None:
    for last in (1, 2, 3, 4, 5, 1, 6, 7, 8, 1):
        write_pages(reached_by(f"020 7946 000{last}"))

    assert len(sets_in(folder)) == 4
    assert (folder / "current").read_text() in sets_in(folder)


@pytest.mark.django_db
def test_the_import_writes_the_pages_and_does_its_work_where_it_cannot(
    folder: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("import_hotlines")

    current = (folder / "current").read_text()
    assert b"tel:116123" in (folder / current / "GB.html").read_bytes()
    assert capsys.readouterr().err == ""

    settings.HELP_DIR = folder / "current" / "below a file"
    call_command("import_hotlines")

    said = capsys.readouterr()
    assert "Help lines: " in said.out
    assert "servers make them from memory" in said.err
