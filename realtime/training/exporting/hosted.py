"""What to do with the files at a vendor, in commands; pure."""

from __future__ import annotations

import shlex
from typing import Any

from realtime.training.exporting.names import TRAIN, VALIDATION
from realtime.training.exporting.plan import Plan

TOGETHER_MODEL = "Qwen/Qwen3.5-9B"

_OPENAI = """\
In one step, with pairs, epochs and rules of its own defaults, and the settings FINETUNE_BASE_URL,
FINETUNE_API_KEY and FINETUNE_MODEL:

    python manage.py finetune start

By hand, at any server that speaks OpenAI's wire ($BASE_URL ends in /v1):

{uploads}

    curl -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \\
      "$BASE_URL/fine_tuning/jobs" -d '{{"model": "MODEL", "training_file": "FILE_ID"{validation},
      "seed": {seed}, "method": {{"type": "supervised", "supervised": {{"hyperparameters":
      {{{parameters}}}}}}}}}'

OpenAI itself takes no new organisations for fine-tuning since May 2026 and ends it in January
2027. The learning rate is a multiplier of the vendor's own.
"""

_TOGETHER = """\
With Together's command line (https://docs.together.ai/docs/fine-tuning/quickstart):

    pip install together
    export TOGETHER_API_KEY=...
    tg files check {train}
{command}

The model that comes of it is served over OpenAI's wire. With FINETUNE_BASE_URL set to this address
and FINETUNE_API_KEY to its key (keys go to their own address only):

    python manage.py finetune promote --model NAME --base-url https://api.together.xyz/v1 \\
      --force --reason "its validation loss is ..."
"""


def openai_words(manifest: dict[str, Any], plan: Plan) -> str:
    validates = manifest["counts"]["validation"] > 0
    names = [TRAIN, *([VALIDATION] if validates else [])]
    uploads = "\n".join(
        '    curl -H "Authorization: Bearer $KEY" "$BASE_URL/files" -F purpose=fine-tune '
        f"-F file=@{name}"
        for name in names
    )
    asked = {
        "n_epochs": plan.epochs,
        "batch_size": plan.batch_size,
        "learning_rate_multiplier": plan.learning_rate,
    }
    return _OPENAI.format(
        uploads=uploads,
        validation=', "validation_file": "FILE_ID"' if validates else "",
        seed=manifest["choice"]["seed"],
        parameters=", ".join(f'"{k}": {v}' for k, v in asked.items() if v is not None),
    )


def together_words(manifest: dict[str, Any], plan: Plan) -> str:
    words = ["tg", "fine-tuning", "create", "--training-file", TRAIN]
    if manifest["counts"]["validation"]:
        words += ["--validation-file", VALIDATION, "--n-evals", str(plan.epochs)]
    words += ["--model", plan.base_model or TOGETHER_MODEL, "--lora"]
    words += ["--n-epochs", str(plan.epochs), "--n-checkpoints", str(plan.epochs)]
    if plan.batch_size is not None:
        words += ["--batch-size", str(plan.batch_size)]
    if plan.learning_rate is not None:
        words += ["--learning-rate", str(plan.learning_rate)]
    words += ["--random-seed", str(manifest["choice"]["seed"])]
    return _TOGETHER.format(train=TRAIN, command="    " + shlex.join(words))
