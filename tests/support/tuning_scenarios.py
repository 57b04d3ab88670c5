"""How a job of the stand-in fine-tuning server goes, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# The words of a vendor's failures, as people report them.
FILE_BLOCKED = {
    "code": "invalid_training_file",
    "message": "The job failed due to an invalid training file. This training file was blocked "
    "because too many examples were flagged by our moderation API for containing content that "
    "violates usage policies in the following categories: self-harm.",
    "param": "training_file",
}
SAFETY_FAILED = {
    "code": "safety_evals_failed",
    "message": "The fine-tuned model failed our safety evaluations in the category self-harm.",
    "param": None,
}
REFUSALS = {
    "code": "invalid_training_file",
    "message": "The training file holds too many refusals.",
    "param": "training_file",
}
NO_PERMISSION = {
    "message": "Fine-tuning is winding down: your organization does not have permission to "
    "create fine-tuning jobs.",
    "type": "invalid_request_error",
    "code": "permission_denied",
    "param": None,
}
# Training loss, validation loss on a batch, and on the whole file, at the end of each epoch: it
# learns by heart after the second.
OVERFITS: Sequence[tuple[float, float, float]] = (
    (1.31, 1.52, 1.50),
    (0.84, 1.47, 1.45),
    (0.42, 1.71, 1.69),
)


@dataclass(frozen=True)
class Course:
    """Statuses one after the other, one for each time it is asked for; the last stays."""

    statuses: Sequence[str] = ("validating_files", "queued", "running", "succeeded")
    error: Mapping[str, Any] | None = None
    epochs: Sequence[tuple[float, float, float]] = OVERFITS
    steps_per_epoch: int = 30
    validates: bool = True  # gives validation losses where there is a validation file
    base64: bool = False
    checkpoints: bool = True
    results: bool = True
    odd: Mapping[str, Any] = field(default_factory=dict)  # more fields, in everything it says


TRAINS = Course()


def fails(error: Mapping[str, Any], *, trained: bool = False) -> Course:
    """`trained`: it fails after the training, which is paid."""
    statuses = ("validating_files", *(("queued", "running") if trained else ()), "failed")
    return Course(statuses=statuses, error=error)
