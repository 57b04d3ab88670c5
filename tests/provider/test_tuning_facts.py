"""Whatever a fine-tuning server says is read, or refused in words."""

from __future__ import annotations

import base64
import csv
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.provider.tuning_facts import (
    Metrics,
    Unreadable,
    checkpoint_of,
    event_of,
    job_of,
    metrics_of,
    moment,
    object_in,
    rows_in,
)
from realtime.provider.tuning_faults import of_failed_job
from realtime.provider.tuning_results import points_of, text_of

TEXTS = st.sampled_from(["", "a", "id", "n_epochs", "7", "1e400", "2026-11-01", "\u00e9", "auto"])
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
JOB_KEYS = (
    "status",
    "error",
    "result_files",
    "method",
    "metadata",
    "finished_at",
    "hyperparameters",
)


@given(st.dictionaries(st.sampled_from(JOB_KEYS), ANY_JSON))
def test_an_id_is_all_that_a_job_needs(said: dict[str, object]) -> None:
    job = job_of({**said, "id": "j"})

    assert job.id == "j"
    assert job.status


@given(st.dictionaries(st.sampled_from(("id", "created_at", "level", "type", "data")), ANY_JSON))
def test_any_object_is_an_event(said: dict[str, object]) -> None:
    assert event_of(said).id


@pytest.mark.parametrize("said", [None, 7, "job", [], {}, {"id": ""}, {"id": None}])
def test_what_has_no_id_is_no_job(said: object) -> None:
    with pytest.raises(Unreadable):
        job_of(said)


def test_a_job_is_read() -> None:
    job = job_of(
        {
            "id": "j",
            "status": "failed",
            "error": {"code": "c", "message": "m"},
            "result_files": ["f1", {"id": "f2"}],
            "hyperparameters": {"n_epochs": "auto"},
            "method": {"supervised": {"hyperparameters": {"n_epochs": 4}}},
            "finished_at": 1_790_000_000,
        }
    )

    assert (job.error_code, job.error_message) == ("c", "m")
    assert job.result_files == ("f1", "f2")
    assert job.epochs == 4
    assert job.finished_at == datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
    assert job_of({"id": "j", "hyperparameters": {"n_epochs": 2}}).epochs == 2
    assert job_of({"id": "j"}).epochs is None


@pytest.mark.parametrize(
    ("said", "metrics"),
    [
        ({"step": 3, "train_loss": 0.5}, Metrics(3, train_loss=0.5)),
        ({"step": "3", "training_loss": "0.5"}, Metrics(3, train_loss=0.5)),
        ({"step": 3.0, "eval_loss": 1}, Metrics(3, valid_loss=1.0)),
        ({"step": 1, "train_accuracy": 0.7}, Metrics(1, train_accuracy=0.7)),
        ({"step": 1, "train_loss": "NaN", "valid_loss": 2}, Metrics(1, valid_loss=2.0)),
        ({"step": 1, "train_loss": float("inf")}, None),
        ({"step": 1, "train_loss": True}, None),
        ({"step": 1, "train_loss": 10**400}, None),
        ({"step": 1}, None),
        ({"train_loss": 0.5}, None),
        ({"step": "soon", "train_loss": 0.5}, None),
    ],
)
def test_figures_go_by_many_names(said: dict[str, object], metrics: Metrics | None) -> None:
    assert metrics_of(said) == metrics


def test_a_checkpoint_needs_a_model() -> None:
    said = {"id": "c", "step_number": 30, "metrics": {"step": 29, "train_loss": 1}}
    with pytest.raises(Unreadable):
        checkpoint_of(said)

    read = checkpoint_of({**said, "model": "m", "created_at": "2026-11-01T10:00:00"})
    assert (read.model, read.metrics) == ("m", Metrics(30, train_loss=1.0))
    assert read.at == datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert checkpoint_of({"id": "c", "model": "m"}).metrics == Metrics(0)


@pytest.mark.parametrize("said", [None, "", "soon", 0, float("nan"), 1e30, [], True])
def test_what_is_no_time_is_none(said: object) -> None:
    assert moment(said) is None


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"\xff"])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        object_in(body)


def test_what_no_database_keeps_is_left_out() -> None:
    body = b'{"a": NaN, "b": ["x\\u0000y", -Infinity, {"\\ud800": 1}], "c": true, "d": 1.5}'

    assert object_in(body) == {"a": None, "b": ["xy", None, {"?": 1}], "c": True, "d": 1.5}


def test_json_of_endless_depth_is_refused() -> None:
    with pytest.raises(Unreadable):
        object_in(b"[" * 100_000)


@pytest.mark.parametrize("said", [2**31, -(2**31), 1e300])
def test_a_number_no_column_takes_is_none(said: float) -> None:
    assert job_of({"id": "j", "hyperparameters": {"n_epochs": said}}).epochs is None


def test_a_list_has_rows() -> None:
    assert rows_in(b'{"data": [1], "has_more": true}') == ([1], True)
    assert rows_in(b'{"data": []}') == ([], False)
    with pytest.raises(Unreadable):
        rows_in(b'{"data": 7}')


TABLE = "step,train_loss,valid_loss\n2,0.5,\n1,0.9,1.2\nx,1,1\n"


@pytest.mark.parametrize(
    "content",
    [
        TABLE.encode(),
        base64.b64encode(TABLE.encode()),
        base64.encodebytes(TABLE.encode()),
        b"\xef\xbb\xbf" + TABLE.encode(),
        TABLE.replace("step", '"Step"').replace("\n", "\r\n").encode(),
    ],
)
def test_a_result_file_is_a_table_plain_or_in_base64(content: bytes) -> None:
    assert points_of(text_of(content)) == [
        Metrics(1, train_loss=0.9, valid_loss=1.2),
        Metrics(2, train_loss=0.5),
    ]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"<html>", b"c3RlcA=", b"a,b\n1,2\n"])
def test_what_is_no_table_of_steps_is_refused(content: bytes) -> None:
    with pytest.raises(Unreadable):
        text_of(content)


@pytest.mark.parametrize("limit", [131_072, 10**9])
def test_a_field_beyond_all_measure_is_no_table(
    limit: int, request: pytest.FixtureRequest
) -> None:
    before = csv.field_size_limit(limit)  # whatever an import in this process made of it
    request.addfinalizer(lambda: csv.field_size_limit(before))

    with pytest.raises(Unreadable):
        points_of("step,train_loss\n1," + "9" * 200_000 + "\n")


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("too many examples were flagged by our moderation API", "file_blocked"),
        ("This model failed our safety evaluations", "safety_failed"),
        ("Moderation checks failed for the snapshot", "safety_failed"),
        ("too many refusals in the file", "refusals"),
        ("billing hard limit reached", "no_credit"),
        ("line 7 of the training file has no messages", "file_invalid"),
        ("a node went away", "job_failed"),
        ("", "job_failed"),
    ],
)
def test_a_failed_job_is_explained(message: str, kind: str) -> None:
    error = of_failed_job("host.example", code="", message=message)

    assert error.kind == kind
    assert "host.example" in error.cause
    assert "dataset export" in error.cure
    assert json.dumps(error.said)
