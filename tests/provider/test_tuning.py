"""The client of fine-tuning against a server on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx2
import openai
import pytest

from realtime.provider import tuning
from realtime.provider.config import ProviderConfig
from realtime.provider.tuning import KEY, JobOrder, Tuner, merged
from realtime.provider.tuning_errors import (
    FileBlocked,
    FileInvalid,
    JobGone,
    JobRefused,
    KeyRefused,
    MayNotTune,
    NoCredit,
    NoTuningHere,
    OddAnswer,
    Passing,
    TuningError,
    UnknownModel,
)
from realtime.provider.tuning_faults import from_sdk
from tests.support.tuning_scenarios import NO_PERMISSION, Course
from tests.support.tuning_server import Fault, TuningServer

ROW = {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}
FILE = (json.dumps(ROW) + "\n").encode() * 10


@pytest.fixture
def server() -> Iterator[TuningServer]:
    with TuningServer() as server:
        yield server


@pytest.fixture
def tuner(server: TuningServer) -> Iterator[Tuner]:
    config = ProviderConfig("a-secret-key", server.base_url, "base")
    with Tuner(config, retries=0) as tuner:
        yield tuner


def order(tuner: Tuner, **more: object) -> JobOrder:
    return JobOrder(model="base", training_file=tuner.upload("train.jsonl", FILE), **more)  # type: ignore[arg-type]


def test_a_job_is_asked_for_as_the_wire_wants_it(server: TuningServer, tuner: Tuner) -> None:
    job = tuner.create(order(tuner, n_epochs=3, seed=20, suffix="kind", metadata={KEY: "k"}))

    [body] = server.bodies("create")
    assert body == {
        "model": "base",
        "training_file": "file-0001",
        "seed": 20,
        "suffix": "kind",
        "metadata": {KEY: "k"},
        "method": {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 3}}},
    }
    assert server.files["file-0001"] == FILE
    assert (job.id, job.status, job.metadata) == ("ftjob-0002", "validating_files", {KEY: "k"})
    assert {one.key for one in server.asked} == {"a-secret-key"}


def test_older_servers_get_hyperparameters_at_the_top_and_what_else_they_want(
    server: TuningServer, tuner: Tuner
) -> None:
    extra = {"hyperparameters": {"lora": True}, "metadata": None, "region": "eu"}

    tuner.create(order(tuner, batch_size=4, old_hyperparameters=True, extra=extra))

    [body] = server.bodies("create")
    assert body["hyperparameters"] == {"batch_size": 4, "lora": True}
    assert body["region"] == "eu"
    assert "method" not in body
    assert "metadata" not in body


def test_extras_are_merged_as_json_merge_patch_says() -> None:
    assert merged({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": None, "e": 4}, "d": [5]}) == {
        "a": {"c": 2, "e": 4},
        "d": [5],
    }
    assert merged({"a": 1}, {"a": {"b": None}}) == {"a": {}}


def test_all_events_of_many_pages_come_once(server: TuningServer, tuner: Tuner) -> None:
    server.plan(Course(statuses=("succeeded",), steps_per_epoch=90))
    job = tuner.create(order(tuner))

    events = tuner.events(job.id, known=())
    asked = server.count("events")

    assert len(events) == len({event.id for event in events}) == 272
    assert events[-1].message == "Status: succeeded"
    assert asked == 3
    known = {event.id for event in events[2:]}
    assert tuner.events(job.id, known=known) == events[:2]
    assert server.count("events") == asked + 1


def test_a_server_without_events_or_steering_has_its_job_all_the_same(
    server: TuningServer, tuner: Tuner
) -> None:
    job = tuner.create(order(tuner))
    server.break_next("events", Fault(404))
    server.break_next("pause", Fault(404))

    assert tuner.events(job.id, known=()) == []
    with pytest.raises(NoTuningHere, match="does not offer that"):
        tuner.pause(job.id)
    assert tuner.job(job.id).id == job.id


def test_checkpoints_and_results_tell_the_figures(server: TuningServer, tuner: Tuner) -> None:
    server.plan(Course(statuses=("succeeded",)))
    files = {"validation_file": tuner.upload("validation.jsonl", FILE)}
    job = tuner.create(order(tuner, **files))

    last, *_ = tuner.checkpoints(job.id)
    assert (last.metrics.step, last.metrics.full_valid_loss, last.model) == (
        90, 1.69, "ft:base:stand-in::0003",
    )  # fmt: skip
    assert tuner.result("result-" + job.id).startswith("step,train_loss")


@pytest.mark.parametrize("in_base64", [False, True])
def test_a_result_file_may_come_in_base64(
    server: TuningServer, tuner: Tuner, in_base64: bool
) -> None:
    server.plan(Course(statuses=("succeeded",), base64=in_base64))
    job = tuner.create(order(tuner))

    assert tuner.result("result-" + job.id).splitlines()[0].startswith("step,")


def test_a_server_without_checkpoints_has_none(server: TuningServer, tuner: Tuner) -> None:
    server.plan(Course(checkpoints=False))

    assert tuner.checkpoints(tuner.create(order(tuner)).id) == []


def test_jobs_are_paused_resumed_and_cancelled(server: TuningServer, tuner: Tuner) -> None:
    job = tuner.create(order(tuner))

    assert tuner.pause(job.id).status == "paused"
    assert tuner.resume(job.id).status == "validating_files"
    assert tuner.cancel(job.id).status == "cancelled"


def test_unknown_statuses_and_fields_are_kept(server: TuningServer, tuner: Tuner) -> None:
    server.plan(Course(statuses=("pondering",), odd={"mood": {"of": ["the", "day"]}}))

    job = tuner.create(order(tuner))

    assert job.status == "pondering"
    assert job.raw["mood"] == {"of": ["the", "day"]}


def test_a_lost_job_is_found_by_its_key_or_by_its_file(server: TuningServer, tuner: Tuner) -> None:
    server.break_next("create", Fault(after=True, cuts=True))
    with pytest.raises(Passing):
        tuner.create(order(tuner, metadata={KEY: "mine"}))

    by_key = tuner.find(key="mine", training_file="")
    by_file = tuner.find(key="", training_file="file-0001")

    assert by_key is not None
    assert by_key == by_file
    assert tuner.find(key="other", training_file="file-9") is None
    assert server.count("create") == 1


def test_a_job_is_created_once_whatever_comes_back(server: TuningServer) -> None:
    server.break_next("create", Fault(500), Fault(500), Fault(500))

    patient = Tuner(ProviderConfig("key", server.base_url, "base"), retries=2)
    with patient as tuner, pytest.raises(Passing):
        tuner.create(order(tuner))

    assert server.count("create") == 1


def test_what_only_reads_is_asked_again(server: TuningServer) -> None:
    server.break_next("list", Fault(500, headers={"retry-after-ms": "1"}))

    with Tuner(ProviderConfig("key", server.base_url, "base"), retries=2) as tuner:
        assert tuner.find(key="k", training_file="") is None

    assert server.count("list") == 2


def test_the_end_of_a_model_is_told(server: TuningServer, tuner: Tuner) -> None:
    server.shutdown["base"] = "2027-01-14"

    assert tuner.shutdown_date("base") == "2027-01-14"
    with pytest.raises(UnknownModel):
        tuner.shutdown_date("another")


def said(message: str, code: str | None = None) -> dict[str, object]:
    return {"message": message, "type": "invalid_request_error", "param": None, "code": code}


CREATING: list[tuple[Fault, type[TuningError]]] = [
    (Fault(403, dict(NO_PERMISSION)), MayNotTune),
    (Fault(400, said("Your account is not eligible for fine-tuning.")), MayNotTune),
    (Fault(401, said("Incorrect API key provided: a-secret-key")), KeyRefused),
    (Fault(402, said("Pay first.")), NoCredit),
    (Fault(429, said("You exceeded your current quota", "insufficient_quota")), NoCredit),
    (Fault(429, said("Too many.")), Passing),
    (Fault(404, said("The model 'base' does not exist", "model_not_found")), UnknownModel),
    (Fault(400, said("Model base is not one to tune", "model_not_available")), UnknownModel),
    (Fault(400, said("The model base is deprecated and no longer available.")), UnknownModel),
    (Fault(400, said("This model is no longer available to your account.")), MayNotTune),
    (Fault(404, raw=b"404: Not Found"), NoTuningHere),
    (Fault(405, raw=b"no"), NoTuningHere),
    (Fault(501, raw=b"no"), NoTuningHere),
    (Fault(400, said("Line 3 of the training file is no JSON.")), FileInvalid),
    (Fault(400, said("Unknown parameter: 'method'.", "unknown_parameter")), JobRefused),
    (Fault(400, said("Nope.")), JobRefused),
    (Fault(400, said("Too many rows were flagged by moderation.")), FileBlocked),
    (Fault(408), Passing),
    (Fault(500), Passing),
    (Fault(503, raw=b"<html>"), Passing),
    (Fault(cuts=True), Passing),
    (Fault(200, raw=b"<html>"), OddAnswer),
    (Fault(200, raw=b"[]"), OddAnswer),
    (Fault(200, raw=b"{}"), OddAnswer),
]


@pytest.mark.parametrize(("fault", "kind"), CREATING)
def test_every_failure_has_words_and_a_way_out(
    server: TuningServer, tuner: Tuner, fault: Fault, kind: type[TuningError]
) -> None:
    asked = order(tuner)
    server.break_next("create", fault)

    with pytest.raises(TuningError) as failed:
        tuner.create(asked)

    assert type(failed.value) is kind
    assert "127.0.0.1" in failed.value.cause
    assert failed.value.cure
    assert "a-secret-key" not in f"{failed.value}{failed.value.said}"


def test_a_job_that_is_gone_is_told_from_a_server_without_jobs(
    server: TuningServer, tuner: Tuner
) -> None:
    with pytest.raises(JobGone):
        tuner.job("ftjob-none")

    server.no_tuning = True
    with pytest.raises(NoTuningHere):
        tuner.find(key="k", training_file="")


def test_a_server_out_of_reach_is_said_to_be() -> None:
    nobody = Tuner(ProviderConfig("key", "http://127.0.0.1:9/v1", "base"), retries=0)
    words = r"127\.0\.0\.1:9 cannot be reached .*: start it"
    with nobody as tuner, pytest.raises(Passing, match=words):
        tuner.job("ftjob-1")


def test_a_server_that_hangs_is_left(
    server: TuningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "_ANSWER_S", 0.2)
    server.break_next("job", Fault(stalls=True))

    slow = Tuner(ProviderConfig("key", server.base_url, "base"), retries=0)
    with slow as tuner, pytest.raises(Passing, match="did not answer in time"):
        tuner.job("ftjob-1")


def test_a_file_without_an_id_is_an_odd_answer(server: TuningServer, tuner: Tuner) -> None:
    server.break_next("upload", Fault(200, raw=b'{"id": 7}'))

    with pytest.raises(OddAnswer):
        tuner.upload("train.jsonl", FILE)


def test_a_body_that_breaks_off_is_an_error_of_ours(server: TuningServer, tuner: Tuner) -> None:
    server.break_next("job", Fault(200, raw=b"x", headers={"Content-Encoding": "gzip"}))

    with pytest.raises(Passing):
        tuner.job("ftjob-1")


def test_a_server_that_repeats_its_last_page_is_left(server: TuningServer, tuner: Tuner) -> None:
    page = json.dumps({"data": [{"id": "e1"}], "has_more": True}).encode()
    server.break_next("events", *[Fault(200, raw=page)] * 3)

    assert len(tuner.events("ftjob-1", known=())) == 2
    assert server.count("events") == 2


def test_at_openai_the_end_of_fine_tuning_is_told() -> None:
    config = ProviderConfig("", "", "base")
    response = httpx2.Response(403, request=httpx2.Request("POST", "https://api.openai.com/v1"))
    error = openai.PermissionDeniedError("No.", response=response, body=None)

    refused = from_sdk(config, error, doing="create")

    assert refused.kind == "may_not_tune"
    assert "nobody from 6 January 2027" in refused.cure
    assert "dataset export" in refused.cure
    assert from_sdk(config, error, doing="job").cure == "set FINETUNE_API_KEY"


def test_odd_rows_of_a_list_do_not_hide_the_others(server: TuningServer, tuner: Tuner) -> None:
    row = {"id": "e1", "message": "one", "created_at": "2026-11-01T10:00:00Z"}
    page = {"data": [7, {"message": "two"}, row], "has_more": False}
    server.break_next("events", Fault(200, raw=json.dumps(page).encode()))

    nameless, named = tuner.events("ftjob-1", known=())

    assert (nameless.message, len(nameless.id)) == ("two", 64)
    assert (named.id, named.at.isoformat()) == ("e1", "2026-11-01T10:00:00+00:00")
