"""Files for a machine of one's own: a script for TRL, a configuration for axolotl; pure."""

from __future__ import annotations

import json
import re
from importlib import resources
from math import ceil
from typing import Any

from realtime.training.exporting.plan import LORA_BATCH_SIZE, LORA_LEARNING_RATE, Plan

# Apache-2.0; its chat template knows tools, which the agent needs.
BASE_MODEL = "Qwen/Qwen3-4B-Instruct-2507"
# Of the releases that the files were checked against (tests/training/known_keys.json).
NEEDS = "trl>=1.16,<2\npeft>=0.21\ndatasets>=4.7\ntorch\n"

_MARK = re.compile(r"@([A-Z_]+)@")
_TEST_DATASETS = """
test_datasets:
  - path: validation.jsonl
    ds_type: json
    split: train
    type: chat_template
    field_messages: messages
    message_property_mappings:
      role: role
      content: content
    roles_to_train: ["assistant"]
    train_on_eos: turn
eval_strategy: epoch
load_best_model_at_end: true
metric_for_best_model: eval_loss
greater_is_better: false
"""


def trl_script(manifest: dict[str, Any], plan: Plan) -> str:
    # JSON's strings and numbers are Python's too.
    return _filled("train_trl.txt", _values(manifest, plan))


def axolotl_yaml(manifest: dict[str, Any], plan: Plan) -> str:
    # JSON's strings and numbers are YAML's too.
    values = _values(manifest, plan)
    validates = manifest["counts"]["validation"] > 0
    values["TEST_DATASETS"] = _TEST_DATASETS if validates else ""
    values["SEQUENCE_LEN"] = str(_room_for(manifest["tokens"]["longest_example"]))
    batches = ceil(manifest["counts"]["train"] / (plan.batch_size or LORA_BATCH_SIZE))
    values["WARMUP_STEPS"] = str(max(1, batches * plan.epochs // 30))
    return _filled("axolotl.txt", values)


def _values(manifest: dict[str, Any], plan: Plan) -> dict[str, str]:
    return {
        "BASE_MODEL": json.dumps(plan.base_model or BASE_MODEL),
        "EPOCHS": str(plan.epochs),
        "BATCH_SIZE": str(plan.batch_size or LORA_BATCH_SIZE),
        "LEARNING_RATE": f"{plan.learning_rate or LORA_LEARNING_RATE:.12f}".rstrip("0"),
        "SEED": str(manifest["choice"]["seed"]),
    }


def _room_for(tokens: int) -> int:
    """Twice the estimate, which is of English, in whole steps of 512."""
    return max(2048, ceil(2 * tokens / 512) * 512)


def _filled(name: str, values: dict[str, str]) -> str:
    template = resources.files(__package__).joinpath(name).read_text("utf-8")
    return _MARK.sub(lambda mark: values[mark[1]], template)
