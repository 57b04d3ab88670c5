"""Which job an operator means, for the words of `finetune`."""

from __future__ import annotations

from django.core.management.base import CommandError

from realtime.provider.tuning_errors import TuningError
from realtime.training import queries
from realtime.training.addresses import NoAddress
from realtime.training.models import TuningJob


def job_called(name: str) -> TuningJob:
    """By our number or by the server's id. Raises CommandError."""
    job = queries.job_named(name)
    if job is None:
        raise CommandError(f"No fine-tuning job {name} is known here: finetune list shows all.")
    return job


def refused(error: TuningError | NoAddress) -> CommandError:
    """The cause and the way out, and the server's own words below them."""
    said = getattr(error, "said", "")
    return CommandError(f"{error}\nThe server's words: {said}" if said else str(error))
