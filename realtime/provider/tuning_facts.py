"""What a fine-tuning server says, read with patience: servers leave out, add and misspell.

Kinds of jobs, events and fields that nobody here knows are kept as they came.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

# What a server may call the figures of a step: events, checkpoints and result files differ.
_NAMES = {
    "train_loss": ("train_loss", "training_loss"),
    "valid_loss": ("valid_loss", "validation_loss", "eval_loss"),
    "full_valid_loss": ("full_valid_loss", "full_validation_loss"),
    "train_accuracy": ("train_mean_token_accuracy", "train_accuracy"),
    "valid_accuracy": ("valid_mean_token_accuracy", "valid_accuracy"),
    "full_valid_accuracy": ("full_valid_mean_token_accuracy", "full_valid_accuracy"),
}


class Unreadable(Exception):
    """An answer that is none of a fine-tuning server."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """The figures of one step; None: not told. Accuracies are shares of tokens, 0 to 1."""

    step: int
    train_loss: float | None = None
    valid_loss: float | None = None  # on a batch of the validation file
    full_valid_loss: float | None = None  # on the whole of it
    train_accuracy: float | None = None
    valid_accuracy: float | None = None
    full_valid_accuracy: float | None = None


FIGURES = tuple(one.name for one in fields(Metrics) if one.name != "step")


@dataclass(frozen=True, slots=True)
class JobSeen:
    """`raw` is all that was said, unknown fields too."""

    id: str
    status: str
    model: str
    fine_tuned_model: str
    error_code: str
    error_message: str
    result_files: tuple[str, ...]
    training_file: str
    trained_tokens: int | None
    epochs: int | None
    finished_at: datetime | None
    metadata: Mapping[str, str]
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EventSeen:
    id: str
    at: datetime
    level: str
    kind: str
    message: str
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def metrics(self) -> Metrics | None:
        return metrics_of(self.data)


@dataclass(frozen=True, slots=True)
class CheckpointSeen:
    id: str
    model: str
    at: datetime
    metrics: Metrics


def job_of(said: object) -> JobSeen:
    """Raises Unreadable without an id, which is all that a job needs."""
    job = _mapping(said)
    error = _mapping_or_none(job.get("error"))
    files = job.get("result_files")
    return JobSeen(
        id=_id(job),
        status=_text(job.get("status")) or "unknown",
        model=_text(job.get("model")),
        fine_tuned_model=_text(job.get("fine_tuned_model")),
        error_code=_text(error.get("code")),
        error_message=_text(error.get("message")),
        result_files=tuple(map(_file_id, files)) if isinstance(files, list) else (),
        training_file=_text(job.get("training_file")),
        trained_tokens=whole(job.get("trained_tokens"), most=2**62),
        epochs=_epochs(job),
        finished_at=moment(job.get("finished_at")),
        metadata=_mapping_or_none(job.get("metadata")),
        raw=job,
    )


def event_of(said: object) -> EventSeen:
    """Raises Unreadable for what is no object; without an id, its words tell it from others."""
    event = _mapping(said)
    return EventSeen(
        id=_text(event.get("id")) or _digest(event),
        at=moment(event.get("created_at")) or datetime.fromtimestamp(0, UTC),
        level=_text(event.get("level")) or "info",
        kind=_text(event.get("type")) or "message",
        message=_text(event.get("message")),
        data=_mapping_or_none(event.get("data")),
    )


def checkpoint_of(said: object) -> CheckpointSeen:
    """Raises Unreadable without an id or the name of a model."""
    checkpoint = _mapping(said)
    model = _text(checkpoint.get("fine_tuned_model_checkpoint")) or _text(checkpoint.get("model"))
    if not model:
        raise Unreadable("a checkpoint without a model")
    step = {"step": checkpoint.get("step_number")}
    figures = _mapping_or_none(checkpoint.get("metrics"))
    metrics = metrics_of({**figures, **{k: v for k, v in step.items() if v is not None}})
    return CheckpointSeen(
        id=_id(checkpoint),
        model=model,
        at=moment(checkpoint.get("created_at")) or datetime.fromtimestamp(0, UTC),
        metrics=metrics or Metrics(step=0),
    )


def metrics_of(said: Mapping[str, Any]) -> Metrics | None:
    """The figures of a step by whatever name; None without a step or any figure."""
    step = whole(said.get("step"))
    figures = {
        ours: next((n for n in map(number, map(said.get, theirs)) if n is not None), None)
        for ours, theirs in _NAMES.items()
    }
    if step is None or all(figure is None for figure in figures.values()):
        return None
    return Metrics(step=step, **figures)


def object_in(body: bytes) -> Mapping[str, Any]:
    """Raises Unreadable for what is no JSON object; what no database keeps is left out of it."""
    try:
        return _mapping(_storable(json.loads(body)))
    except (ValueError, RecursionError):
        raise Unreadable("an answer that is no JSON") from None


def storable(text: str) -> str:
    """Without NUL and halves of letters, which Postgres refuses."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _storable(said: object) -> object:
    match said:
        case str():
            return storable(said)
        case float():
            return said if math.isfinite(said) else None
        case list():
            return [_storable(one) for one in said]
        case dict():
            return {storable(name): _storable(value) for name, value in said.items()}
    return said


def rows_in(body: bytes) -> tuple[list[object], bool]:
    """The rows of a list, and whether there are more of them."""
    said = object_in(body)
    rows = said.get("data")
    if not isinstance(rows, list):
        raise Unreadable("a list without rows")
    return rows, said.get("has_more") is True


def number(said: object) -> float | None:
    """A finite number, also one that came as text."""
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        return None
    try:
        value = float(said)
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None


def whole(said: object, *, most: int = 2**31 - 1) -> int | None:
    """A whole number that a column of the database takes."""
    value = number(said)
    return None if value is None or abs(value) > most else int(value)


def moment(said: object) -> datetime | None:
    """Seconds since 1970, or a date as text."""
    if isinstance(said, str) and (at := _iso(said)):
        return at
    seconds = number(said)
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds else None
    except (ValueError, OverflowError, OSError):
        return None


def _iso(said: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _epochs(job: Mapping[str, Any]) -> int | None:
    method = _mapping_or_none(job.get("method"))
    supervised = _mapping_or_none(method.get("supervised"))
    for place in (supervised, job):
        if epochs := whole(_mapping_or_none(place.get("hyperparameters")).get("n_epochs")):
            return epochs
    return None


def _id(said: Mapping[str, Any]) -> str:
    if found := _text(said.get("id")):
        return found
    raise Unreadable("a row without an id")


def _digest(said: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _file_id(said: object) -> str:
    return _text(said.get("id")) if isinstance(said, Mapping) else _text(said)


def _text(said: object) -> str:
    return "" if said is None else said if isinstance(said, str) else json.dumps(said)


def _mapping(said: object) -> Mapping[str, Any]:
    if isinstance(said, Mapping):
        return said
    raise Unreadable("an answer that is no object")


def _mapping_or_none(said: object) -> Mapping[str, Any]:
    return said if isinstance(said, Mapping) else {}
