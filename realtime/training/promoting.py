"""Chooses which model answers: refused for one that was not validated, or fails its checks.

A missing validation can be overruled with a reason, for there may be another way to know. The
deterministic checks cannot: what they look for may cost a life.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from realtime.accounts.models import User
from realtime.chat.activating import ActivationRefused, activate_model
from realtime.chat.models import ActiveModel
from realtime.provider.config import ProviderConfig
from realtime.training import queries
from realtime.training.addresses import NoAddress, tuning_config
from realtime.training.figuring import MEMORY_ONLY
from realtime.training.models import SUCCEEDED, Checkpoint
from realtime.training.queries import Trained
from realtime.training.telling import status_of


class Checked(Protocol):
    """What the checks found; `told` is for `ActiveModel.checks`."""

    @property
    def passed(self) -> bool: ...
    def lines(self) -> list[str]: ...
    def as_json(self) -> Mapping[str, Any]: ...


Check = Callable[[ProviderConfig], Checked]


class PromotionRefused(Exception):
    """Why this model does not answer from now on, and what to do; whole sentences."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model somebody wants to answer; `validation_loss` None: nobody measured any."""

    config: ProviderConfig
    source: str
    validation_loss: float | None
    better: Checkpoint | None = None


@dataclass(frozen=True, slots=True)
class Promoted:
    active: ActiveModel
    checked: Checked


def candidate(*, trained: str = "", model: str = "", base_url: str | None = None) -> Candidate:
    """By a job or checkpoint, or by a model's name and address. Raises PromotionRefused."""
    if bool(trained) == bool(model):
        raise PromotionRefused("Say a job or a checkpoint, or else --model and --base-url.")
    try:
        if trained:
            return _of(_known(trained))
        config = tuning_config(base_url=base_url, model=model)
    except NoAddress as error:
        raise PromotionRefused(str(error)) from error
    found = queries.trained(model, base_url=config.base_url)
    if found is not None:
        return _of(found)
    return Candidate(config, f"the model {model} at {config.host}, said by hand", None)


def promote(
    found: Candidate,
    *,
    check: Check,
    force: bool = False,
    reason: str = "",
    by: User | None = None,
) -> Promoted:
    """Have it answer from the next reply on. Raises PromotionRefused."""
    forced = found.validation_loss is None
    if forced and not (force and reason.strip()):
        raise PromotionRefused(_unvalidated(found))
    checked = check(found.config)
    if not checked.passed:
        raise PromotionRefused("\n".join([_FAILED, *checked.lines()]))
    try:
        active = activate_model(
            name=found.config.resolved_model,
            base_url=found.config.base_url,
            source=found.source,
            reason=reason,
            forced=forced,
            checks=dict(checked.as_json()),
            by=by,
        )
    except ActivationRefused as error:
        raise PromotionRefused(str(error)) from error
    return Promoted(active, checked)


_FAILED = (
    "It fails checks of safety, and no reason can overrule them. The model that answers now stays:"
)


def _unvalidated(found: Candidate) -> str:
    return (
        f"No validation loss is known of {found.source}: nobody knows how it answers questions it "
        f"was not trained on. {MEMORY_ONLY} holds of its training loss. Train it again with "
        "questions held out (finetune start), or overrule with --force --reason '...'."
    )


def _known(name: str) -> Trained:
    found = queries.trained(name)
    if found is None:
        raise PromotionRefused(
            f"No job, checkpoint or tuned model {name} is known here: finetune list shows jobs, "
            "and --model NAME --base-url URL takes any model."
        )
    if found.checkpoint is None and found.job.status != SUCCEEDED:
        raise PromotionRefused(f"Job {found.job.pk} has no model: it is {status_of(found.job)}.")
    if not found.name:
        raise PromotionRefused(f"Job {found.job.pk} has no model's name yet: finetune sync.")
    return found


def _of(found: Trained) -> Candidate:
    config = tuning_config(base_url=found.job.base_url, model=found.name)
    return Candidate(config, found.source, found.validation_loss, found.better)
