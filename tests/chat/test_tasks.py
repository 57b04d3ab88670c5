"""The worker, on the queue in the tests' own Postgres."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.periodic import PeriodicDeferrer

from realtime.accounts.operations import create_guest
from realtime.chat.models import Thread
from tests.support.eventually import wait_until
from tests.support.server import database_url

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _queue_emptied() -> Iterator[None]:
    """Its tables are not Django's, so nobody else empties them."""
    yield
    with connection.cursor() as sql:
        sql.execute(
            "TRUNCATE procrastinate_jobs, procrastinate_periodic_defers, procrastinate_workers"
            " CASCADE"
        )


async def work() -> None:
    """A worker from its start until it has nothing to do."""
    connector = DjangoConnector().get_worker_connector()
    with app.replace_connector(connector) as worker_app:
        async with worker_app.open_async():
            await worker_app.run_worker_async(
                wait=False, listen_notify=False, install_signal_handlers=False
            )


def leave_old_thread() -> None:
    Thread.objects.create(owner=create_guest(), client_thread_id="t1")
    Thread.objects.update(created_at=timezone.now() - timedelta(days=31))


def jobs() -> dict[int, str]:
    """The state of each job by its id."""
    return dict(ProcrastinateJob.objects.values_list("id", "status"))


def make_job(*, status: str, hours_ago: float = 0) -> int:
    """A job of an earlier worker, which is no longer there."""
    with connection.cursor() as sql:
        sql.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status)"
            " VALUES ('default', 'purge', '{}', 'todo') RETURNING id"
        )
        job_id: int = sql.fetchone()[0]
        for each in ("doing", status):  # a trigger writes down each step
            sql.execute("UPDATE procrastinate_jobs SET status = %s WHERE id = %s", [each, job_id])
        sql.execute(
            "UPDATE procrastinate_events SET at = now() - make_interval(secs => %s)"
            " WHERE job_id = %s",
            [hours_ago * 3600, job_id],
        )
        return job_id


def test_the_clock_asks_for_everything_in_its_time() -> None:
    periodic = app.periodic_registry.periodic_tasks

    assert {name: task.cron for (name, _), task in periodic.items()} == {
        "purge": "17 * * * *",
        "tidy_jobs": "47 3 * * *",
        "follow_tuning": "*/15 * * * *",
        "join_reviewed": "37 * * * *",
    }


def test_a_worker_that_starts_late_makes_up_for_the_last_hour_and_day() -> None:
    deferrer = PeriodicDeferrer(app.periodic_registry, **app.periodic_defaults)
    before_both = datetime(2026, 5, 31, 3, 16, tzinfo=UTC).timestamp()

    missed = {task.task.name: at for task, at in deferrer.get_previous_tasks(at=before_both)}

    assert missed == {
        "purge": datetime(2026, 5, 31, 2, 17, tzinfo=UTC).timestamp(),
        "tidy_jobs": datetime(2026, 5, 30, 3, 47, tzinfo=UTC).timestamp(),
        "follow_tuning": datetime(2026, 5, 31, 3, 15, tzinfo=UTC).timestamp(),
        "join_reviewed": datetime(2026, 5, 31, 2, 37, tzinfo=UTC).timestamp(),
    }


async def test_the_worker_removes_an_old_conversation() -> None:
    await sync_to_async(leave_old_thread)()
    job_id = await app.configure_task("purge").defer_async(timestamp=0)

    await work()

    assert not await Thread.objects.aexists()
    assert (await sync_to_async(jobs)())[job_id] == "succeeded"


@pytest.mark.parametrize("status", ["succeeded", "failed", "cancelled", "aborted"])
async def test_jobs_that_ended_a_week_ago_are_removed(status: str) -> None:
    old = await sync_to_async(make_job)(status=status, hours_ago=169)
    young = await sync_to_async(make_job)(status=status, hours_ago=167)
    await app.configure_task("tidy_jobs").defer_async(timestamp=0)

    await work()

    left = await sync_to_async(jobs)()
    assert old not in left
    assert left[young] == status


async def test_a_job_whose_worker_died_is_removed() -> None:
    orphan = await sync_to_async(make_job)(status="doing")
    await app.configure_task("tidy_jobs").defer_async(timestamp=0)

    await work()

    assert orphan not in await sync_to_async(jobs)()


@pytest.mark.process
def test_a_worker_that_starts_makes_up_for_the_last_hour_and_ends_when_told_to(
    tmp_path: Path,
) -> None:
    leave_old_thread()
    log = tmp_path / "worker.log"

    with worker_process(log) as worker:
        wait_until(lambda: "purged: " in log.read_text(), patience_s=40)
        worker.terminate()
        assert worker.wait(15) == 0

    assert not Thread.objects.exists()
    assert "purged: 1 conversations, 0 guests" in log.read_text()
    assert "Traceback" not in log.read_text()


@contextmanager
def worker_process(log: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "manage.py", "procrastinate", "worker"]
    environment = {**os.environ, "DATABASE_URL": database_url(), "PYTHONWARNINGS": "ignore"}
    with (
        log.open("wb") as out,
        subprocess.Popen(
            command, cwd=settings.BASE_DIR, env=environment, stdout=out, stderr=out
        ) as worker,
    ):
        try:
            yield worker
        finally:
            worker.kill()
