"""Data sets are fetched from the hub with one's own token; refusals are told in words."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from realtime.corpus.loading import hub as loading
from realtime.corpus.loading.faults import ImportRefused
from realtime.corpus.models import Exchange, Import
from tests.corpus.conftest import Command
from tests.corpus.files import ANSWER, QUESTION, SECOND
from tests.corpus.hub import Hub, serving

REPO = "somebody/talks"


def table(answer: str) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([("Context", "Response"), (QUESTION, answer)])
    return out.getvalue().encode()


@pytest.fixture
def hub() -> Iterator[Hub]:
    files = {
        "README.md": b"---\n",
        "LICENSE": b"Be kind with it.",
        "dataset_infos.json": b"{}",
        "data/train.csv": table(ANSWER),
        "data/validation.csv": table(SECOND),
    }
    with serving(Hub(files, {"license": "cc-by-4.0"}), REPO) as hub:
        yield hub


def refusal(hub: Hub, folder: Path, wanted: str = REPO) -> str:
    with pytest.raises(ImportRefused) as caught:
        loading.fetch(wanted, folder, endpoint=hub.url)
    [reason] = caught.value.reasons
    return reason


@pytest.mark.django_db
def test_all_files_of_a_data_set_are_one_import_with_its_licence(
    hub: Hub, dataset: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    monkeypatch.setattr(loading, "fetch", partial(loading.fetch, endpoint=hub.url))

    assert f"{REPO}: context and response" in dataset("import", REPO)

    kept = Import.objects.get()
    assert (kept.origin, kept.name, kept.licence) == ("hub", REPO, "cc-by-4.0")
    assert kept.attribution == f"from {REPO}"
    assert kept.licence_text == "Be kind with it."
    assert kept.source_url == f"https://huggingface.co/datasets/{REPO}"
    assert [row.answer for row in Exchange.objects.order_by("row")] == [ANSWER, SECOND]
    assert hub.tokens == {"Bearer hf_mine"}
    assert "Nothing new" in dataset("import", f"hub:{REPO}")


def test_one_of_its_files_can_be_named(hub: Hub, tmp_path: Path) -> None:
    fetched = loading.fetch(f"{REPO}/data/train.csv", tmp_path, endpoint=hub.url)
    assert [path.read_bytes() for path in fetched.paths] == [table(ANSWER)]
    assert "there is no file 'none.csv' in it" in refusal(hub, tmp_path, f"{REPO}/none.csv")


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (403, "GatedRepo", "is gated: accept its terms"),
        (401, "GatedRepo", "is gated: accept its terms"),
        (404, "RepoNotFound", "no such data set, or a private one"),
        (401, "", "the hub refused (status 401): is HF_TOKEN right"),
        (403, "", "the hub refused (status 403): is HF_TOKEN right"),
        (400, "", "the hub refused (status 400)"),
    ],
)
def test_refusals_say_what_to_do(
    hub: Hub, tmp_path: Path, status: int, code: str, words: str
) -> None:
    hub.refusal = (status, code)
    assert words in refusal(hub, tmp_path)


def test_a_data_set_without_rows_that_can_be_read_is_refused(hub: Hub, tmp_path: Path) -> None:
    hub.files = {"README.md": b"", "dataset_infos.json": b"{}"}
    assert refusal(hub, tmp_path) == f"{REPO}: there is no CSV, JSON or Parquet file in it"


def test_a_data_set_may_tell_no_licence(hub: Hub, tmp_path: Path) -> None:
    hub.card = None
    del hub.files["LICENSE"]
    says = loading.fetch(REPO, tmp_path, endpoint=hub.url).says
    assert (says.licence, says.licence_text) == ("", "")


def test_a_hub_that_cannot_be_reached_is_told(tmp_path: Path) -> None:
    gone = Hub({})
    with serving(gone, REPO):
        pass
    assert "the hub cannot be reached" in refusal(gone, tmp_path)


@pytest.mark.parametrize("name", ["somebody", "a--b/c", "a/b.git"])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    assert "is no name of a data set" in refusal(Hub({}), tmp_path, name)


def test_a_path_is_no_name_of_a_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "talks").touch()
    assert loading.hub_id_of("data/talks") is None
    assert loading.hub_id_of("data/rows.csv") is None
    assert loading.hub_id_of("./talks") is None
    assert loading.hub_id_of("somebody/talks") == "somebody/talks"
    assert loading.hub_id_of("hub:data/talks") == "data/talks"
