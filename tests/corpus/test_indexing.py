"""Which index should serve, and its files on this machine."""

from __future__ import annotations

import fcntl
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from realtime.corpus import embedding, indexing
from realtime.corpus.models import Exchange, IndexVersion, Risk
from realtime.corpus.searching.building import Row
from realtime.corpus.searching.index import Index
from realtime.corpus.signals import corpus_changed
from tests.corpus.shelves import TALKS, exchanges, source

pytestmark = pytest.mark.django_db


def version() -> IndexVersion:
    noted = indexing.note_change()
    assert noted is not None
    return noted


def test_of_nothing_there_is_no_version() -> None:
    assert indexing.note_change() is None
    assert not IndexVersion.objects.exists()


def test_every_change_names_another_version_and_no_change_none() -> None:
    exchanges()
    first, again = version(), version()
    Exchange.objects.filter(row=1).delete()
    second = version()

    assert first == again != second
    assert (first.rows, second.rows) == (len(TALKS), len(TALKS) - 1)
    assert indexing.newest() == second


def test_an_emptied_corpus_has_a_version_of_no_rows() -> None:
    exchanges()
    version()
    Exchange.objects.all().delete()

    assert version().rows == 0


@pytest.mark.parametrize(
    "changes", [{"usable": False}, {"risk": Risk.CONCERN}, {"risk": Risk.CRISIS}]
)
def test_rows_at_risk_and_unusable_ones_are_never_indexed(
    changes: dict[str, object], index_dir: Path
) -> None:
    exchanges()
    kept = version().digest
    hidden = exchanges(source(sha256="1" * 64), **changes)

    again = version()
    built = Index(indexing.build(again, child=False, wait=False))

    assert again.digest == kept
    assert not {row.pk for row in hidden} & set(built.ids.tolist())


def test_a_change_that_is_told_is_noted() -> None:
    exchanges()

    corpus_changed.send(sender=None)

    newest = indexing.newest()
    assert newest is not None
    assert newest.rows == len(TALKS)


@pytest.mark.parametrize("child", [True, False])
def test_its_files_are_built_and_hold_every_row(index_dir: Path, child: bool) -> None:
    made = exchanges()

    folder = indexing.build(version(), child=child, wait=False)

    assert Index(folder).ids.tolist() == [row.pk for row in made]
    assert folder.parent == index_dir


def test_what_is_built_is_not_built_again(
    index_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchanges()
    indexing.build(version(), child=False, wait=False)
    monkeypatch.setattr(indexing, "rows_of", None)

    indexing.build(version(), child=False, wait=False)


def test_broken_files_are_built_again(index_dir: Path) -> None:
    exchanges()
    folder = indexing.build(version(), child=False, wait=False)
    (folder / "words.texts.npy").write_bytes(b"?")

    indexing.build(version(), child=False, wait=False)

    assert len(Index(folder).ids) == len(TALKS)


def test_old_versions_and_left_overs_are_removed(index_dir: Path) -> None:
    exchanges()
    old = indexing.build(version(), child=False, wait=False)
    (index_dir / "tmp-of-one-that-was-killed").mkdir()
    Exchange.objects.filter(row=1).delete()

    new = indexing.build(version(), child=False, wait=False)

    assert {path.name for path in index_dir.iterdir()} == {new.name, ".lock"}
    assert old != new


def test_one_process_of_a_machine_builds(index_dir: Path) -> None:
    exchanges()
    index_dir.mkdir()
    with (index_dir / ".lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(indexing.NotBuilt, match="another process"):
            indexing.build(version(), child=False, wait=False)

    indexing.build(version(), child=False, wait=False)


@pytest.mark.parametrize("child", [True, False])
def test_a_corpus_that_changed_meanwhile_is_not_served_half(index_dir: Path, child: bool) -> None:
    exchanges()
    before = version()
    Exchange.objects.filter(row=1).delete()

    with pytest.raises(indexing.NotBuilt, match="changed"):
        indexing.build(before, child=child, wait=False)
    assert [path.name for path in index_dir.iterdir()] == [".lock"]


def test_a_child_that_dies_is_told(index_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exchanges()
    monkeypatch.setattr(sys, "executable", "/bin/false")

    with pytest.raises(indexing.NotBuilt, match="ended with 1"):
        indexing.build(version(), child=True, wait=False)


def test_a_child_that_dies_among_many_rows_is_told(
    index_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(_: IndexVersion) -> Iterator[Row]:
        for number in range(100_000):
            yield Row(number, "", "x" * 1_000, "", "00")

    exchanges()
    monkeypatch.setattr(sys, "executable", "/bin/false")
    monkeypatch.setattr(indexing, "rows_of", endless)

    with pytest.raises(indexing.NotBuilt, match="ended with 1"):
        indexing.build(version(), child=True, wait=False)


def test_a_child_is_given_no_secret(
    index_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "told"
    spy = tmp_path / "spy"
    spy.write_text(f"#!/bin/sh\nenv > {told}\ncat > /dev/null\nexit 1\n")
    spy.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(spy))
    exchanges()

    with pytest.raises(indexing.NotBuilt):
        indexing.build(version(), child=True, wait=False)

    assert "DATABASE_URL" not in told.read_text()
    assert "SECRET_KEY" not in told.read_text()


def test_vectors_are_part_of_the_method(settings: Settings) -> None:
    made = exchanges()
    without = version()
    settings.EMBEDDINGS_MODEL = "some-model"
    assert version() == without  # nothing is embedded yet

    embedding.keep(
        model="some-model", texts=[made[0].asked], vectors=[embedding.from_bytes(b"\0\0\x80?")]
    )
    assert version().method == {
        "embeddings": {"model": "some-model", "dimensions": 1, "vectors": 1}
    }
