"""The words of `finetune`, from rows to a model, against a server on loopback."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.management import CommandError
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings

from realtime.corpus.models import Exchange
from realtime.provider.tuning import Tuner
from realtime.training import queries, syncing, tasks
from realtime.training.addresses import ending, tuning_config
from realtime.training.models import TunedModel, TuningEvent, TuningJob
from tests.support.tuning_scenarios import (
    FILE_BLOCKED,
    NO_PERMISSION,
    REFUSALS,
    SAFETY_FAILED,
    Course,
    fails,
)
from tests.support.tuning_server import Fault, TuningServer
from tests.training.conftest import Finetune
from tests.training.rows import exchanges, imported

pytestmark = pytest.mark.django_db
SOON = {"retry-after-ms": "1"}


@pytest.fixture(autouse=True)
def rows() -> list[Exchange]:
    return exchanges(imported(licence="CC0-1.0"), 200)


def job() -> TuningJob:
    return TuningJob.objects.get()


def train(finetune: Finetune, *options: str) -> TuningJob:
    """Start it and ask until it is over."""
    finetune("start", "--yes", *options)
    for _ in range(5):
        finetune("sync")
    return job()


def test_without_options_it_is_the_missions_run(tuning: TuningServer, finetune: Finetune) -> None:
    said = finetune("start", "--yes")

    [body] = tuning.bodies("create")
    training = tuning.files[body["training_file"]].splitlines()
    held_out = tuning.files[body["validation_file"]].splitlines()
    assert len(training) == 150
    assert 10 <= len(held_out) <= 30
    assert not questions(training) & questions(held_out)
    assert body["method"]["supervised"]["hyperparameters"] == {"n_epochs": 3}
    assert body["model"] == "small-base"
    assert {one.key for one in tuning.asked} == {"a-tuning-key"}
    assert "150 pairs train small-base" in said
    assert "From own.jsonl: licence CC0-1.0" in said
    assert "finetune show" in said
    assert job().remote_id is not None


def questions(lines: list[bytes]) -> set[str]:
    return {json.loads(line)["messages"][1]["content"] for line in lines}


def test_options_reach_the_server(tuning: TuningServer, finetune: Finetune) -> None:
    finetune(
        "start", "--yes", "--sample", "20", "--epochs", "5", "--batch-size", "4",
        "--learning-rate-multiplier", "0.5", "--seed", "7", "--suffix", "kind", "--model", "other",
        "--old-hyperparameters", "--extra", '{"hyperparameters": {"lora": true}}',
    )  # fmt: skip

    [body] = tuning.bodies("create")
    assert body["hyperparameters"] == {
        "n_epochs": 5, "batch_size": 4, "learning_rate_multiplier": 0.5, "lora": True,
    }  # fmt: skip
    assert (body["seed"], body["suffix"], body["model"]) == (7, "kind", "other")
    assert len(tuning.files[body["training_file"]].splitlines()) == 20


def test_without_validation_it_says_what_that_measures(
    tuning: TuningServer, finetune: Finetune
) -> None:
    said = finetune("start", "--yes", "--validation", "0")

    assert "This figure measures memory only" in said
    assert "validation_file" not in tuning.bodies("create")[0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--sample", "9"), "at least 10"),
        (("--sample", "some"), "--sample is a number of pairs"),
        (("--extra", "{oops"), "--extra is no JSON"),
        (("--extra", "[]"), "--extra is a JSON object"),
        (("--extra", '{"model": "x"}'), "model is said by the command's own options"),
        (("--base-url", "ftp://x"), "must look like https://host/v1"),
        (("--base-url", "https://me:word@host/v1"), "no name, password"),
        (("--model", ""), "which model 127.0.0.1"),
        (("--epochs", "0"), "epochs are between 1 and 50"),
    ],
)
def test_bad_options_are_refused_before_anything_is_sent(
    tuning: TuningServer,
    finetune: Finetune,
    settings: Settings,
    options: tuple[str, ...],
    words: str,
) -> None:
    settings.FINETUNE_MODEL = "" if "--model" in options else "small-base"

    with pytest.raises(CommandError, match=words):
        finetune("start", "--yes", *options)

    assert not tuning.asked
    assert not TuningJob.objects.exists()


def test_nothing_leaves_without_a_yes(tuning: TuningServer, finetune: Finetune) -> None:
    with pytest.raises(CommandError, match="nobody is there to ask"):
        finetune("start")

    assert tuning.count("upload") == 0


@pytest.mark.parametrize(("answer", "sends"), [("y", True), ("no", False), ("", False)])
def test_who_is_asked_decides(
    tuning: TuningServer,
    finetune: Finetune,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    sends: bool,
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: answer)

    if sends:
        finetune("start")
    else:
        with pytest.raises(CommandError, match="Nothing was sent"):
            finetune("start")

    assert tuning.count("create") == sends


def test_rows_that_change_while_it_asks_are_not_sent(
    tuning: TuningServer, finetune: Finetune, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(_: str) -> str:
        Exchange.objects.filter(pk__lte=Exchange.objects.all()[20].pk).delete()
        return "yes"

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", answer)

    with pytest.raises(CommandError, match="changed meanwhile, nothing was sent"):
        finetune("start")
    assert (tuning.count("file"), tuning.count("create")) == (0, 0)


def test_a_second_start_of_the_same_starts_nothing(
    tuning: TuningServer, finetune: Finetune
) -> None:
    finetune("start", "--yes")

    said = finetune("start", "--yes")

    assert "no second was started" in said
    assert (tuning.count("create"), TuningJob.objects.count()) == (1, 1)
    finetune("start", "--yes", "--seed", "21")
    assert tuning.count("create") == 2


@pytest.mark.parametrize("fault", [Fault(after=True, cuts=True), Fault(500, after=True)])
def test_a_lost_answer_is_found_again(
    tuning: TuningServer, finetune: Finetune, fault: Fault
) -> None:
    tuning.break_next("create", fault)

    finetune("start", "--yes")

    assert job().remote_id in tuning.jobs
    assert tuning.count("create") == 1


def test_what_was_begun_and_broke_off_is_gone_on_with(
    tuning: TuningServer, finetune: Finetune
) -> None:
    tuning.break_next("create", Fault(cuts=True))
    with pytest.raises(CommandError, match="cannot be reached"):
        finetune("start", "--yes")
    assert job().status == "starting"

    finetune("start", "--yes")

    assert job().remote_id in tuning.jobs
    assert (tuning.count("upload"), len(tuning.jobs)) == (2, 1)


def test_a_start_that_never_arrived_is_given_up_after_a_while(
    tuning: TuningServer, finetune: Finetune
) -> None:
    tuning.break_next("create", Fault(cuts=True))
    with pytest.raises(CommandError):
        finetune("start", "--yes")
    finetune("sync")
    assert job().status == "starting"

    TuningJob.objects.update(created_at=timezone.now() - timedelta(hours=1))
    finetune("sync")

    assert job().status == "not taken"
    finetune("start", "--yes")
    assert TuningJob.objects.count() == 2


def test_it_is_followed_to_its_end_and_everything_is_kept(
    tuning: TuningServer, finetune: Finetune
) -> None:
    tuning.shutdown["ft:small-base:stand-in:kind:0003"] = "2027-05-01"

    done = train(finetune, "--suffix", "kind")

    assert done.status == "succeeded"
    assert done.fine_tuned_model == "ft:small-base:stand-in:kind:0003"
    assert (done.trained_tokens, done.epochs_seen, done.next_sync_at) == (4_321, 3, None)
    assert TuningEvent.objects.filter(kind="metrics").count() == 90
    assert [c.step for c in done.checkpoints.all()] == [30, 60, 90]
    assert done.points.count() == 90
    last = done.points.get(step=90)
    assert (last.train_loss, last.valid_loss, last.full_valid_loss) == (0.42, 1.71, 1.69)
    assert last.train_accuracy is not None
    assert done.results.get().text.startswith("step,")
    ends = dict(TunedModel.objects.values_list("name", "shutdown_date"))
    assert ends[done.fine_tuned_model] == "2027-05-01"
    assert len(ends) == 3


def test_it_says_where_the_model_began_to_learn_by_heart(finetune: Finetune) -> None:
    train(finetune)

    said = finetune("show", str(job().pk))

    assert "Validation loss was least at epoch 2, step 60: 1.450" in said
    assert "learnt its rows by heart and answers others worse: 1.690 at epoch 3, step 90" in said
    assert "step 60, validation loss 1.450, training loss 0.840, the best" in said


def test_asking_twice_keeps_everything_once(tuning: TuningServer, finetune: Finetune) -> None:
    done = train(finetune)
    events, points = done.events.count(), done.points.count()

    finetune("sync", str(done.pk))

    assert (done.events.count(), done.points.count()) == (events, points)
    assert done.checkpoints.count() == 3


@pytest.mark.parametrize(
    ("course", "words"),
    [
        (fails(FILE_BLOCKED), ("blocked the file before training", "--without-flagged")),
        (fails(SAFETY_FAILED, trained=True), ("failed the safety evaluation", "is paid")),
        (fails(REFUSALS), ("too many answers in the file refuse", "dataset export")),
        (fails({"code": "x", "message": "Bang."}), ("says that the job failed", "dataset export")),
        (
            fails({"code": "exceeded_quota", "message": "billing limit"}),
            ("no credit", "dataset export"),
        ),
    ],
)
def test_a_failed_job_is_explained_with_the_way_out(
    tuning: TuningServer, finetune: Finetune, course: Course, words: tuple[str, ...]
) -> None:
    tuning.plan(course)

    failed = train(finetune)
    said = finetune("show", str(failed.pk))

    assert failed.status == "failed"
    assert failed.next_sync_at is None
    assert all(word in said for word in words), said


@pytest.mark.parametrize(
    ("what", "fault", "words"),
    [
        ("create", Fault(403, dict(NO_PERMISSION)), "may not create fine-tuning jobs"),
        ("create", Fault(404, raw=b"no"), "has no fine-tuning"),
        ("upload", Fault(404, raw=b"no"), "has no fine-tuning"),
        ("upload", Fault(400, {"message": "bad", "code": None}), "cannot use the file"),
        ("upload", Fault(401), "refuses the key"),
    ],
)
def test_who_is_refused_is_told_why_and_where_to_go(
    tuning: TuningServer, finetune: Finetune, what: str, fault: Fault, words: str
) -> None:
    tuning.break_next(what, fault)

    with pytest.raises(CommandError, match=words) as refused:
        finetune("start", "--yes")

    assert job().status == "not taken"
    assert words in job().trouble
    assert "dataset export" in str(refused.value) or "FINETUNE_API_KEY" in str(refused.value)
    tuning.break_next("list", Fault(404, raw=b"no"))
    finetune("start", "--yes")  # and may try again
    assert TuningJob.objects.count() == 2


def test_unknown_statuses_events_and_fields_do_no_harm(
    tuning: TuningServer, finetune: Finetune
) -> None:
    odd = {"level": "whisper", "type": "poem", "cost": {"in": "shells"}}
    tuning.plan(Course(statuses=("validating_files", "pondering"), odd=odd))
    finetune("start", "--yes")
    finetune("sync")
    finetune("sync")

    assert job().status == "pondering"
    assert job().seen["cost"] == {"in": "shells"}
    assert "pondering" in finetune("list")
    assert job().next_sync_at is not None


def test_a_server_that_is_away_is_asked_ever_more_rarely(
    tuning: TuningServer, finetune: Finetune
) -> None:
    finetune("start", "--yes")
    waits = []
    for _ in range(4):
        tuning.break_next("job", *[Fault(500, headers=SOON)] * 3)
        with pytest.raises(CommandError, match=r"is broken \(500\)"):
            finetune("sync")
        next_at = job().next_sync_at
        assert next_at is not None
        waits.append(round((next_at - timezone.now()).total_seconds(), -1))

    assert waits == [60, 120, 240, 480]
    finetune("sync")
    assert (job().sync_failures, job().trouble) == (0, "")


def test_a_job_that_is_gone_is_marked_and_left_alone(
    tuning: TuningServer, finetune: Finetune
) -> None:
    finetune("start", "--yes")
    tuning.forget_job(str(job().remote_id))

    with pytest.raises(CommandError, match="no such job any more"):
        finetune("sync")

    assert (job().status, job().next_sync_at) == ("gone", None)
    assert "gone from the server" in finetune("list")
    assert "No job is awaited" in finetune("sync")


def test_what_was_over_stays_over(tuning: TuningServer, finetune: Finetune) -> None:
    done = train(finetune)
    tuning.jobs[str(done.remote_id)].told = "running"

    finetune("sync", str(done.pk))

    assert job().status == "succeeded"


def test_a_job_is_paused_resumed_and_cancelled(tuning: TuningServer, finetune: Finetune) -> None:
    finetune("start", "--yes")
    number = str(job().pk)

    assert "paused" in finetune("pause", number)
    assert "paused" not in finetune("resume", number)
    assert "cancelled" in finetune("cancel", str(job().remote_id))
    assert job().finished_at is not None
    with pytest.raises(CommandError, match="is over"):
        finetune("pause", number)
    with pytest.raises(CommandError, match="No fine-tuning job 999"):
        finetune("pause", "999")


def test_a_result_file_nobody_can_read_is_said_and_the_rest_is_kept(
    tuning: TuningServer, finetune: Finetune
) -> None:
    finetune("start", "--yes")
    tuning.break_next("result", *[Fault(200, raw=b"\x89PNG")] * 9)
    for _ in range(5):
        finetune("sync")

    assert job().status == "succeeded"
    assert "no table of steps" in job().trouble
    assert job().points.count() == 90
    assert job().next_sync_at is None


def test_a_result_file_in_base64_is_read(tuning: TuningServer, finetune: Finetune) -> None:
    tuning.plan(Course(base64=True))

    assert train(finetune).results.get().text.startswith("step,")


def test_a_server_without_checkpoints_still_tells_its_losses(
    tuning: TuningServer, finetune: Finetune
) -> None:
    tuning.plan(Course(checkpoints=False))

    done = train(finetune)

    found = queries.trained(str(done.pk))
    assert found is not None
    assert found.validation_loss == 1.69


def test_programs_read_the_list(finetune: Finetune) -> None:
    done = train(finetune)

    [told] = json.loads(finetune("list", "--json"))

    assert told["job"] == done.pk
    assert told["validation_loss"] == 1.45
    assert json.loads(finetune("show", str(done.pk), "--json")) == told


def test_the_worker_comes_back_until_the_job_is_over(
    tuning: TuningServer, finetune: Finetune
) -> None:
    finetune("start", "--yes")
    assert queued() == ["follow_tuning_at_once"]
    for _ in range(6):
        TuningJob.objects.exclude(next_sync_at=None).update(next_sync_at=timezone.now())
        tasks.follow_tuning(timestamp=0)

    assert job().status == "succeeded"
    assert syncing.sync_due() == 0
    assert sorted(queued()) == ["follow_tuning", "follow_tuning_at_once"]


def queued() -> list[Any]:
    return list(ProcrastinateJob.objects.values_list("queueing_lock", flat=True))


def test_a_fault_about_one_job_keeps_no_other_waiting(
    tuning: TuningServer, finetune: Finetune
) -> None:
    finetune("start", "--yes")
    finetune("start", "--yes", "--seed", "7")
    odd, fine = TuningJob.objects.order_by("pk")
    TuningJob.objects.update(next_sync_at=timezone.now())

    def make_tuner(one: TuningJob) -> Tuner:
        if one.pk == odd.pk:
            raise RuntimeError
        return syncing.tuner_of(one)

    assert syncing.sync_due(make_tuner=make_tuner) == 2

    odd.refresh_from_db()
    fine.refresh_from_db()
    assert (odd.trouble, odd.sync_failures) == ("something is wrong here (RuntimeError)", 1)
    assert fine.synced_at is not None


def test_a_job_nobody_knows_on_its_server_cannot_be_steered(
    tuning: TuningServer, finetune: Finetune
) -> None:
    tuning.break_next("create", Fault(cuts=True))
    with pytest.raises(CommandError):
        finetune("start", "--yes")

    with pytest.raises(CommandError, match="not known to its server yet"):
        finetune("cancel", str(job().pk))


def test_a_job_with_words_that_were_taken_back_does_not_go_on(
    tuning: TuningServer, finetune: Finetune
) -> None:
    finetune("start", "--yes")
    kept = job()
    finetune("pause", str(kept.pk))
    kept.manifest["sources"].append({"origin": "reviewed", "sha256": "r"})
    kept.manifest["exchanges"]["train"].append({"import_sha256": "r", "row": 7})
    TuningJob.objects.update(manifest=kept.manifest)

    with pytest.raises(CommandError, match="1 of its reviewed replies may not be learnt from"):
        finetune("resume", str(kept.pk))
    assert tuning.count("resume") == 0


def test_a_server_that_does_not_pause_says_so(tuning: TuningServer, finetune: Finetune) -> None:
    finetune("start", "--yes")
    tuning.break_next("pause", Fault(400, {"message": "Not now.", "code": None}))

    with pytest.raises(CommandError, match=r"refuses it: .*\nThe server's words: Not now\."):
        finetune("pause", str(job().pk))


def test_a_full_server_is_asked_again_by_a_new_start(
    tuning: TuningServer, finetune: Finetune
) -> None:
    tuning.break_next("create", Fault(429, {"message": "3 jobs at once.", "code": None}))
    with pytest.raises(CommandError, match="asked too often"):
        finetune("start", "--yes")
    assert tuning.count("list") == 0

    finetune("start", "--yes")

    assert (len(tuning.jobs), tuning.count("upload")) == (1, 2)


def test_a_job_that_succeeded_before_is_told_of_and_not_forbidden(
    tuning: TuningServer, finetune: Finetune
) -> None:
    tuning.shutdown["small-base"] = "2027-03-01"
    first = train(finetune)

    said = finetune("start", "--yes")

    assert f"Job {first.pk} was the very same and succeeded" in said
    assert "small-base ends on 2027-03-01" in said
    assert TuningJob.objects.count() == 2


def test_where_there_is_no_job_the_list_says_how_to_begin(finetune: Finetune) -> None:
    assert "finetune start" in finetune("list")


def test_rows_nobody_scored_and_rows_that_were_flagged_are_told_of(
    tuning: TuningServer, finetune: Finetune, rows: list[Exchange]
) -> None:
    Exchange.objects.update(moderation={"self-harm": 0.01})
    Exchange.objects.filter(pk=rows[0].pk).update(moderation={"self-harm": 0.9})
    Exchange.objects.filter(pk=rows[1].pk).update(moderation=None)

    said = finetune("start", "--yes", "--sample", "all")

    assert "Moderation flagged 1 of them" in said
    assert "1 were never scored by moderation" in said


def test_before_a_job_at_openai_its_end_is_told(settings: Settings) -> None:
    settings.FINETUNE_BASE_URL, settings.FINETUNE_MODEL = "", ""
    settings.FINETUNE_API_KEY = "key"
    config = tuning_config()

    assert (config.resolved_model, config.api_key) == ("gpt-4.1-mini-2025-04-14", "key")
    assert "47 days from now" in ending(config, today=date(2026, 11, 28))
    assert "expect to be refused" in ending(config, today=date(2027, 1, 6))
    assert "has ended fine-tuning" in ending(config, today=date(2027, 1, 14))
    assert ending(tuning_config(base_url="http://127.0.0.1:1/v1", model="m"), today=date.max) == ""
