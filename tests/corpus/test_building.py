"""An index is built whole or not at all, of many rows in little memory, here or by a child."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from realtime.corpus.searching import building, files, postings
from realtime.corpus.searching.building import LEAST_FLOOR, Incomplete, Row, build, rows_of
from realtime.corpus.searching.files import Broken
from realtime.corpus.searching.index import Index
from tests.corpus.shelves import TALKS, rows

ROOT = Path(__file__).parents[2]


def lines(many: int | None = None) -> list[str]:
    said = [row.line() for row in rows()]
    return [*said, json.dumps({"end": len(said) if many is None else many})]


def test_the_same_rows_make_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        build(rows(), tmp_path / name)

    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_it_makes_no_difference_how_many_are_held_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(rows(), tmp_path / "one")
    monkeypatch.setattr(postings, "_TOGETHER", 300)
    build(rows(), tmp_path / "two")

    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_rare_letters_and_pairs_are_left_out_of_a_great_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = build(rows(), tmp_path / "whole")
    monkeypatch.setattr(building, "_MANY", 5)
    monkeypatch.setattr(building, "_VERY_MANY", 5)
    monkeypatch.setattr(building, "_COMMONEST", 6)
    pruned = build(rows(), tmp_path / "pruned")

    sizes = np.diff(pruned._grams.starts)
    assert (sizes.min(), sizes.max()) == (2, 6)
    assert np.diff(pruned._words.starts).min() == 2
    assert np.diff(whole._words.starts).min() == 1


def test_rows_that_break_off_make_nothing(tmp_path: Path) -> None:
    def broken() -> Iterator[Row]:
        yield from rows()
        raise Incomplete

    with pytest.raises(Incomplete):
        build(broken(), tmp_path / "index")
    assert list(tmp_path.iterdir()) == []


def test_a_new_index_takes_the_place_of_another_that_goes_on_serving(tmp_path: Path) -> None:
    old = build(rows(3), tmp_path / "index")
    new = build(rows(), tmp_path / "index")

    assert (len(old.ids), len(new.ids)) == (3, len(TALKS))
    assert old.search(TALKS[0][1], limit=1)  # of files that are gone
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


def test_a_child_builds_what_it_is_sent(tmp_path: Path) -> None:
    done = child(tmp_path / "index", lines())

    assert done.returncode == 0, done.stderr
    assert Index(tmp_path / "index").ids.tolist() == [row.id for row in rows()]


@pytest.mark.parametrize("sent", [lines()[:-1], lines(many=13), ["no json"], []])
def test_a_child_whose_rows_do_not_come_to_their_end_builds_nothing(
    tmp_path: Path, sent: list[str]
) -> None:
    assert child(tmp_path / "index", sent).returncode != 0
    assert list(tmp_path.iterdir()) == []


def child(folder: Path, sent: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "realtime.corpus.searching.building", str(folder)],
        input="".join(f"{line}\n" for line in sent),
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        cwd=folder.parent,
        text=True,
        capture_output=True,
    )


def test_searching_imports_neither_django_nor_the_heavy_libraries() -> None:
    """A server pays for numpy alone: scikit-learn takes seconds, scipy 30 MB."""
    code = "import sys, realtime.corpus.searching.building as b; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True, check=True
    )

    assert not {"django", "sklearn", "scipy", "bm25s", "openai"} & set(done.stdout.split())


def test_a_line_is_read_as_it_was_written() -> None:
    row = replace(rows()[0], question="Grüße\n\u2028 \ud83d\ude00"[:8], vector="AAAA")

    assert list(rows_of([row.line(), '{"end": 1}'])) == [row]


def test_the_floor_is_what_four_in_ten_questions_stay_under(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "LEAST_FLOOR", 0.0)
    index = build(rows(), tmp_path / "index")

    best = [
        float(building.evidence(index.scores(row.asked, without=row.group)).max())
        for row in rows()
    ]
    assert index.floor == pytest.approx(np.quantile(best, 0.4))


def test_a_corpus_of_unlike_questions_has_the_least_floor(tmp_path: Path) -> None:
    assert build(rows(), tmp_path / "index").floor == LEAST_FLOOR
    assert build([], tmp_path / "empty").floor == LEAST_FLOOR


def test_the_floor_is_found_with_some_questions_of_many_and_each_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "_TRIED", 4)
    sample = building._Sample()
    for row in [*rows(), *rows()]:
        sample.offer(building._Tried(row.asked, row.group, None))

    smallest = sorted(row.group for row in rows())[:4]
    assert sorted(one.group for one in sample.kept) == smallest


@pytest.mark.parametrize("name", ["index.json", "words.texts.npy", "grams.weights.npy", "ids.npy"])
@pytest.mark.parametrize("harm", ["missing", "cut", "altered"])
def test_what_is_not_as_it_was_written_is_not_opened(tmp_path: Path, name: str, harm: str) -> None:
    build(rows(), tmp_path / "index")
    path = tmp_path / "index" / name
    content = path.read_bytes()

    path.unlink()
    if harm == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif harm == "altered":
        path.write_bytes(content[:-9] + b"\xff" * 9)

    with pytest.raises(Broken):
        Index(tmp_path / "index")


@pytest.mark.parametrize(
    "about", ["[]", "{}", "null", '{"format": 1, "arrays": {"x": 1}}', "\xff"]
)
def test_a_description_that_is_none_is_not_opened(tmp_path: Path, about: str) -> None:
    (tmp_path / "index.json").write_text(about, "latin-1")

    with pytest.raises(Broken):
        files.opened(tmp_path)


def test_another_versions_files_are_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(rows(), tmp_path / "index")
    monkeypatch.setattr(files, "FORMAT", files.FORMAT + 1)

    with pytest.raises(Broken):
        Index(tmp_path / "index")


def test_all_but_the_current_are_cleared_away(tmp_path: Path) -> None:
    for name in ("old", "new"):
        build(rows(3), tmp_path / name)
    (tmp_path / ".lock").touch()

    building.clear(tmp_path, keep="new")

    assert {path.name for path in tmp_path.iterdir()} == {"new", ".lock"}
