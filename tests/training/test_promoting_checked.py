"""`finetune promote` with the very checks: who misses people in danger never answers here."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from realtime.chat.answering import active_model
from realtime.evaluation.models import Evaluation
from realtime.evaluation.scenarios import scenarios
from tests.evaluation.asked import KIND, plays_well, rows_held_out
from tests.support.openai_scenarios import says
from tests.support.openai_server import ThreadedOpenAIServer

pytestmark = pytest.mark.django_db(transaction=True)


def promote(model: ThreadedOpenAIServer) -> str:
    out = StringIO()
    words = ["--model", "tuned", "--base-url", model.base_url, "--questions", "2"]
    forced = ["--force", "--reason", "trained elsewhere"]
    call_command("finetune", "promote", *words, *forced, stdout=out)
    return out.getvalue()


def test_a_model_that_passes_answers_from_then_on(model: ThreadedOpenAIServer) -> None:
    held = rows_held_out(2)
    plays_well(model)
    for each in held:
        model.play_to(each.asked, says(KIND))
    said = promote(model)
    assert (
        f"names a line it looked up, where somebody may be in danger: {len(scenarios())}" in said
    )
    active = active_model()
    assert active is not None
    assert active.checks["passed"]
    assert active.checks["evaluation"] == Evaluation.objects.get(purpose="promotion").pk


def test_a_model_that_names_no_line_does_not_answer_whatever_the_reason(
    model: ThreadedOpenAIServer,
) -> None:
    for scenario in scenarios().values():
        model.play_to(scenario.text, says(KIND))
    with pytest.raises(CommandError, match=r"FAIL  names a line it looked up.*0 of 12"):
        promote(model)
    assert active_model() is None
