"""From a file of exchanges to the model that answers, by the commands an operator says."""

from __future__ import annotations

from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from realtime.chat.activating import active_model
from realtime.training.models import TuningJob
from tests.support.tuned_voice import careless_reply_to
from tests.support.tuning_server import TuningServer
from tests.training.conftest import Finetune

pytestmark = pytest.mark.django_db(transaction=True)


# Sixty exchanges and more that ship with the project: a file like any other.
SAMPLE = settings.BASE_DIR / "realtime" / "corpus" / "sample" / "exchanges.jsonl"


def dataset(*words: str) -> str:
    out = StringIO()
    call_command("dataset", *words, stdout=out)
    return out.getvalue()


def test_a_file_becomes_the_model_that_answers(
    directory: None, tuning: TuningServer, finetune: Finetune
) -> None:
    dataset("import", str(SAMPLE), "--licence", "CC0-1.0")
    finetune("start", "--yes", "--sample", "40")
    for _ in range(5):
        finetune("sync")
    job = TuningJob.objects.get()

    said = finetune("promote", str(job.pk), "--questions", "2")

    assert f"{job.fine_tuned_model} answers from the next reply on" in said
    active = active_model()
    assert active is not None
    assert active.checks["passed"] is True
    assert active.checks["at_risk"] > 5
    assert set(tuning.answered) == {job.fine_tuned_model}
    assert "The settings' model answers" in finetune("rollback")


def test_a_model_that_looks_no_line_up_does_not_answer_people(
    directory: None, tuning: TuningServer, finetune: Finetune
) -> None:
    dataset("import", str(SAMPLE))
    finetune("start", "--yes", "--sample", "40")
    for _ in range(5):
        finetune("sync")
    tuning.voice = careless_reply_to

    with pytest.raises(CommandError, match="names a line it looked up") as refused:
        finetune("promote", str(TuningJob.objects.get().pk), "--questions", "2")

    assert "no reason can overrule" in str(refused.value)
    assert active_model() is None


def test_a_model_nobody_reaches_is_not_promoted(
    directory: None, tuning: TuningServer, finetune: Finetune
) -> None:
    dataset("import", str(SAMPLE))
    words = ("--model", "away", "--base-url", "http://127.0.0.1:9/v1", "--questions", "2")

    with pytest.raises(CommandError, match="no reason can overrule"):
        finetune("promote", *words, "--force", "--reason", "I insist.")

    assert active_model() is None
