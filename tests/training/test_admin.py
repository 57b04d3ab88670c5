"""Fine-tuning in the admin: what is shown, and that it needs no script and no style of its own."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from realtime.accounts.models import User
from realtime.chat.activating import activate_model
from realtime.training.models import TuningJob
from tests.support.tuning_scenarios import FILE_BLOCKED, SAFETY_FAILED, Course, fails
from tests.support.tuning_server import TuningServer
from tests.training.conftest import Finetune
from tests.training.rows import exchanges, imported

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer() -> Client:
    client = Client(headers={"Host": "127.0.0.1"})
    client.force_login(User.objects.create_superuser("reviewer"))
    return client


@pytest.fixture(autouse=True)
def rows() -> None:
    exchanges(imported(licence="CC0-1.0"), 200)


def train(finetune: Finetune, *options: str) -> TuningJob:
    finetune("start", "--yes", *options)
    for _ in range(5):
        finetune("sync")
    return TuningJob.objects.get()


def page(reviewer: Client, job: TuningJob) -> str:
    answer = reviewer.get(reverse("admin:training_tuningjob_change", args=[job.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_a_job_shows_its_losses_as_a_picture_and_as_a_table(
    reviewer: Client, finetune: Finetune
) -> None:
    html = page(reviewer, train(finetune))

    assert '<polyline class="curve curve-training"' in html
    assert '<polyline class="curve curve-validation"' in html
    assert 'aria-labelledby="losses-title losses-desc"' in html
    description = html.partition('<desc id="losses-desc">')[2].partition("</desc>")[0]
    assert "Validation loss was least at epoch 2, step 60: 1.450" in description
    assert "60 2 0.840 1.450 best" in words(html)
    assert "90 3 0.420 1.690" in words(html)
    assert "CC0-1.0" in html
    assert "finetune promote ftckpt_ftjob-0003_60" in html


def test_its_pages_keep_to_the_policy_of_the_site(reviewer: Client, finetune: Finetune) -> None:
    html = page(reviewer, train(finetune))
    content = html.partition('<div id="content-main">')[2].partition("<footer")[0]

    assert content
    assert not re.search(r"<style|\sstyle=|\son\w+=", content)


def test_without_validation_it_measures_memory_only(reviewer: Client, finetune: Finetune) -> None:
    html = page(reviewer, train(finetune, "--validation", "0"))

    assert "This figure measures memory only" in html
    assert "curve-validation" not in html


@pytest.mark.parametrize(
    ("course", "said"),
    [
        (fails(FILE_BLOCKED), "nothing was trained and nothing is due"),
        (fails(SAFETY_FAILED, trained=True), "the training is paid all the same"),
    ],
)
def test_a_failure_is_shown_in_words_with_the_way_out(
    reviewer: Client, tuning: TuningServer, finetune: Finetune, course: Course, said: str
) -> None:
    tuning.plan(course)

    shown = words(page(reviewer, train(finetune)))

    assert said in shown
    assert "The way out:" in shown
    assert "--without-flagged" in shown
    assert "The server&#x27;s words" in shown or "The server's words" in shown


def test_a_job_that_has_only_begun_is_shown(reviewer: Client, finetune: Finetune) -> None:
    finetune("start", "--yes")

    assert "The server has told no loss yet." in page(reviewer, TuningJob.objects.get())


def test_models_show_when_they_end_and_which_one_answers(
    reviewer: Client, tuning: TuningServer, finetune: Finetune
) -> None:
    tuning.shutdown["ft:small-base:stand-in::0003"] = "2027-05-01"
    job = train(finetune)
    address = reverse("admin:training_tunedmodel_changelist")

    before = words(reviewer.get(address).content.decode())
    activate_model(name=job.fine_tuned_model, base_url=job.base_url, source="job 1")
    answer = reviewer.get(address).content.decode()

    assert "The settings&#x27;" in before or "The settings'" in before
    assert "2027-05-01" in before
    assert "not announced" in before
    assert f"{job.fine_tuned_model} answers now" in words(answer)
    assert answer.count(">answers now</span>") == 1


def test_nobody_changes_anything_there(reviewer: Client, finetune: Finetune) -> None:
    job = train(finetune)
    url = reverse("admin:training_tuningjob_change", args=[job.pk])

    assert reviewer.post(url, {"status": "running"}).status_code == 403
    assert reviewer.get(reverse("admin:training_tuningjob_add")).status_code == 403
    listing = words(reviewer.get(reverse("admin:training_tuningjob_changelist")).content.decode())
    assert "succeeded" in listing
