"""The names of the files of an export."""

from __future__ import annotations

TRAIN, VALIDATION, MANIFEST = "train.jsonl", "validation.jsonl", "manifest.json"
LICENCES, NEXT = "LICENCES.txt", "NEXT.txt"
TRL_SCRIPT, TRL_NEEDS, AXOLOTL = "train_trl.py", "requirements-trl.txt", "axolotl.yaml"
OURS = frozenset((TRAIN, VALIDATION, MANIFEST, LICENCES, NEXT, TRL_SCRIPT, TRL_NEEDS, AXOLOTL))
