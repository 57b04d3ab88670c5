"""Which files a target gets; pure."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from realtime.training.exporting import hosted, licences, local, names
from realtime.training.exporting.licences import Source
from realtime.training.exporting.plan import Plan

_Write = Callable[[dict[str, Any], Plan], str]

_OWN: dict[str, dict[str, _Write]] = {
    "openai": {names.NEXT: hosted.openai_words},
    "trl": {names.TRL_SCRIPT: local.trl_script, names.TRL_NEEDS: lambda *_: local.NEEDS},
    "axolotl": {names.AXOLOTL: local.axolotl_yaml},
    "together": {names.NEXT: hosted.together_words},
}
TARGETS = tuple(_OWN)


def files(
    target: str,
    *,
    train: bytes,
    validation: bytes,
    manifest: dict[str, Any],
    plan: Plan,
    sources: tuple[Source, ...],
) -> dict[str, bytes]:
    """All files by name. Raises ValueError for a target that is none."""
    if target not in _OWN:
        raise ValueError(f"the target is one of {', '.join(TARGETS)}")
    rows = {source["id"]: source["examples"] for source in manifest["sources"]}
    told = json.dumps({**manifest, "target": target}, ensure_ascii=False, indent=1) + "\n"
    texts = {
        **{name: write(manifest, plan) for name, write in _OWN[target].items()},
        names.LICENCES: licences.render(sources, rows),
        names.MANIFEST: told,
    }
    examples = {names.TRAIN: train, **({names.VALIDATION: validation} if validation else {})}
    return {**examples, **{name: text.encode() for name, text in texts.items()}}
