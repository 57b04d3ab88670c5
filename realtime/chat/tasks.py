"""What the worker does by the clock. Started late, it makes up for the last hour and day."""

from __future__ import annotations

from procrastinate.contrib.django import app
from procrastinate.job_context import JobContext
from procrastinate.jobs import Status

from realtime.chat import purging

JOBS_KEPT_HOURS = 7 * 24


@app.periodic(cron="17 * * * *")
@app.task(name="purge", queueing_lock="purge")
def purge(timestamp: int) -> None:
    """Keep the promise of RETENTION_DAYS."""
    purging.purge()


@app.periodic(cron="47 3 * * *")
@app.task(name="tidy_jobs", queueing_lock="tidy_jobs", pass_context=True)
async def tidy_jobs(context: JobContext, timestamp: int) -> None:
    """Remove jobs that ended long ago, and those whose worker died: the clock brings the next."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs():
        await manager.finish_job(job, Status.FAILED, delete_job=True)
    await manager.delete_old_jobs(
        JOBS_KEPT_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
    )
