"""What `finetune pause`, `resume` and `cancel` have in common."""

from __future__ import annotations

from typing import Literal

from django.core.management.base import BaseCommand, CommandError

from realtime.provider.tuning import Tuner
from realtime.provider.tuning_errors import TuningError
from realtime.training import queries, syncing, tasks, telling
from realtime.training.addresses import NoAddress
from realtime.training.models import TuningJob
from realtime.training.subcommands.naming import job_called, refused

Way = Literal["pause", "resume", "cancel"]


def steer(command: BaseCommand, name: str, way: Way) -> None:
    """Ask the server, then look how the job stands."""
    job = job_called(name)
    if job.is_over:
        raise CommandError(f"Job {job.pk} is over ({telling.status_of(job)}).")
    if job.remote_id is None:
        raise CommandError(f"Job {job.pk} is not known to its server yet: finetune sync first.")
    if way == "resume" and (gone := queries.withdrawn(job)):
        raise CommandError(
            f"{gone} of its reviewed replies may not be learnt from any more: cancel it, delete "
            "its files at the server, and start another."
        )
    try:
        with syncing.tuner_of(job) as tuner:
            _ask(tuner, job.remote_id, way)
        syncing.sync(job)
    except (TuningError, NoAddress) as error:
        raise refused(error) from error
    tasks.follow()
    job = TuningJob.objects.get(pk=job.pk)
    command.stdout.write(telling.line_of(job))


def _ask(tuner: Tuner, job_id: str, way: Way) -> None:
    match way:
        case "pause":
            tuner.pause(job_id)
        case "resume":
            tuner.resume(job_id)
        case "cancel":
            tuner.cancel(job_id)
