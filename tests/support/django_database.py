"""Django's own connection, led to another Postgres than the tests' for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

import environ
from django.db import connection

from realtime.chat.models import Thread
from realtime.chat.queries import now as database_time
from tests.support.slow_line import LONG_THREAD

__all__ = ["database_time", "django_elsewhere", "lead_django_to", "threads_since"]


@contextmanager
def django_elsewhere(url: str) -> Iterator[None]:
    before = dict(connection.settings_dict)
    lead_django_to(url)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


def lead_django_to(url: str) -> None:
    """All threads share these settings; a connection that is open stays where it is."""
    parts = environ.Env.db_url_config(url)
    keys = ("NAME", "USER", "PASSWORD", "HOST", "PORT")
    connection.close()
    connection.settings_dict.update({key: parts[key] for key in keys})


def threads_since(began: datetime) -> list[UUID]:
    """But not a log that a test made up."""
    threads = Thread.objects.filter(created_at__gte=began).exclude(client_thread_id=LONG_THREAD)
    return list(threads.values_list("id", flat=True))
