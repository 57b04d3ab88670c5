from __future__ import annotations

from collections.abc import Callable, Iterator
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from realtime.training import starting
from tests.support.tuning_server import TuningServer

Finetune = Callable[..., str]


@pytest.fixture
def tuning(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[TuningServer]:
    """A server that trains, as the settings name it."""
    monkeypatch.setattr(starting, "LOOK_AGAIN_S", (0.0, 0.0))
    with TuningServer() as server:
        settings.FINETUNE_BASE_URL = server.base_url
        settings.FINETUNE_API_KEY, settings.FINETUNE_MODEL = "a-tuning-key", "small-base"
        yield server


@pytest.fixture
def finetune(tuning: TuningServer) -> Iterator[Finetune]:
    """Say a word of the command; gives back what it said."""

    def say(*words: str) -> str:
        out = StringIO()
        call_command("finetune", *words, stdout=out)
        return out.getvalue()

    yield say
    with connection.cursor() as sql:  # the queue's tables are not Django's: nobody empties them
        sql.execute("DELETE FROM procrastinate_jobs WHERE task_name = 'follow_tuning'")
