"""What a data set is made of, so that it can be made again and answered for; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from hashlib import sha256
from math import ceil
from typing import Any

from realtime.training.choosing import FLAGGED, Choice, Chosen, Pair, answers_a_question
from realtime.training.exporting.licences import Source
from realtime.training.exporting.plan import Plan

FORMAT = 1
_CHARACTERS = 4  # to a token, about: English counts so; other writings cost more


def manifest(
    chosen: Chosen,
    choice: Choice,
    *,
    files: Mapping[str, bytes],
    sources: tuple[Source, ...],
    prompt: Mapping[str, str],
    plan: Plan,
) -> dict[str, Any]:
    """No clock, no path and no name of a machine is in it: the same data make the same bytes."""
    pairs = [*chosen.train, *chosen.validation]
    return {
        "made_by": "Kindline",
        "format": FORMAT,
        "files": {name: _file(content) for name, content in files.items() if content},
        "counts": _counts(chosen),
        "filters": [{"filter": n, "before": b, "after": a} for n, b, a in chosen.steps],
        "choice": asdict(choice),
        "training": asdict(plan),
        "system_prompt": dict(prompt),
        "tokens": _tokens(chosen, prompt["text"], plan),
        "sources": [_source(source, pairs) for source in sources],
        "exchanges": {
            "train": _ids(chosen.train, sources),
            "validation": _ids(chosen.validation, sources),
        },
        "memory_only": not chosen.validation,
    }


def tokens_of(characters: int) -> int:
    return ceil(characters / _CHARACTERS)


def longest(chosen: Chosen, prompt: str) -> int:
    """Characters of the longest example."""
    lengths = (_characters(pair) for pair in [*chosen.train, *chosen.validation])
    return max(lengths, default=0) + len(prompt)


def _file(content: bytes) -> dict[str, object]:
    lines = content.count(b"\n")
    return {"sha256": sha256(content).hexdigest(), "bytes": len(content), "lines": lines}


def _counts(chosen: Chosen) -> dict[str, Any]:
    pairs = [*chosen.train, *chosen.validation]
    return {
        "train": len(chosen.train),
        "validation": len(chosen.validation),
        "questions_train": len({pair.question_key for pair in chosen.train}),
        "questions_validation": len({pair.question_key for pair in chosen.validation}),
        "answers_a_question": answers_a_question(pairs),
        "with_history": sum(bool(pair.history) for pair in pairs),
        "reviewed": sum(pair.reviewed for pair in pairs),
        "moderated": sum(pair.flagged is not None for pair in pairs),
        "flagged": sum((pair.flagged or 0) >= FLAGGED for pair in pairs),
    }


def _tokens(chosen: Chosen, prompt: str, plan: Plan) -> dict[str, Any]:
    train = sum(tokens_of(_characters(pair) + len(prompt)) for pair in chosen.train)
    return {
        "method": f"characters / {_CHARACTERS}, rounded up: an estimate, not a bill",
        "train": train,
        "train_all_epochs": train * plan.epochs,
        "of_that_system_prompt": tokens_of(len(prompt)) * len(chosen.train) * plan.epochs,
        "longest_example": tokens_of(longest(chosen, prompt)),
    }


def _characters(pair: Pair) -> int:
    return sum(len(message["content"]) for message in pair.messages)


def _source(source: Source, pairs: Iterable[Pair]) -> dict[str, Any]:
    told = asdict(source)
    told["examples"] = Counter(pair.source for pair in pairs)[source.id]
    return told


def _ids(pairs: Iterable[Pair], sources: tuple[Source, ...]) -> list[dict[str, Any]]:
    digests = {source.id: source.sha256 for source in sources}
    return [
        {
            "exchange": pair.id,
            "import_sha256": digests[pair.source],
            "row": pair.row,
            "turn": pair.turn,
            "question_key": pair.question_key,
        }
        for pair in pairs
    ]
