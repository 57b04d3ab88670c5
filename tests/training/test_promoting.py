"""Which tuned model may answer: what is refused, what is suggested, how to go back."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest
from django.core.management import CommandError

from realtime.chat.activating import active_model
from realtime.provider.config import ProviderConfig
from realtime.training.models import Checkpoint, TuningJob
from tests.support.tuning_scenarios import FILE_BLOCKED, fails
from tests.support.tuning_server import TuningServer
from tests.training.conftest import Finetune
from tests.training.rows import exchanges, imported

pytestmark = pytest.mark.django_db


@dataclass
class Judged:
    """Stands for the checks, which are slow: test_whole_way.py has the real ones."""

    passed: bool = True

    def lines(self) -> list[str]:
        return ["ok" if self.passed else "FAIL  a person in danger is told a line: 3 of 9"]

    def as_json(self) -> Mapping[str, Any]:
        return {"passed": self.passed}


@pytest.fixture(autouse=True)
def checked(monkeypatch: pytest.MonkeyPatch) -> list[ProviderConfig]:
    """The models that were checked."""
    asked: list[ProviderConfig] = []

    def check(*, config: ProviderConfig, questions: int) -> Judged:
        asked.append(config)
        return Judged(passed="bad" not in config.resolved_model)

    module = ModuleType("running")
    vars(module)["deterministic"] = check
    monkeypatch.setitem(sys.modules, "realtime.evaluation.running", module)
    return asked


@pytest.fixture(autouse=True)
def rows() -> None:
    exchanges(imported(), 200)


def train(finetune: Finetune, *options: str) -> TuningJob:
    finetune("start", "--yes", *options)
    for _ in range(5):
        finetune("sync")
    return TuningJob.objects.get()


def name() -> str | None:
    active = active_model()
    return None if active is None else active.name


def test_a_job_that_was_validated_answers_from_now_on(
    tuning: TuningServer, finetune: Finetune, checked: list[ProviderConfig]
) -> None:
    job = train(finetune)

    said = finetune("promote", str(job.pk))

    active = active_model()
    assert active is not None
    assert (active.name, active.base_url) == (job.fine_tuned_model, tuning.base_url)
    assert (active.source, active.forced) == (f"fine-tuning job {job.pk}", False)
    assert active.checks == {"passed": True}
    assert "Back again: finetune rollback" in said
    assert checked[0].api_key == "a-tuning-key"


def test_a_better_checkpoint_is_suggested_and_may_be_promoted(finetune: Finetune) -> None:
    job = train(finetune)
    best = job.checkpoints.get(step=60)

    said = finetune("promote", str(job.remote_id))
    assert f"(validation loss 1.450, here 1.690): finetune promote {best.remote_id}" in said

    said = finetune("promote", best.remote_id)
    assert "Better is" not in said
    assert name() == best.model
    finetune("promote", job.fine_tuned_model)
    assert name() == job.fine_tuned_model


def test_without_validation_it_takes_force_and_a_reason(finetune: Finetune) -> None:
    job = train(finetune, "--validation", "0")
    number = str(job.pk)
    for words in ((), ("--force",), ("--reason", "I know."), ("--force", "--reason", "  ")):
        with pytest.raises(CommandError, match="No validation loss is known of fine-tuning job"):
            finetune("promote", number, *words)
    assert name() is None

    finetune("promote", number, "--force", "--reason", "Evaluated by hand.")

    active = active_model()
    assert active is not None
    assert (active.forced, active.reason) == (True, "Evaluated by hand.")


def test_failing_checks_cannot_be_overruled(tuning: TuningServer, finetune: Finetune) -> None:
    job = train(finetune, "--suffix", "bad")

    with pytest.raises(CommandError, match="no reason can overrule") as refused:
        finetune("promote", str(job.pk), "--force", "--reason", "I insist.")

    assert "told a line: 3 of 9" in str(refused.value)
    assert name() is None


def test_any_model_may_be_named_with_its_address(
    finetune: Finetune, checked: list[ProviderConfig]
) -> None:
    words = ("promote", "--model", "my-adapter", "--base-url", "http://127.0.0.1:9/v1/")
    with pytest.raises(CommandError, match="No validation loss is known of the model my-adapter"):
        finetune(*words)

    finetune(*words, "--force", "--reason", "Trained with TRL: 1.31 on held-out questions.")

    active = active_model()
    assert active is not None
    assert (active.name, active.base_url) == ("my-adapter", "http://127.0.0.1:9/v1")
    assert checked[0].api_key == ""


def test_a_known_model_named_by_hand_is_known_by_its_validation(
    tuning: TuningServer, finetune: Finetune
) -> None:
    job = train(finetune)

    finetune("promote", "--model", job.fine_tuned_model, "--base-url", tuning.base_url)

    assert name() == job.fine_tuned_model


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ((), "Say a job or a checkpoint"),
        (("1", "--model", "m"), "Say a job or a checkpoint"),
        (("nobody",), "No job, checkpoint or tuned model nobody"),
        (("--model", "m", "--base-url", "nowhere"), "must look like https://host/v1"),
    ],
)
def test_what_makes_no_sense_is_refused(
    finetune: Finetune, words: tuple[str, ...], refusal: str
) -> None:
    with pytest.raises(CommandError, match=refusal):
        finetune("promote", *words)


def test_a_job_without_a_model_is_refused(tuning: TuningServer, finetune: Finetune) -> None:
    tuning.plan(fails(FILE_BLOCKED))
    job = train(finetune)

    with pytest.raises(CommandError, match="has no model: it is failed"):
        finetune("promote", str(job.pk))


def test_one_goes_back_step_by_step(finetune: Finetune) -> None:
    job = train(finetune)
    finetune("promote", str(Checkpoint.objects.get(step=60).remote_id))
    finetune("promote", str(job.pk))

    assert "ckpt-step-60 answers" in finetune("rollback")
    assert "The settings' model answers" in finetune("rollback")
    assert "nothing to go back to" in finetune("rollback")
    assert name() is None
