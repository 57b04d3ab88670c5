"""What an operator is told before rows leave this machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.timezone import localdate

from realtime.provider.config import ProviderConfig
from realtime.provider.tuning import Tuner
from realtime.provider.tuning_errors import TuningError
from realtime.training.addresses import ending
from realtime.training.dataset import Dataset
from realtime.training.figuring import MEMORY_ONLY
from realtime.training.starting import Asked, fingerprint, same_before


def lines(config: ProviderConfig, dataset: Dataset, asked: Asked, *, tuner: Tuner) -> list[str]:
    """Rows, tokens, licences, where they go, and what is known to end."""
    told = [
        f"{len(dataset.train):,} pairs train {config.resolved_model} at {config.host}, "
        f"{_epochs(asked)}; {_tokens(dataset.manifest)}.",
        _held_out(dataset),
        _leaves(config),
    ]
    told += _licences(dataset)
    told += _flagged(dataset.manifest)
    told += [line for line in (_base_ends(config, tuner), _ending(config)) if line]
    if (before := same_before(fingerprint(config, dataset, asked))) is not None:
        told.append(f"Job {before.pk} was the very same and succeeded: {before.fine_tuned_model}.")
    return told


def _epochs(asked: Asked) -> str:
    if asked.n_epochs is None:
        return "as many epochs as the server likes"
    return f"{asked.n_epochs} epoch{'s' if asked.n_epochs != 1 else ''}"


def _tokens(manifest: Mapping[str, Any]) -> str:
    told = manifest["tokens"]
    return (
        f"about {told['train_all_epochs']:,} tokens, of which {told['of_that_system_prompt']:,} "
        "are the system prompt"
    )


def _held_out(dataset: Dataset) -> str:
    if not dataset.validation:
        return f"No question is held out. {MEMORY_ONLY}: the training loss, that is."
    count = len(dataset.validation)
    return f"{count:,} pairs of other questions are held out, for the validation loss."


def _leaves(config: ProviderConfig) -> str:
    if config.is_loopback:
        return f"The rows go to {config.host}, on this machine."
    return f"The rows leave this machine: they are sent to {config.host}, which keeps them."


def _licences(dataset: Dataset) -> list[str]:
    return [
        f"From {source.name}: licence {source.licence or 'not known: may you send it?'}"
        for source in dataset.sources
    ]


def _flagged(manifest: Mapping[str, Any]) -> list[str]:
    counts = manifest["counts"]
    told = []
    if counts["flagged"]:
        told.append(
            f"Moderation flagged {counts['flagged']:,} of them, and the server may block the file "
            "for it: --without-flagged leaves them out."
        )
    if unknown := counts["train"] + counts["validation"] - counts["moderated"]:
        told.append(
            f"{unknown:,} were never scored by moderation, and the server may flag them itself: "
            "dataset import FILE --moderate has it done."
        )
    return told


def _base_ends(config: ProviderConfig, tuner: Tuner) -> str:
    """The base's own end, where the server says it; it need not know models by name."""
    try:
        date = tuner.shutdown_date(config.resolved_model)
    except TuningError:
        return ""
    return (
        f"{config.resolved_model} ends on {date}, and what is tuned from it too." if date else ""
    )


def _ending(config: ProviderConfig) -> str:
    return ending(config, today=localdate())
