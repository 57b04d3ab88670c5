from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from realtime.provider.tuning_errors import TuningError
from realtime.training import syncing, tasks, telling
from realtime.training.addresses import NoAddress
from realtime.training.models import OVER, TunedModel, TuningJob
from realtime.training.subcommands.naming import job_called, refused

NAME = "sync"
HELP = "Ask the servers at once how jobs go on, and when tuned models end"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("job", nargs="?", help="only this one, also when it is over")


def handle(command: BaseCommand, options: dict[str, Any]) -> None:
    jobs = [job_called(options["job"])] if options["job"] else list(_awaited())
    try:
        failed = [error for job in jobs if (error := _told(command, job)) is not None]
        _ask_for_dates()
    except NoAddress as error:
        raise refused(error) from error
    tasks.follow()
    if not jobs:
        command.stdout.write("No job is awaited.")
    if failed:
        raise refused(failed[0])


def _awaited() -> list[TuningJob]:
    waiting = TuningJob.objects.filter(next_sync_at__isnull=False)
    return list((waiting | TuningJob.objects.exclude(status__in=OVER)).order_by("id"))


def _told(command: BaseCommand, job: TuningJob) -> TuningError | None:
    error = syncing.sync(job)
    job.refresh_from_db()
    command.stdout.write(telling.line_of(job))
    if job.trouble:
        command.stdout.write(f"      {job.trouble}: {job.way_out}.")
    return error


def _ask_for_dates() -> None:
    for model in TunedModel.objects.select_related("job"):
        with syncing.tuner_of(model.job) as tuner:
            syncing.ask_for_date(model, tuner)
